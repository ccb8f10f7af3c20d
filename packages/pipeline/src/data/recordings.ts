// Recordings: a video is one recording, and its crops are not independent of each other. The table beside an index names them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatCsv, readCsv } from '../util/csv.ts';
import { invalid, type CropIndex } from './crop-index.ts';

/** One video: the datasets `{video}_0`, `{video}_1`… of one HDF5 file. */
export interface Recording {
  readonly name: string;
  /** HDF5 file, relative to the folder of the index. */
  readonly file: string;
  readonly label: number;
  /** Where the camera stood, such as left, mid or right; null where nobody said. */
  readonly position: string | null;
  /** Which day or set-up of the camera; null where nobody said. */
  readonly session: string | null;
  /** Which build job; null where nobody said. */
  readonly build: string | null;
  /** Which machine; null where nobody said. */
  readonly machine: string | null;
  /** The gas flow that the label stands for, such as `low`; null where nobody said. */
  readonly gasFlow: string | null;
  /** What its datasets are called before `_0`, `_1`…; the name, unless the labels gave another. */
  readonly video: string;
}

/** Name of the table in the folder of an index. */
export const RECORDINGS_CSV = 'recordings.csv';
const COLUMNS = ['recording', 'file', 'label', 'position', 'session', 'video'] as const;
/** Columns that are left out where nobody names a value. */
const RARE_COLUMNS = ['build', 'machine', 'gas_flow'] as const;
type Column = (typeof COLUMNS)[number] | (typeof RARE_COLUMNS)[number];

/** The video a dataset belongs to: its name without the running number. */
export function videoOfDataset(dataset: string): string {
  return dataset.replace(/_\d+$/, '');
}

/** What tells recordings apart: two files may hold videos of one name. */
export function recordingKey(file: string, video: string): string {
  return JSON.stringify([file, video]);
}

export function formatRecordings(recordings: readonly Recording[]): string {
  const values = recordings.map(columnsOf);
  const columns = [...COLUMNS, ...RARE_COLUMNS.filter((rare) => values.some((each) => each[rare] !== null))];
  return formatCsv(
    columns,
    values.map((each) => columns.map((column) => each[column] ?? '')),
  );
}

function columnsOf({ name, gasFlow, ...rest }: Recording): Record<Column, string | number | null> {
  return { recording: name, ...rest, gas_flow: gasFlow };
}

/**
 * Reads the table; `video` may be missing and is then the recording's name.
 * @throws {SpatterError} FILE_NOT_FOUND, IO, or INDEX_INVALID for wrong columns or labels.
 */
export function readRecordings(path: string): Recording[] {
  const { columns, rows } = readCsv(path);
  const missing = COLUMNS.slice(0, 3).find((name) => !columns.includes(name));
  if (missing !== undefined) throw invalid(`${path} must have a column ${missing}`);
  return rows.map((row, i) => {
    const value = (name: Column) => row[columns.indexOf(name)] ?? '';
    const label = Number(value('label'));
    if (!/^\d+$/.test(value('label')) || label > 255) {
      throw invalid(`${path} line ${i + 2}: label must be a whole number from 0 to 255`);
    }
    const [position, session] = [value('position') || null, value('session') || null];
    const [name, file, build] = [value('recording'), value('file'), value('build') || null];
    const [machine, gasFlow] = [value('machine') || null, value('gas_flow') || null];
    const video = value('video') || name;
    return { name, file, label, position, session, build, machine, gasFlow, video };
  });
}

/**
 * The recordings that `index` has crops of: from `recordings.csv` beside it, or, where there is none, from the names of its
 * datasets. Their order does not depend on the order of the rows.
 * @throws {SpatterError} INDEX_INVALID when the table lacks a recording.
 */
export function recordingsOf(index: CropIndex): Recording[] {
  const table = join(index.root, RECORDINGS_CSV);
  const found = foundRecordings(index);
  if (!existsSync(table)) return [...found.values()];
  const listed = readRecordings(table).filter((each) => found.delete(recordingKey(each.file, each.video)));
  const [lacking] = found.values();
  if (lacking === undefined) return listed;
  throw invalid(`${table} lacks ${lacking.video} of ${lacking.file}, which ${index.name} has crops of`);
}

function foundRecordings(index: CropIndex): Map<string, Recording> {
  const found = new Map<string, Recording>();
  const seen = new Set<number>();
  for (let row = 0; row < index.length; row++) {
    const pair = index.file[row]! * 65_536 + index.dataset[row]!;
    if (seen.has(pair)) continue;
    seen.add(pair);
    const file = index.files[index.file[row]!]!;
    const video = videoOfDataset(index.datasets[index.dataset[row]!]!);
    const unnamed = { position: null, session: null, build: null, machine: null, gasFlow: null };
    const key = recordingKey(file, video);
    if (!found.has(key)) found.set(key, { name: video, file, video, label: index.label[row]!, ...unnamed });
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

// Which class each HDF5 file holds: a list in file order, a table, or the file's name.
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { readCsv, type CsvTable } from '../util/csv.ts';
import { SpatterError } from '../util/errors.ts';

/** What is said of one file. */
export interface FileLabel {
  readonly label: number;
  readonly position: string | null;
  readonly session: string | null;
  readonly build: string | null;
  /** Name of the recording; null keeps the video's. */
  readonly recording: string | null;
}

const FLOWS = ['low', 'mid', 'high'] as const;
const POSITIONS = ['left', 'mid', 'right'] as const;
const UNNAMED = { position: null, session: null, build: null, recording: null } as const;
const HINT =
  'give one label per file (--labels 0,1,0,1) or a CSV with the columns file,label (--labels labels.csv)';

/**
 * Labels of `files`, in their order.
 * @param given `0,1,0,1`; the path of a CSV with the columns `file,label` and, if wanted, `position,session,build,recording`; or
 * undefined: then names such as `left_low_0.h5` tell (low 0, high 1; with mid among them low 0, mid 1, high 2).
 * @throws {SpatterError} LABELS when the labels do not fit, FILE_NOT_FOUND or IO for the CSV.
 */
export function labelsOf(files: readonly string[], given: string | undefined): FileLabel[] {
  if (given === undefined) return fromNames(files);
  const isList = /^[\d,\s]+$/.test(given) || (given.includes(',') && !existsSync(given));
  return isList ? fromList(files, given) : fromTable(files, given);
}

function fromList(files: readonly string[], list: string): FileLabel[] {
  const labels = list.split(',').map((text) => toLabel(text.trim(), `--labels ${list}`));
  if (labels.length !== files.length) {
    throw wrong(`there must be one label for each of the ${files.length} files, got ${labels.length}`);
  }
  return labels.map((label, i) => ({ ...UNNAMED, position: nameParts(files[i]!).position, label }));
}

function fromTable(files: readonly string[], path: string): FileLabel[] {
  const table = readCsv(path);
  const missing = ['file', 'label'].find((column) => !table.columns.includes(column));
  if (missing !== undefined) throw wrong(`${path} must have a column ${missing}`);
  return files.map((file) => tableRow(table, path, file));
}

function tableRow({ columns, rows }: CsvTable, path: string, file: string): FileLabel {
  const at = columns.indexOf('file');
  const matches = rows.filter((row) => basename(row[at] ?? '') === basename(file));
  const row = matches.find((each) => each[at] === file) ?? matches[0];
  if (row === undefined) throw wrong(`${path} must have a row for ${basename(file)}`);
  const value = (column: string): string | null => row[columns.indexOf(column)] || null;
  const [position, session, build] = [value('position'), value('session'), value('build')];
  const label = toLabel(value('label') ?? '', `${path}, ${basename(file)}`);
  return { label, position, session, build, recording: value('recording') };
}

function fromNames(files: readonly string[]): FileLabel[] {
  const parts = files.map(nameParts);
  const silent = parts.findIndex(({ flow }) => flow === null);
  if (silent >= 0) {
    throw wrong(
      `the name must tell the gas flow (low, mid or high), that of ${basename(files[silent]!)} does not`,
    );
  }
  const present = FLOWS.filter((flow) => flow !== 'mid' || parts.some((each) => each.flow === 'mid'));
  return parts.map(({ flow, position }) => ({ ...UNNAMED, position, label: present.indexOf(flow!) }));
}

/** Of `mid_high_2.h5`: the flow is the last word that names one, the position the first word if it names one. */
function nameParts(file: string): { flow: (typeof FLOWS)[number] | null; position: string | null } {
  const words = basename(file)
    .replace(/\.[^.]*$/, '')
    .toLowerCase()
    .split(/[_\-\s]+/);
  const position = POSITIONS.find((name) => name === words[0]) ?? null;
  const rest = position === null ? words : words.slice(1);
  const last = rest.findLast((word) => FLOWS.some((flow) => flow === word));
  return { flow: FLOWS.find((flow) => flow === last) ?? null, position };
}

function toLabel(text: string, where: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 255) return Number(text);
  throw wrong(`${where}: a label must be a whole number from 0 to 255, got '${text}'`);
}

function wrong(message: string): SpatterError {
  return new SpatterError('LABELS', message, HINT);
}

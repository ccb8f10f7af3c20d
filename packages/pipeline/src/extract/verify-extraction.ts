// Re-checks what an extraction wrote: the record's sums, every file's digest, and that record, crops, sidecar, logs and tables agree.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CropFileReader } from '../store/crop-file.ts';
import { decodeJpeg } from '../store/jpeg.ts';
import { readCsv } from '../util/csv.ts';
import { SpatterError } from '../util/errors.ts';
import type { Progress } from '../util/progress.ts';
import { readText } from '../util/read-file.ts';
import { changedFiles } from './commit.ts';
import { isAsWritten, parseRecord, unbalanced, type ExtractionRecord } from './record.ts';
import { CROP_INSET } from './rules.ts';

/** End of a record's file name. */
const RECORD = '_extraction.json';
/** Crops read from the HDF5 file at once. */
const BLOCK = 512;
/** How far the mean of a crop may move through JPEG at quality 95, gray levels. */
const MEAN_TOLERANCE = 4;

/** What the check of one extraction found; no problems means that everything agrees. */
export interface Verification {
  readonly record: string;
  readonly video: string;
  /** Crops whose JPEG was decoded and compared with the sidecar, black ones included. */
  readonly crops: number;
  readonly problems: readonly string[];
}

/**
 * The records that `inputs` name: a record itself, or those in and below a folder.
 * @throws {SpatterError} FILE_NOT_FOUND when there is none.
 */
export function findRecords(inputs: readonly string[]): string[] {
  return inputs.flatMap((input) => {
    if (!existsSync(input) || !statSync(input).isDirectory()) return [input];
    const names = readdirSync(input, { recursive: true, encoding: 'utf8' });
    const records = names.filter((name) => name.endsWith(RECORD) && !/(^|[/\\])\./.test(name)).sort();
    if (records.length > 0) return records.map((name) => join(input, name));
    const message = `${input} must hold the record of an extraction (<video>${RECORD}), it holds none`;
    throw new SpatterError('FILE_NOT_FOUND', message, 'name the --out folder of spatter extract');
  });
}

/**
 * Checks the extraction that the record at `path` tells of; a file that is no record is a problem like others.
 * @throws {SpatterError} FILE_NOT_FOUND or IO.
 */
export async function verifyExtraction(path: string, progress?: Progress): Promise<Verification> {
  const text = readText(path);
  const record = parseRecord(text);
  if (record === null) {
    const problem = 'it must be the record of an extraction, it is none or was changed';
    return { record: path, video: '', crops: 0, problems: [problem] };
  }
  const check = new Check(path.slice(0, -RECORD.length), record, progress);
  if (!isAsWritten(text)) check.problems.push('the record was changed since it was written');
  const changed = changedFiles(dirname(path), record);
  for (const name of changed) check.problems.push(`${name} is missing or was changed since it was written`);
  check.problems.push(...unbalanced(record));
  // Files that were changed are compared all the same: the digest says that, the contents say what.
  await check.contents();
  return { record: path, video: record.input.file, crops: check.crops, problems: check.problems };
}

/** One row of a sidecar, as far as it can be checked. */
interface SidecarRow {
  readonly dataset: string;
  readonly at: number;
  readonly frame: number;
  readonly layer: number;
  readonly track: number;
  readonly width: number;
  readonly height: number;
  readonly mean: number;
  readonly bytes: number;
}

class Check {
  readonly problems: string[] = [];
  crops = 0;
  readonly #base: string;
  readonly #record: ExtractionRecord;
  readonly #progress: Progress | undefined;

  constructor(base: string, record: ExtractionRecord, progress: Progress | undefined) {
    this.#base = base;
    this.#record = record;
    this.#progress = progress;
  }

  async contents(): Promise<void> {
    const { parameters, contours } = this.#record;
    const log = this.#try(() => this.#frameLog());
    if (!parameters.capture) return;
    const video = this.#base.slice(dirname(this.#base).length + 1);
    const kept = await this.#captured(this.#base, contours.kept);
    const apart = parameters.mode === 'corrected' && contours.black > 0;
    const quarantine = join(dirname(this.#base), 'quarantine', video);
    const black = apart ? await this.#captured(quarantine, contours.black) : [];
    if (kept === undefined || black === undefined || log === undefined) return;
    this.#compare([...kept, ...black], log);
  }

  /** Spatters by frame. */
  #frameLog(): Map<number, number> {
    const { frames, contours, parameters } = this.#record;
    const { rows } = readCsv(`${this.#base}_spatter_at_frame.csv`);
    const log = new Map(rows.map(([frame, count]) => [Number(frame), Number(count)]));
    const counts = [...log.values()];
    const spatters = counts.reduce((sum, count) => sum + count, 0);
    this.#equal(
      'pairs of frames in the frame log',
      rows.length,
      frames.with_spatter + frames.without_spatter,
    );
    this.#equal(
      'frames with spatter in the frame log',
      counts.filter((n) => n > 0).length,
      frames.with_spatter,
    );
    this.#equal('spatters in the frame log', spatters, contours.kept + contours.black);
    const gap = rows.findIndex(([frame], i) => Number(frame) !== parameters.start_frame + i);
    if (gap >= 0)
      this.problems.push(`the frame log must count on from the start frame, line ${gap + 2} does not`);
    return log;
  }

  /** Compares a sidecar with its HDF5 file, down to the pixels. */
  async #captured(base: string, expected: number): Promise<SidecarRow[] | undefined> {
    const rows = this.#try(() => readSidecar(`${base}_crops.csv`));
    if (rows === undefined) return undefined;
    this.#equal(`lines of ${base}_crops.csv`, rows.length, expected);
    try {
      const file = await CropFileReader.open(`${base}.h5`);
      try {
        await this.#pictures(file, rows);
      } finally {
        file.close();
      }
    } catch (error) {
      this.#note(error);
    }
    return rows;
  }

  async #pictures(file: CropFileReader, rows: readonly SidecarRow[]): Promise<void> {
    const held = file.datasets().reduce((sum, { length }) => sum + length, 0);
    this.#equal(`crops in ${file.path}`, held, rows.length);
    const byPlace = new Map(rows.map((row) => [`${row.dataset} ${row.at}`, row]));
    for (const { name, length } of file.datasets()) {
      for (let start = 0; start < length; start += BLOCK) {
        const jpegs = file.read(name, start, Math.min(BLOCK, length - start));
        for (const [i, jpeg] of jpegs.entries()) {
          await this.#picture(jpeg, `${name} row ${start + i}`, byPlace.get(`${name} ${start + i}`));
        }
      }
    }
  }

  async #picture(jpeg: Uint8Array, place: string, row: SidecarRow | undefined): Promise<void> {
    this.crops++;
    this.#progress?.update(this.crops);
    if (row === undefined) return void this.problems.push(`the sidecar lacks ${place}`);
    if (jpeg.length !== row.bytes) {
      this.problems.push(`${place} has ${jpeg.length} bytes, the sidecar says ${row.bytes}`);
    }
    try {
      const { width, height, bgr } = await decodeJpeg(jpeg, place);
      const size = `${width}×${height}`;
      if (size !== `${row.width}×${row.height}`) {
        this.problems.push(`${place} has ${size} pixels, the sidecar says ${row.width}×${row.height}`);
      }
      const mean = bgr.reduce((sum, byte) => sum + byte, 0) / bgr.length;
      if (Math.abs(mean - row.mean) > MEAN_TOLERANCE) {
        this.problems.push(
          `${place} has the mean ${mean.toFixed(1)}, the sidecar says ${row.mean.toFixed(1)}`,
        );
      }
    } catch (error) {
      this.#note(error);
    }
  }

  /** Sidecars against frame log, layer table and tracks. */
  #compare(rows: readonly SidecarRow[], log: ReadonlyMap<number, number>): void {
    const frames = countBy(rows, ({ frame }) => frame);
    const wrong = [...log].find(([frame, count]) => (frames.get(frame) ?? 0) !== count);
    if (wrong !== undefined) {
      const [frame, count] = wrong;
      this.problems.push(`frame ${frame} has ${frames.get(frame) ?? 0} crops, the frame log says ${count}`);
    }
    this.#table(
      'layer',
      `${this.#base}_layer_table.csv`,
      countBy(rows, ({ layer }) => layer),
    );
    this.#table(
      'track',
      `${this.#base}_tracks.csv`,
      countBy(rows, ({ track }) => track),
    );
  }

  #table(key: string, path: string, counts: ReadonlyMap<number, number>): void {
    const table = this.#try(() => readCsv(path));
    if (table === undefined) return;
    const value = (row: readonly string[], name: string) => Number(row[table.columns.indexOf(name)]);
    this.#equal(`${key}s in ${path}`, table.rows.length, counts.size);
    for (const row of table.rows) {
      const id = value(row, key);
      this.#equal(`crops of ${key} ${id} in ${path}`, value(row, 'crops'), counts.get(id) ?? 0);
    }
  }

  #equal(what: string, found: number, expected: number): void {
    if (found !== expected) this.problems.push(`${what}: ${found}, must be ${expected}`);
  }

  #try<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#note(error);
      return undefined;
    }
  }

  #note(error: unknown): void {
    if (!(error instanceof SpatterError)) throw error;
    this.problems.push(`${error.message} [${error.code}]`);
  }
}

function readSidecar(path: string): SidecarRow[] {
  const { columns, rows } = readCsv(path);
  const inset = CROP_INSET.before + CROP_INSET.behind;
  return rows.map((row) => {
    const value = (name: string) => Number(row[columns.indexOf(name)]);
    return {
      ...{ dataset: row[0]!, at: value('ds_idx'), frame: value('frame'), layer: value('layer') },
      ...{ track: value('track'), width: value('w') - inset, height: value('h') - inset },
      ...{ mean: value('mean'), bytes: value('jpeg_bytes') },
    };
  });
}

function countBy<T>(rows: readonly T[], key: (row: T) => number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1);
  return counts;
}

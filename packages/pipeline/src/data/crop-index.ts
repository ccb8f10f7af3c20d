// The index of crops: one row per crop, `file,dataset,ds_idx,label`, as the reference writes it; columns in memory, not objects.
import { basename, dirname } from 'node:path';
import { parse } from 'csv-parse/sync';
import { formatCsv } from '../util/csv.ts';
import { SpatterError } from '../util/errors.ts';
import { readText } from '../util/read-file.ts';

/** Columns of `images.csv` and `unshuffled_images.csv`. Columns to their right are allowed and ignored. */
export const INDEX_COLUMNS = ['file', 'dataset', 'ds_idx', 'label'] as const;

/** Crops in the order of the CSV. 600 000 rows take 5 MB. */
export interface CropIndex {
  /** Folder of the CSV; `files` are relative to it. */
  readonly root: string;
  /** Name of the CSV, for messages. */
  readonly name: string;
  readonly files: readonly string[];
  readonly datasets: readonly string[];
  /** Index into `files`. */
  readonly file: Uint16Array;
  /** Index into `datasets`. */
  readonly dataset: Uint16Array;
  /** Row within the dataset. */
  readonly dsIdx: Uint32Array;
  /** Class, 0 to 255. */
  readonly label: Uint8Array;
  /** Number of rows. */
  readonly length: number;
}

/** Distinct strings in order of appearance. */
class Names {
  readonly list: string[] = [];
  readonly #ids = new Map<string, number>();

  id(name: string): number {
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = this.list.push(name) - 1;
      this.#ids.set(name, id);
    }
    return id;
  }
}

/**
 * Reads an index. Does not look at the HDF5 files: see `validateIndex`.
 * @throws {SpatterError} FILE_NOT_FOUND, IO, or INDEX_INVALID with the line.
 */
export function readIndex(path: string): CropIndex {
  const lines = readText(path)
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  const end = lines.findLastIndex((line) => line !== '') + 1;
  checkHeader(path, lines[0] ?? '');
  const [files, datasets] = [new Names(), new Names()];
  const length = Math.max(0, end - 1);
  const [file, dataset] = [new Uint16Array(length), new Uint16Array(length)];
  const [dsIdx, label] = [new Uint32Array(length), new Uint8Array(length)];
  for (let row = 0; row < length; row++) {
    const where = `${path} line ${row + 2}`;
    const fields = splitLine(lines[row + 1]!, where);
    file[row] = files.id(fields[0]!);
    dataset[row] = datasets.id(fields[1]!);
    dsIdx[row] = wholeNumber(fields[2]!, 2 ** 32 - 1, 'ds_idx', where);
    label[row] = wholeNumber(fields[3]!, 255, 'label', where);
  }
  const names = { root: dirname(path), name: basename(path), files: files.list, datasets: datasets.list };
  return { ...names, file, dataset, dsIdx, label, length };
}

function checkHeader(path: string, line: string): void {
  const columns = line.split(',');
  if (INDEX_COLUMNS.every((name, i) => columns[i] === name)) return;
  const expected = INDEX_COLUMNS.join(',');
  throw invalid(`${path} must start with the columns ${expected}, it starts with '${line.slice(0, 80)}'`);
}

/** Quotes are rare: only a line that has them goes through the full parser. */
function splitLine(line: string, where: string): readonly string[] {
  const fields = line.includes('"') ? parseQuoted(line, where) : line.split(',');
  if (fields.length >= INDEX_COLUMNS.length) return fields;
  throw invalid(`${where} must have ${INDEX_COLUMNS.length} values, it has '${line.slice(0, 80)}'`);
}

function parseQuoted(line: string, where: string): readonly string[] {
  try {
    return parse(line)[0] ?? [];
  } catch (error) {
    throw invalid(`${where} must be CSV: ${(error as Error).message}`);
  }
}

function wholeNumber(text: string, max: number, column: string, where: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= max) return value;
  throw invalid(`${where}: ${column} must be a whole number from 0 to ${max}, it is '${text}'`);
}

/** An error about an index or what it names. */
export function invalid(message: string): SpatterError {
  return new SpatterError('INDEX_INVALID', message, 'build the index again with `spatter data index`');
}

/**
 * The CSV of `index`, its rows in `order` when given. Lines end in LF, as pandas writes them. The file belongs into
 * `index.root`, which the file names are relative to.
 */
export function formatIndex(index: CropIndex, order?: Uint32Array): string {
  const quoted = (names: readonly string[]) => names.map((name) => formatCsv([name], []).trimEnd());
  const [files, datasets] = [quoted(index.files), quoted(index.datasets)];
  const lines = Array.from({ length: index.length + 1 }, () => INDEX_COLUMNS.join(','));
  for (let i = 0; i < index.length; i++) {
    const row = order?.[i] ?? i;
    lines[i + 1] =
      `${files[index.file[row]!]!},${datasets[index.dataset[row]!]!},${index.dsIdx[row]!},${index.label[row]!}`;
  }
  return `${lines.join('\n')}\n`;
}

// CSV in the dialect pandas writes and reads: comma, minimal quoting, LF.
import { CsvError, parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { writeFileAtomic } from './atomic.ts';
import { SpatterError } from './errors.ts';
import { readBytes } from './read-file.ts';

export type CsvValue = string | number;

/** One file as text: header line, then the rows. */
export function formatCsv(columns: readonly string[], rows: Iterable<readonly CsvValue[]>): string {
  return stringify([columns, ...rows] as CsvValue[][]);
}

/** Writes a CSV whole or not at all. */
export function writeCsv(
  path: string,
  columns: readonly string[],
  rows: Iterable<readonly CsvValue[]>,
): void {
  writeFileAtomic(path, formatCsv(columns, rows));
}

export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * Reads a CSV; every value is a string. Rows must be as wide as the header.
 * @throws {SpatterError} FILE_NOT_FOUND, IO, or INDEX_INVALID with the line where it is no such table.
 */
export function readCsv(path: string): CsvTable {
  return parseCsv(readBytes(path), path);
}

/**
 * The table in `bytes`, which were read from `path`.
 * @throws {SpatterError} INDEX_INVALID with the line where it is no such table.
 */
export function parseCsv(bytes: Buffer, path: string): CsvTable {
  try {
    const [columns = [], ...rows] = parse(bytes, { bom: true, skip_empty_lines: true });
    return { columns, rows };
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const message = `${path} must be a CSV table with rows as wide as its header: ${cause.message}`;
    throw new SpatterError('INDEX_INVALID', message, 'correct the file, or make it again', { cause });
  }
}

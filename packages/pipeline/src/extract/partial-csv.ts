// A CSV written row by row into a hidden partial file, which gets its name only when the whole extraction has succeeded.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { stringify } from 'csv-stringify/sync';
import { temporaryPath } from '../util/atomic.ts';
import type { CsvValue } from '../util/csv.ts';
import { fromSystemError } from '../util/errors.ts';

/** Rows kept in memory between writes. */
const BLOCK = 2000;

export class PartialCsv {
  readonly path: string;
  readonly #temporary: string;
  #file: number | undefined;
  #rows: (readonly CsvValue[])[] = [];

  /** @throws {SpatterError} DISK_FULL or IO. */
  constructor(path: string, columns: readonly CsvValue[]) {
    this.path = path;
    this.#temporary = temporaryPath(path);
    try {
      this.#file = openSync(this.#temporary, 'w');
    } catch (error) {
      throw fromSystemError(error, path);
    }
    this.#rows.push(columns);
  }

  add(row: readonly CsvValue[]): void {
    this.#rows.push(row);
    if (this.#rows.length >= BLOCK) this.#flush();
  }

  /** Writes the rest; the file still has its hidden name. */
  finish(): void {
    this.#flush();
    this.#close();
  }

  /** Removes the unfinished file. */
  discard(): void {
    this.#close();
    rmSync(this.#temporary, { force: true });
  }

  #flush(): void {
    const bytes = Buffer.from(stringify(this.#rows as CsvValue[][]));
    this.#rows = [];
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.#file!, bytes, done);
    } catch (error) {
      throw fromSystemError(error, this.path);
    }
  }

  #close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

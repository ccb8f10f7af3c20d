// What was judged of an input so far, on disk: an interrupted prediction goes on from there, to the same bytes.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { sha256 } from '../export/seal.ts';
import { makeWritableFolder } from '../util/atomic.ts';
import { canonicalJson } from '../util/canonical-json.ts';
import { fromSystemError } from '../util/errors.ts';
import type { JudgedChunk } from './crop-judge.ts';

/** Everything that decides the bytes of a prediction. */
export interface JournalKey {
  /** What is read; their sizes and times count. All must exist. */
  readonly files: readonly string[];
  readonly [setting: string]: unknown;
}

/** A hidden file beside the results: a line that says what it is of, then one line per chunk. A line cut short by a crash is left out. */
export class PredictionJournal {
  readonly path: string;
  /** Lines to begin the file with. */
  readonly #known: readonly string[];
  /** Opened with the first line, so that an input that cannot be read leaves nothing. */
  #file: number | undefined;

  private constructor(path: string, known: readonly string[]) {
    this.path = path;
    this.#known = known;
  }

  /** The journal beside `result`, with the chunks that it holds for the same `key`. One of another key begins anew. */
  static open(result: string, key: JournalKey): { journal: PredictionJournal; chunks: JudgedChunk[] } {
    const path = join(dirname(result), `.${basename(result)}.journal`);
    const header = headerOf(key);
    const lines = existsSync(path) ? wholeLines(readFileSync(path, 'utf8')) : [];
    const known = lines[0] === header ? lines : [header];
    const chunks = known.slice(1).filter(isChunk).map(parseChunk);
    return { journal: new PredictionJournal(path, known), chunks };
  }

  /** Whether an earlier call was stopped while it wrote results in `format`: those that are there are its own. */
  wasWriting(format: string): boolean {
    return this.#known.includes(JSON.stringify(format));
  }

  /** Says that all is judged and that results in `format` are being written. @throws {SpatterError} DISK_FULL or IO. */
  writing(format: string): void {
    this.#append(JSON.stringify(format));
  }

  /** @throws {SpatterError} DISK_FULL or IO. */
  append(chunk: JudgedChunk): void {
    const jpegs = Object.entries(chunk.jpegs).map(([i, bytes]) => [i, Buffer.from(bytes).toString('base64')]);
    this.#append(JSON.stringify({ ...chunk, jpegs }));
  }

  #append(line: string): void {
    this.#write(this.#file === undefined ? [...this.#known, line] : [line]);
  }

  #write(lines: readonly string[]): void {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    try {
      if (this.#file === undefined) makeWritableFolder(dirname(this.path));
      const file = (this.#file ??= openSync(this.path, 'w'));
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
      fsyncSync(file);
    } catch (error) {
      throw fromSystemError(error, this.path);
    }
  }

  /** Keeps the file for the next attempt. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }

  /** The results are written, or cannot be: the journal has done its work. */
  remove(): void {
    rmSync(this.path, { force: true });
  }
}

function headerOf(key: JournalKey): string {
  const files = key.files.map((path) => {
    const { size, mtimeMs } = statSync(path);
    return { path, size, mtimeMs };
  });
  return sha256(canonicalJson({ ...key, files }));
}

/** The other lines are the formats in which results were being written. */
const isChunk = (line: string): boolean => line.startsWith('{');

/** Lines that end; what a crash cut short is left out. */
function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

function parseChunk(line: string): JudgedChunk {
  const { jpegs, ...rest } = JSON.parse(line) as Omit<JudgedChunk, 'jpegs'> & { jpegs: [string, string][] };
  const decoded = jpegs.map(([i, text]) => [i, new Uint8Array(Buffer.from(text, 'base64'))]);
  return { ...rest, jpegs: Object.fromEntries(decoded) as Record<number, Uint8Array> };
}

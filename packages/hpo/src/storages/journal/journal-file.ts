// A file of JSON lines that many machines append to, kept apart by a lock file, also on a network file system.
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename } from 'node:path';
import { HpoError } from '../../errors.ts';
import { parsePythonJson, toPythonJson, type Json } from '../../python-json.ts';

export type JournalEntry = Readonly<Record<string, Json>>;

const NEWLINE = 10;
/** A lock that has not changed for so long belongs to a process that died. Optuna's default. */
const STALE_MILLISECONDS = 30_000;

/** Optuna's `JournalFileBackend` with its symlink lock; `PATH.lock` keeps its open-lock out as well. */
export class JournalFile {
  readonly #path: string;
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
    closeSync(openSync(path, 'a'));
  }

  /** Whole entries that were appended since the last call, by anyone. */
  readNew(): JournalEntry[] {
    const file = openSync(this.#path, 'r');
    try {
      const bytes = Buffer.alloc(fstatSync(file).size - this.#offset);
      readSync(file, bytes, 0, bytes.length, this.#offset);
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      this.#offset += end;
      const lines = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
      return lines.map((line) => parsePythonJson(line) as JournalEntry);
    } finally {
      closeSync(file);
    }
  }

  /** Appends entries in one piece. The caller holds the lock, and has read everything. */
  append(entries: readonly JournalEntry[]): void {
    const text = entries.map((entry) => `${toPythonJson(entry)}\n`).join('');
    const file = openSync(this.#path, 'r+');
    try {
      // What a dying process left of an entry was never read by anyone.
      if (fstatSync(file).size > this.#offset) ftruncateSync(file, this.#offset);
      writeSync(file, text, this.#offset);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** Runs `work` while no other process appends. */
  async locked<T>(work: () => T): Promise<T> {
    const lock = `${this.#path}.lock`;
    await acquire(basename(this.#path), lock);
    try {
      return work();
    } finally {
      release(lock);
    }
  }
}

async function acquire(target: string, lock: string): Promise<void> {
  let seen = { mark: NaN, since: performance.now() };
  for (let wait = 1; ; wait = Math.min(2 * wait, 250)) {
    try {
      symlinkSync(target, lock);
      return;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw unwritable(lock, error);
    }
    const mark = lockTime(lock);
    if (mark !== seen.mark) seen = { mark, since: performance.now() };
    else if (performance.now() - seen.since > STALE_MILLISECONDS) release(lock);
    await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random())));
  }
}

function lockTime(lock: string): number {
  return lstatSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? NaN;
}

/** Renames before it removes: of two processes that release one lock, only one succeeds. */
function release(lock: string): void {
  const aside = `${lock}${randomUUID()}.rename`;
  try {
    renameSync(lock, aside);
    unlinkSync(aside);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function unwritable(lock: string, cause: unknown): HpoError {
  const message = `the folder of ${lock} must be writable and allow symbolic links`;
  return new HpoError('STORAGE_UNREACHABLE', message, 'choose another folder', { cause });
}

// Publishes the files of one extraction all or none, whatever instruction the process is killed at.
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { publish, temporaryPath } from '../util/atomic.ts';
import { formatRecord, parseRecord, type ExtractionRecord } from './record.ts';

const BLOCK = 1 << 20;

/** SHA-256 of a file as 64 hexadecimal digits. */
export function fileDigest(path: string): string {
  const hash = createHash('sha256');
  const block = Buffer.alloc(BLOCK);
  const file = openSync(path, 'r');
  try {
    for (let n = readSync(file, block); n > 0; n = readSync(file, block)) hash.update(block.subarray(0, n));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

/**
 * Names the finished hidden files, the record last. Its own hidden twin, on the disk before any file is named, is the point
 * of no return: from then on {@link recover} can finish the work.
 */
export function commit(recordPath: string, record: ExtractionRecord): void {
  const folder = dirname(recordPath);
  for (const name of Object.keys(record.files)) synchronise(temporaryPath(join(folder, name)));
  const hidden = temporaryPath(recordPath);
  writeFileSync(hidden, formatRecord(record));
  synchronise(hidden);
  for (const name of Object.keys(record.files)) {
    renameSync(temporaryPath(join(folder, name)), join(folder, name));
  }
  publish(hidden, recordPath);
}

function synchronise(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Finishes what a killed process had committed to. A hidden record that is cut short, or whose files are not there, was
 * never committed: it is removed, and nothing had been named.
 */
export function recover(recordPath: string): void {
  const hidden = temporaryPath(recordPath);
  if (!existsSync(hidden)) return;
  const folder = dirname(recordPath);
  const record = parseRecord(readFileSync(hidden, 'utf8'));
  const entries = Object.entries(record?.files ?? {}).map(([name, sha256]) => ({
    path: join(folder, name),
    sha256,
  }));
  const waiting = entries.filter(({ path, sha256 }) => isFile(temporaryPath(path), sha256));
  const whole = entries.every((entry) => waiting.includes(entry) || isFile(entry.path, entry.sha256));
  if (record === null || !whole) {
    rmSync(hidden);
    return;
  }
  for (const { path } of waiting) renameSync(temporaryPath(path), path);
  publish(hidden, recordPath);
}

function isFile(path: string, sha256: string): boolean {
  return existsSync(path) && fileDigest(path) === sha256;
}

/** The files that `record` names and that are missing or changed, relative to `folder`. */
export function changedFiles(folder: string, record: ExtractionRecord): string[] {
  return Object.entries(record.files)
    .filter(([name, sha256]) => !isFile(join(folder, name), sha256))
    .map(([name]) => name);
}

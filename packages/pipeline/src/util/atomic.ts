// Files that appear whole or not at all: write beside, fsync, rename.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SpatterError, fromSystemError } from './errors.ts';

/** The hidden sibling that {@link writeFileAtomic} fills before it renames; also used by writers that stream. */
export function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.partial`);
}

/** Makes `temporary` durable and renames it to `path`. */
export function publish(temporary: string, path: string): void {
  const file = openSync(temporary, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/**
 * Writes `data` to `path` so that a reader sees the old file or the new one, never a part; creates parent folders.
 * @throws {SpatterError} DISK_FULL or IO; the unfinished file is removed.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array): void {
  const temporary = temporaryPath(path);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeWhole(temporary, typeof data === 'string' ? Buffer.from(data) : data);
    publish(temporary, path);
  } catch (error) {
    removeIfThere(temporary);
    throw fromSystemError(error, path);
  }
}

function removeIfThere(path: string): void {
  if (existsSync(path)) rmSync(path);
}

function writeWhole(path: string, data: Uint8Array): void {
  const file = openSync(path, 'w');
  try {
    for (let done = 0; done < data.length;) done += writeSync(file, data, done);
  } finally {
    closeSync(file);
  }
}

/** @throws {SpatterError} OUTPUT_EXISTS when any of `paths` exists and `overwrite` is false. */
export function refuseToOverwrite(paths: readonly string[], overwrite: boolean): void {
  const taken = overwrite ? undefined : paths.find((path) => existsSync(path));
  if (taken === undefined) return;
  throw new SpatterError(
    'OUTPUT_EXISTS',
    `${taken} already exists`,
    'choose another output or add --overwrite',
  );
}

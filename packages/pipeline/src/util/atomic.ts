// Files that appear whole or not at all: write beside, fsync, rename.
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SpatterError, fromSystemError } from './errors.ts';
import { makeFolder } from './make-folder.ts';

/** The hidden sibling that writers fill which stream, and find again when they are continued. */
export function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.partial`);
}

/** The path that {@link temporaryPath} hides; other paths pass through. */
export function finalPath(path: string): string {
  const hidden = /^\.(.+)\.partial$/.exec(basename(path))?.[1];
  return hidden === undefined ? path : join(dirname(path), hidden);
}

/** The hidden sibling that this process fills, while others on this machine or on the same disk may write the same `path`. */
export function ownTemporaryPath(path: string): string {
  return join(dirname(path), `${ownPrefix(path)}${process.pid}.partial`);
}

const ownPrefix = (path: string): string => `.${basename(path)}.${hostname()}.`;

/** Removes what processes of this machine that were killed have left of `path`. */
export function removeAbandoned(path: string): void {
  const prefix = ownPrefix(path);
  for (const name of readdirSync(dirname(path))) {
    const pid = name.startsWith(prefix) ? /^(\d+)\.partial$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(dirname(path), name), { force: true });
  }
}

/** Whether a process of this machine runs. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
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
 * Writes `data` to `path` so that a reader sees the old file or the new one, never a part; creates parent folders. Of processes
 * that write the same file at once the last one's stays.
 * @throws {SpatterError} DISK_FULL or IO; the unfinished file is removed.
 */
export function writeFileAtomic(path: string, data: string | Uint8Array): void {
  writeFilesAtomic([[path, data]]);
}

/**
 * Writes files that belong together: none gets its name before all are on the disk, so a full disk leaves none of them.
 * They are named in the order given; creates parent folders.
 * @throws {SpatterError} DISK_FULL or IO; the unfinished files are removed.
 */
export function writeFilesAtomic(files: readonly (readonly [string, string | Uint8Array])[]): void {
  let current = '';
  try {
    for (const [path, data] of files) {
      current = path;
      makeFolder(dirname(path));
      removeAbandoned(path);
      writeWhole(ownTemporaryPath(path), typeof data === 'string' ? Buffer.from(data) : data);
    }
    for (const [path] of files) publish(ownTemporaryPath((current = path)), path);
  } catch (error) {
    for (const [path] of files) removeIfThere(ownTemporaryPath(path));
    throw fromSystemError(error, current);
  }
}

/** `path`, or the nearest folder above it that exists. */
function nearestThere(path: string): string {
  const above = dirname(path);
  return existsSync(path) || above === path ? path : nearestThere(above);
}

function removeIfThere(path: string): void {
  if (existsSync(path)) rmSync(path);
}

/**
 * Fails early where nothing could be written into `folder` later; does not make it.
 * @throws {SpatterError} IO.
 */
export function requireWritable(folder: string): void {
  try {
    accessSync(nearestThere(folder), constants.W_OK);
  } catch (error) {
    throw fromSystemError(error, folder);
  }
}

/**
 * Makes `folder`. Asks first whether it can be written to: on a read-only disk Node's mkdir says that the folder above does
 * not exist.
 * @throws {SpatterError} IO or DISK_FULL.
 */
export function makeWritableFolder(folder: string): void {
  requireWritable(folder);
  try {
    makeFolder(folder);
  } catch (error) {
    throw fromSystemError(error, folder);
  }
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

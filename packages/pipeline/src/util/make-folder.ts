// Makes a folder and those above it. Node's own recursive mkdir never returns where the file system takes no folders, as in /proc.
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { SpatterError } from './errors.ts';

/**
 * Makes `folder` where it is not there yet, and those above it.
 * @throws {SpatterError} IO where the file system takes no folders. Other errors are Node's.
 */
export function makeFolder(folder: string): void {
  const path = resolve(folder);
  for (const each of [...missingAbove(path), path]) makeOne(each);
}

/** The folders above `path` that are not there, the uppermost first. */
function missingAbove(path: string): string[] {
  const above = dirname(path);
  return above === path || existsSync(above) ? [] : [...missingAbove(above), above];
}

function makeOne(path: string): void {
  if (isFolder(path)) return;
  try {
    mkdirSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // Another process may have made it meanwhile.
    if (code === 'EEXIST' && isFolder(path)) return;
    if (code !== 'ENOENT') throw error;
    const message = `${path}: expected a place for a new folder, but this file system takes none`;
    throw new SpatterError('IO', message, 'choose another folder', { cause: error });
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

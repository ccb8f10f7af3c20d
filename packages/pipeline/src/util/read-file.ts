// Whole files, with one clear line where they cannot be read.
import { readFileSync } from 'node:fs';
import { fromSystemError } from './errors.ts';

/** @throws {SpatterError} FILE_NOT_FOUND or IO. */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fromSystemError(error, path);
  }
}

/** UTF-8. @throws {SpatterError} FILE_NOT_FOUND or IO. */
export const readText = (path: string): string => readBytes(path).toString('utf8');

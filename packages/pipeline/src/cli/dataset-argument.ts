// The argument that names a data set: an index CSV, or the folder that holds images.csv.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readIndex, type CropIndex } from '../data/crop-index.ts';

/** @throws {SpatterError} FILE_NOT_FOUND, IO, INDEX_INVALID. */
export function namedIndex(path: string): CropIndex {
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  return readIndex(isFolder ? join(path, 'images.csv') : path);
}

/** Help text of the argument. */
export const DATASET_ARGUMENT = 'folder of the index, or its CSV';

// Which crops a packed cache holds, in which order, and the fingerprint of what it was made from.
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { fromSystemError } from '../util/errors.ts';

/** Where crops lie: the columns of a crop index, one entry per index row. */
export interface CropAddresses {
  /** Folder that `files` are relative to. */
  readonly root: string;
  readonly files: readonly string[];
  readonly datasets: readonly string[];
  /** Index into `files`. */
  readonly file: Uint16Array;
  /** Index into `datasets`. */
  readonly dataset: Uint16Array;
  readonly dsIdx: Uint32Array;
  /** Number of index rows. */
  readonly length: number;
}

/** Consecutive slots whose crops lie in one dataset. */
export interface Run {
  readonly file: string;
  readonly dataset: string;
  readonly firstSlot: number;
  /** Rows within the dataset, ascending. */
  readonly rows: Uint32Array;
}

/** The distinct crops of an index by file name, dataset name and row. */
export interface CropPlaces {
  /** Place (cache slot) of each index row's crop. */
  readonly slots: Uint32Array;
  /** Distinct crops. */
  readonly count: number;
  readonly runs: readonly Run[];
}

export interface PackPlan extends CropPlaces {
  /** SHA-256 over the crops' addresses and the HDF5 files' fingerprints. */
  readonly source: string;
}

const DATASET_ROWS = 2 ** 32;
const FINGERPRINT_BYTES = 65536;

/**
 * Plans the cache for `index`: crops by file name, dataset name and row, each once, so that `images.csv` and
 * `unshuffled_images.csv` share a cache.
 * @throws {SpatterError} FILE_NOT_FOUND or IO for an HDF5 file that cannot be opened.
 */
export function planPack(index: CropAddresses): PackPlan {
  const places = placeCrops(index);
  return { ...places, source: fingerprint(index.root, places) };
}

/** The distinct crops of `index` in the order of a cache; looks at no file. */
export function placeCrops(index: CropAddresses): CropPlaces {
  const files = ranked(index.files);
  const datasets = ranked(index.datasets);
  const key = (row: number): number =>
    (files.rank[index.file[row]!]! * datasets.names.length + datasets.rank[index.dataset[row]!]!) *
      DATASET_ROWS +
    index.dsIdx[row]!;
  const keys = Float64Array.from({ length: index.length }, (_, row) => key(row));
  const crops = distinct(keys);
  return {
    slots: Uint32Array.from(keys, (k) => position(crops, k)),
    count: crops.length,
    runs: runsOf(crops, files.names, datasets.names),
  };
}

/** Distinct `names` sorted, and the rank of each original entry. */
function ranked(names: readonly string[]): { names: string[]; rank: number[] } {
  const sorted = [...new Set(names)].sort();
  return { names: sorted, rank: names.map((name) => sorted.indexOf(name)) };
}

function distinct(keys: Float64Array): Float64Array {
  const sorted = keys.slice().sort();
  let n = 0;
  for (const key of sorted) if (n === 0 || key !== sorted[n - 1]) sorted[n++] = key;
  return sorted.slice(0, n);
}

/** Where `key` stands in ascending `sorted`, which holds it. */
function position(sorted: Float64Array, key: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function runsOf(crops: Float64Array, files: readonly string[], datasets: readonly string[]): Run[] {
  const runs: Run[] = [];
  for (let start = 0, end = 0; start < crops.length; start = end) {
    const place = Math.floor(crops[start]! / DATASET_ROWS);
    while (end < crops.length && Math.floor(crops[end]! / DATASET_ROWS) === place) end++;
    runs.push({
      file: files[Math.floor(place / datasets.length)]!,
      dataset: datasets[place % datasets.length]!,
      firstSlot: start,
      rows: Uint32Array.from(crops.subarray(start, end), (k) => k - place * DATASET_ROWS),
    });
  }
  return runs;
}

/** Only files that crops come from count. */
function fingerprint(root: string, { runs }: CropPlaces): string {
  const hash = createHash('sha256');
  for (const file of new Set(runs.map((run) => run.file))) hash.update(fileFingerprint(join(root, file)));
  for (const { file, dataset, rows } of runs) hash.update(JSON.stringify([file, dataset])).update(rows);
  return hash.digest('hex');
}

/** Size, modification time and both ends: enough to see that a file of gigabytes was written again. */
function fileFingerprint(path: string): Buffer {
  try {
    const file = openSync(path, 'r');
    try {
      const { size, mtimeMs } = fstatSync(file);
      const ends = Buffer.alloc(2 * FINGERPRINT_BYTES);
      readSync(file, ends, 0, FINGERPRINT_BYTES, 0);
      readSync(file, ends, FINGERPRINT_BYTES, FINGERPRINT_BYTES, Math.max(0, size - FINGERPRINT_BYTES));
      return Buffer.concat([Buffer.from(`${size} ${mtimeMs}`), ends]);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw fromSystemError(error, path);
  }
}

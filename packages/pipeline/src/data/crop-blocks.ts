// Reads the JPEGs of many crops, file after file, in blocks: a gzip chunk is then inflated about once.
import { join } from 'node:path';
import { CropFileReader } from '../store/crop-file.ts';
import { SpatterError } from '../util/errors.ts';
import type { Run } from './packed-cache-plan.ts';

/** Rows read at once: memory stays at a few MB. */
export const BLOCK_ROWS = 512;

/** Some crops of one dataset, in the order of their rows. */
export interface CropBlock {
  /** Path of the HDF5 file. */
  readonly path: string;
  readonly dataset: string;
  readonly firstSlot: number;
  /** Rows within the dataset, ascending, at most {@link BLOCK_ROWS}. */
  readonly rows: Uint32Array;
  /** One for each row; empty where the file cannot give it. */
  readonly jpegs: readonly Uint8Array[];
}

/**
 * Calls `visit` with all crops of `runs`, in the order of their slots.
 * @param tolerant a row that cannot be read comes as no bytes instead of ending it all.
 * @throws {SpatterError} INDEX_INVALID for a row that does not exist, FILE_NOT_FOUND, IO, HDF5_DAMAGED, HDF5_LAYOUT.
 */
export async function visitCrops(
  root: string,
  runs: readonly Run[],
  tolerant: boolean,
  visit: (block: CropBlock) => void,
): Promise<void> {
  let reader: CropFileReader | undefined;
  try {
    for (const run of runs) {
      const path = join(root, run.file);
      if (reader?.path !== path) {
        reader?.close();
        reader = await CropFileReader.open(path);
      }
      visitRun(reader, run, tolerant, visit);
    }
  } finally {
    reader?.close();
  }
}

function visitRun(
  reader: CropFileReader,
  run: Run,
  tolerant: boolean,
  visit: (block: CropBlock) => void,
): void {
  const { dataset } = run;
  for (let start = 0; start < run.rows.length;) {
    const end = firstAtOrAbove(run.rows, run.rows[start]! + BLOCK_ROWS, start);
    const rows = run.rows.subarray(start, end);
    const jpegs = tolerant ? readTolerantly(reader, dataset, rows) : readRows(reader, dataset, rows);
    visit({ path: reader.path, dataset, firstSlot: run.firstSlot + start, rows, jpegs });
    start = end;
  }
}

function readRows(reader: CropFileReader, dataset: string, rows: Uint32Array): Uint8Array[] {
  const first = rows[0]!;
  const jpegs = reader.read(dataset, first, rows.at(-1)! - first + 1);
  return Array.from(rows, (row) => jpegs[row - first]!);
}

function readTolerantly(reader: CropFileReader, dataset: string, rows: Uint32Array): Uint8Array[] {
  try {
    return readRows(reader, dataset, rows);
  } catch (error) {
    if (!(error instanceof SpatterError) || error.code !== 'HDF5_DAMAGED') throw error;
    if (rows.length === 1) return [new Uint8Array(0)];
    // The damaged chunk is found by halving.
    const middle = rows.length >> 1;
    return [rows.subarray(0, middle), rows.subarray(middle)].flatMap((half) =>
      readTolerantly(reader, dataset, half),
    );
  }
}

/** First position from `start` on whose row is `bound` or more. */
function firstAtOrAbove(rows: Uint32Array, bound: number, start: number): number {
  let end = start;
  while (end < rows.length && rows[end]! < bound) end++;
  return end;
}

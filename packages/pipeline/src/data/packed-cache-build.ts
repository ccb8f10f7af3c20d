// Builds a packed cache: every crop read in blocks, decoded once, resized, written where its slot is.
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CropFileReader } from '../store/crop-file.ts';
import { JpegDecoder } from '../store/jpeg.ts';
import { publish, temporaryPath } from '../util/atomic.ts';
import { fromSystemError } from '../util/errors.ts';
import {
  FACTS,
  HEADER_BYTES,
  bodyBytes,
  checksum,
  cropBytes,
  factsOffset,
  writeHeader,
  type PackSpec,
} from './packed-cache-file.ts';
import type { PackPlan, Run } from './packed-cache-plan.ts';
import { packCrop } from './transforms/pack.ts';

/** Rows read at once: a gzip chunk of the HDF5 file is then inflated about once, and memory stays at a few MB. */
const BLOCK_ROWS = 512;

/** Told after every block how many crops are done. */
export type OnPacked = (done: number) => void;

/**
 * Writes the cache that `plan` and `spec` describe to `path`, whole or not at all.
 * @throws {SpatterError} JPEG_DAMAGED naming file, dataset and row; INDEX_INVALID for a row that does not exist; DISK_FULL.
 */
export async function buildPackedCache(
  root: string,
  plan: PackPlan,
  spec: PackSpec,
  path: string,
  onPacked: OnPacked,
): Promise<void> {
  const temporary = `${temporaryPath(path)}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    removeAbandoned(path);
    const enlarged = await writeCrops(root, plan, spec, temporary, onPacked);
    const sum = checksum(temporary, bodyBytes(spec));
    withFile(temporary, 'r+', (file) => writeHeader(file, { ...spec, crc32: sum, enlarged }));
    publish(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw fromSystemError(error, path);
  }
}

/** Removes what killed builds left; each process has its own unfinished file, so that two can build at once. */
function removeAbandoned(path: string): void {
  const prefix = `${basename(temporaryPath(path))}.`;
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(prefix) && !isRunning(Number(name.slice(prefix.length)))) {
      rmSync(join(dirname(path), name), { force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function withFile<T>(path: string, flags: string, use: (file: number) => T): T {
  const file = openSync(path, flags);
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

/** Writes all crops after an empty header; returns how many had to be enlarged. */
async function writeCrops(
  root: string,
  plan: PackPlan,
  spec: PackSpec,
  temporary: string,
  onPacked: OnPacked,
): Promise<number> {
  const decoder = await JpegDecoder.create();
  const file = openSync(temporary, 'w');
  const facts = new Uint32Array(plan.count * FACTS);
  let reader: CropFileReader | undefined;
  let enlarged = 0;
  try {
    for (const run of plan.runs) {
      const path = join(root, run.file);
      if (reader?.path !== path) {
        reader?.close();
        reader = await CropFileReader.open(path);
      }
      enlarged += writeRun(reader, decoder, run, spec, { file, facts }, onPacked);
    }
    writeAll(file, new Uint8Array(facts.buffer), factsOffset(spec));
  } finally {
    reader?.close();
    closeSync(file);
  }
  return enlarged;
}

function writeRun(
  reader: CropFileReader,
  decoder: JpegDecoder,
  run: Run,
  spec: PackSpec,
  { file, facts }: { file: number; facts: Uint32Array },
  onPacked: OnPacked,
): number {
  const bytes = cropBytes(spec);
  const block = new Uint8Array(Math.min(BLOCK_ROWS, run.rows.length) * bytes);
  let enlarged = 0;
  for (let start = 0; start < run.rows.length;) {
    const first = run.rows[start]!;
    const end = firstAtOrAbove(run.rows, first + BLOCK_ROWS, start);
    const jpegs = reader.read(run.dataset, first, run.rows[end - 1]! - first + 1);
    for (let i = start; i < end; i++) {
      const row = run.rows[i]!;
      const jpeg = jpegs[row - first]!;
      const crop = decoder.decode(jpeg, `${reader.path} ${run.dataset} row ${row}`);
      enlarged += Number(crop.width < spec.size || crop.height < spec.size);
      packCrop(crop, spec.channels, spec.size, block, (i - start) * bytes);
      const sum = sumOf(block, (i - start) * bytes, bytes);
      facts.set([crop.width, crop.height, jpeg.length, sum], (run.firstSlot + i) * FACTS);
    }
    writeAll(file, block.subarray(0, (end - start) * bytes), HEADER_BYTES + (run.firstSlot + start) * bytes);
    onPacked(run.firstSlot + end);
    start = end;
  }
  return enlarged;
}

function sumOf(values: Uint8Array, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += values[i]!;
  return sum;
}

/** First position from `start` on whose row is `bound` or more. */
function firstAtOrAbove(rows: Uint32Array, bound: number, start: number): number {
  let end = start;
  while (end < rows.length && rows[end]! < bound) end++;
  return end;
}

function writeAll(file: number, data: Uint8Array, position: number): void {
  for (let done = 0; done < data.length;) {
    done += writeSync(file, data, done, data.length - done, position + done);
  }
}

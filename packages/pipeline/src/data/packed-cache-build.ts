// Builds a packed cache: every crop read in blocks, decoded once, resized, written where its slot is.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeWritableFolder, ownTemporaryPath, publish, removeAbandoned } from '../util/atomic.ts';
import { fromSystemError } from '../util/errors.ts';
import { BLOCK_ROWS, visitCrops } from './crop-blocks.ts';
import { FACTS } from './crop-facts.ts';
import { CropMeasurer } from './crop-measure.ts';
import {
  HEADER_BYTES,
  bodyBytes,
  checksum,
  cropBytes,
  factsOffset,
  writeHeader,
  type PackHeader,
  type PackSpec,
} from './packed-cache-file.ts';
import type { PackPlan } from './packed-cache-plan.ts';

/** Told after every block how many crops are done. */
export type OnPacked = (done: number) => void;

export interface BuildOptions {
  /** A damaged crop becomes black planes, and its facts say so, instead of ending the build. */
  readonly tolerant: boolean;
  readonly onPacked: OnPacked;
}

/**
 * Writes the cache that `plan` and `spec` describe to `path`, whole or not at all.
 * @throws {SpatterError} JPEG_DAMAGED naming file, dataset and row; unless tolerant; INDEX_INVALID for a row that does not exist; DISK_FULL.
 */
export async function buildPackedCache(
  root: string,
  plan: PackPlan,
  spec: PackSpec,
  path: string,
  options: BuildOptions,
): Promise<void> {
  const temporary = ownTemporaryPath(path);
  try {
    makeWritableFolder(dirname(path));
    removeAbandoned(path);
    const odd = await writeCrops(root, plan, spec, temporary, options);
    const sum = checksum(temporary, bodyBytes(spec));
    withFile(temporary, 'r+', (file) => writeHeader(file, { ...spec, ...odd, crc32: sum }));
    publish(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw fromSystemError(error, path);
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

/** Writes all crops and their facts after an empty header; says what was odd among them. */
async function writeCrops(
  root: string,
  { runs, count }: PackPlan,
  spec: PackSpec,
  temporary: string,
  { tolerant, onPacked }: BuildOptions,
): Promise<Pick<PackHeader, 'enlarged' | 'damaged'>> {
  const measurer = await CropMeasurer.create(spec, tolerant);
  const file = openSync(temporary, 'w');
  const facts = new Uint32Array(count * FACTS);
  const planes = new Uint8Array(Math.min(BLOCK_ROWS, count) * cropBytes(spec));
  try {
    await visitCrops(root, runs, tolerant, (block) => {
      const { firstSlot, rows } = block;
      measurer.measure(block, planes, facts);
      const bytes = cropBytes(spec);
      writeAll(file, planes.subarray(0, rows.length * bytes), HEADER_BYTES + firstSlot * bytes);
      onPacked(firstSlot + rows.length);
    });
    writeAll(file, new Uint8Array(facts.buffer), factsOffset(spec));
  } finally {
    closeSync(file);
  }
  const { enlarged, damaged } = measurer;
  return { enlarged, damaged };
}

function writeAll(file: number, data: Uint8Array, position: number): void {
  for (let done = 0; done < data.length;) {
    done += writeSync(file, data, done, data.length - done, position + done);
  }
}

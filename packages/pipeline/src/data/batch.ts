// Batches as a pure function of (seed, epoch, position): what the loader's worker computes, and tests compute in place.
import { openSync, readSync } from 'node:fs';
import { permutation, randomStream } from '../util/random.ts';
import { HEADER_BYTES, cropBytes } from './packed-cache-file.ts';
import type { PackedCache } from './packed-cache.ts';
import {
  TRANSFORMS,
  rotationAngle,
  writeCentre,
  writeRotated,
  type SampleTransform,
} from './transforms/sample.ts';

/** Everything that decides a batch's bytes; can be sent to a worker. */
export interface BatchSpec {
  readonly cache: Pick<PackedCache, 'path' | 'size' | 'channels' | 'data' | 'slots'>;
  /** Index rows to draw from, such as a split's `train`. */
  readonly rows: Uint32Array;
  /** Label of every index row. */
  readonly labels: Uint8Array;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly transform: SampleTransform;
  /** Leaves out a last batch that is not full. */
  readonly dropLast: boolean;
}

export interface Batch {
  /** [size, channels, resize, resize], 0…1. Lent: valid until the next batch is asked for; copy what must stay. */
  readonly x: Float32Array<ArrayBuffer>;
  /** Labels [size]. */
  readonly y: Float32Array;
  /** Index rows [size]. */
  readonly rows: Uint32Array;
  readonly size: number;
}

/** Batches per epoch. */
export function batchCount({ rows, batchSize, dropLast }: BatchSpec): number {
  return dropLast ? Math.floor(rows.length / batchSize) : Math.ceil(rows.length / batchSize);
}

/** float32 values of one sample. */
export function sampleLength({ cache, transform }: BatchSpec): number {
  return cache.channels * transform.resize ** 2;
}

/** The index rows of `epoch` in the order they are served. */
export function epochRows({ rows, shuffle, seed }: BatchSpec, epoch: number): Uint32Array {
  if (!shuffle) return rows;
  return permutation(randomStream(seed, epoch), rows.length).map((i) => rows[i]!);
}

/** Makes batches one at a time. Not shared between threads. */
export class BatchMaker {
  readonly #spec: BatchSpec;
  readonly #read: (slot: number) => number;
  readonly #planes: Uint8Array;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array();

  constructor(spec: BatchSpec) {
    this.#spec = spec;
    const bytes = cropBytes(spec.cache);
    const { data, path } = spec.cache;
    this.#planes = data ?? new Uint8Array(bytes);
    this.#read = data === null ? readFrom(path, this.#planes) : (slot) => slot * bytes;
  }

  /** Batch `index` of `epoch`; `memory` is used for `x` where it is large enough. */
  make(epoch: number, index: number, memory?: ArrayBuffer): Batch {
    const spec = this.#spec;
    if (epoch !== this.#epoch) this.#order = epochRows(spec, epoch);
    this.#epoch = epoch;
    const start = index * spec.batchSize;
    const rows = this.#order.slice(start, start + spec.batchSize);
    const length = rows.length * sampleLength(spec);
    const usable = memory !== undefined && memory.byteLength >= length * 4;
    const x = new Float32Array(usable ? memory : new ArrayBuffer(length * 4), 0, length);
    this.#fill(epoch, rows, x);
    return { x, y: Float32Array.from(rows, (row) => spec.labels[row]!), rows, size: rows.length };
  }

  #fill(epoch: number, rows: Uint32Array, x: Float32Array): void {
    const { cache, transform, seed } = this.#spec;
    const shape = { channels: cache.channels, size: cache.size, crop: transform.resize };
    const rotates = TRANSFORMS[transform.kind].rotates && transform.rotationDegrees > 0;
    const step = sampleLength(this.#spec);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const at = this.#read(cache.slots[row]!);
      if (rotates) {
        const degrees = rotationAngle(seed, epoch, row, transform.rotationDegrees);
        writeRotated(shape, this.#planes, at, x, i * step, degrees);
      } else {
        writeCentre(shape, this.#planes, at, x, i * step);
      }
    }
  }
}

/** Reads one crop at a time into `planes`, for a cache too large for memory; the operating system caches the pages. */
function readFrom(path: string, planes: Uint8Array): (slot: number) => number {
  const file = openSync(path, 'r');
  return (slot) => {
    readSync(file, planes, 0, planes.length, HEADER_BYTES + slot * planes.length);
    return 0;
  };
}

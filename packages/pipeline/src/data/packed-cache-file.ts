// The packed cache on disk: a page of JSON, [rows, channels, size, size] uint8, then [rows, FACTS] uint32 facts of the crops.
import { closeSync, existsSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { FACTS } from './crop-facts.ts';
import type { Channels } from './transforms/pack.ts';

/** Bytes before the first crop. */
export const HEADER_BYTES = 4096;
const CHUNK = 1 << 24;

/** What a cache must agree on to be used. */
export interface PackSpec {
  readonly format: 'spatter packed cache';
  readonly version: 4;
  /** Side of the cached squares, pixels. */
  readonly size: number;
  readonly channels: Channels;
  /** Crops in the cache. */
  readonly rows: number;
  /** Fingerprint of the crops' addresses and files. */
  readonly source: string;
}

export interface PackHeader extends PackSpec {
  /** CRC-32 of everything after the header. */
  readonly crc32: number;
  /** Crops that were narrower or lower than `size` and had to be enlarged. */
  readonly enlarged: number;
  /** Crops that could not be decoded; their planes are black. */
  readonly damaged: number;
}

const FACT_BYTES = FACTS * Uint32Array.BYTES_PER_ELEMENT;

/** Where the facts begin in the file. */
export function factsOffset(spec: PackSpec): number {
  return HEADER_BYTES + spec.rows * cropBytes(spec);
}

/** Bytes after the header. */
export function bodyBytes(spec: PackSpec): number {
  return spec.rows * (cropBytes(spec) + FACT_BYTES);
}

/** Bytes of one crop. */
export function cropBytes(spec: Pick<PackSpec, 'size' | 'channels'>): number {
  return spec.channels * spec.size * spec.size;
}

export function writeHeader(file: number, header: PackHeader): void {
  writeSync(file, Buffer.from(JSON.stringify(header).padEnd(HEADER_BYTES - 1) + '\n'), 0, HEADER_BYTES, 0);
}

/** The header of the cache at `path` if it was made to `spec` and is whole; undefined for anything else. */
export function readHeader(path: string, spec: PackSpec): PackHeader | undefined {
  if (!existsSync(path)) return undefined;
  const file = openSync(path, 'r');
  try {
    const header = parseHeader(file);
    const fits = (Object.keys(spec) as (keyof PackSpec)[]).every((key) => header?.[key] === spec[key]);
    const whole = fstatSync(file).size === HEADER_BYTES + bodyBytes(spec);
    return fits && whole ? header : undefined;
  } finally {
    closeSync(file);
  }
}

function parseHeader(file: number): PackHeader | undefined {
  const page = Buffer.alloc(HEADER_BYTES);
  readSync(file, page, 0, HEADER_BYTES, 0);
  try {
    return JSON.parse(page.toString('utf8')) as PackHeader;
  } catch {
    return undefined;
  }
}

/** All crops of the cache at `path` in shared memory; undefined when the file's checksum is wrong. */
export function readCrops(path: string, header: PackHeader): Uint8Array<SharedArrayBuffer> | undefined {
  const crops = new Uint8Array(new SharedArrayBuffer(header.rows * cropBytes(header)));
  return checksum(path, bodyBytes(header), crops) === header.crc32 ? crops : undefined;
}

/** [rows, {@link FACTS}]. */
export function readFacts(path: string, spec: PackSpec): Uint32Array {
  const facts = new Uint32Array(spec.rows * FACTS);
  const file = openSync(path, 'r');
  try {
    readSync(file, new Uint8Array(facts.buffer), 0, facts.byteLength, factsOffset(spec));
    return facts;
  } finally {
    closeSync(file);
  }
}

/** CRC-32 of the `length` bytes after the header; as many as fit are left in `into` where it is given. */
export function checksum(path: string, length: number, into?: Uint8Array): number {
  const file = openSync(path, 'r');
  const chunk = new Uint8Array(Math.min(CHUNK, length));
  try {
    let sum = 0;
    for (let done = 0; done < length;) {
      const n = readSync(file, chunk, 0, Math.min(chunk.length, length - done), HEADER_BYTES + done);
      if (n === 0) return -1;
      sum = crc32(chunk.subarray(0, n), sum);
      into?.set(chunk.subarray(0, Math.max(0, Math.min(n, into.length - done))), Math.min(done, into.length));
      done += n;
    }
    return sum;
  } finally {
    closeSync(file);
  }
}

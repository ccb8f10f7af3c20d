// The packed cache on disk: a page of JSON, then [rows, channels, size, size] uint8.
import { closeSync, existsSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { Channels } from './transforms/pack.ts';

/** Bytes before the first crop. */
export const HEADER_BYTES = 4096;
const CHUNK = 1 << 24;

/** What a cache must agree on to be used. */
export interface PackSpec {
  readonly format: 'spatter packed cache';
  readonly version: 1;
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
    const whole = fstatSync(file).size === HEADER_BYTES + spec.rows * cropBytes(spec);
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

/** All crops of the cache at `path` in shared memory; undefined when their checksum is wrong. */
export function readCrops(path: string, header: PackHeader): Uint8Array<SharedArrayBuffer> | undefined {
  const crops = new Uint8Array(new SharedArrayBuffer(header.rows * cropBytes(header)));
  return checksum(path, crops.length, crops) === header.crc32 ? crops : undefined;
}

/** CRC-32 of the `length` bytes after the header; they are left in `into` where it is given. */
export function checksum(path: string, length: number, into?: Uint8Array): number {
  const file = openSync(path, 'r');
  const chunk = new Uint8Array(Math.min(CHUNK, length));
  try {
    let sum = 0;
    for (let done = 0; done < length;) {
      const n = readSync(file, chunk, 0, Math.min(chunk.length, length - done), HEADER_BYTES + done);
      if (n === 0) return -1;
      sum = crc32(chunk.subarray(0, n), sum);
      into?.set(chunk.subarray(0, n), done);
      done += n;
    }
    return sum;
  } finally {
    closeSync(file);
  }
}

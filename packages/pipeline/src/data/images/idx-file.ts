// IDX, the file format of MNIST (LeCun, Cortes and Burges): big-endian magic and lengths, then the values; gzipped or not.
import { gunzipSync } from 'node:zlib';
import { SpatterError } from '../../util/errors.ts';
import { readBytes } from '../../util/read-file.ts';

export interface IdxFile {
  readonly path: string;
  /** Lengths of the dimensions, such as [60000, 28, 28]. */
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const UINT8 = 0x08;

/**
 * Reads a file of unsigned bytes with `rank` dimensions.
 * @throws {SpatterError} FILE_NOT_FOUND, IO, or IDX_DAMAGED for a wrong magic number and for bytes too few or too many.
 */
export function readIdxFile(path: string, rank: number): IdxFile {
  const bytes = inflated(path);
  const header = 4 + 4 * rank;
  if (bytes.length < header) throw damaged(path, `must have a header of ${header} bytes`, `${bytes.length}`);
  const magic = bytes.readUInt32BE(0);
  const wanted = (UINT8 << 8) | rank;
  if (magic !== wanted) throw damaged(path, `must begin with the magic number ${hex(wanted)}`, hex(magic));
  const shape = Array.from({ length: rank }, (_, k) => bytes.readUInt32BE(4 + 4 * k));
  const length = shape.reduce((product, n) => product * n, 1);
  if (bytes.length !== header + length) {
    const words = `must hold ${header + length} bytes for ${shape.join('×')} values`;
    throw damaged(path, words, String(bytes.length));
  }
  return { path, shape, data: bytes.subarray(header) };
}

/** Whatever it is called: gzip is known by its first two bytes. */
function inflated(path: string): Buffer {
  const bytes = readBytes(path);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw damaged(path, 'must be whole gzip', error instanceof Error ? error.message : String(error));
  }
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;

function damaged(path: string, must: string, got: string): SpatterError {
  return new SpatterError('IDX_DAMAGED', `${path} ${must}, got ${got}`, 'get the file again');
}

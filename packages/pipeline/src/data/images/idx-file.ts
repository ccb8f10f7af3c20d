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
  if (magic !== wanted)
    throw damaged(
      path,
      `must begin with the magic number ${said(wanted)}`,
      said(magic),
      hintFor(magic, rank),
    );
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

/** Types of the values by the third byte of a magic number. */
const TYPES: Readonly<Record<number, string>> = {
  [UINT8]: 'unsigned bytes',
  0x09: 'signed bytes',
  0x0b: '16-bit numbers',
  0x0c: '32-bit numbers',
  0x0d: '32-bit floating point',
  0x0e: '64-bit floating point',
};

/** A magic number with what it means, where it is one. */
function said(magic: number): string {
  const [type, rank] = [TYPES[magic >>> 8], magic & 0xff];
  const meaning =
    type === undefined ? '' : ` (${type} in ${rank} ${rank === 1 ? 'dimension' : 'dimensions'})`;
  return `0x${magic.toString(16).padStart(8, '0')}${meaning}`;
}

/** What to do about a file that is whole and holds something else. */
function hintFor(magic: number, rank: number): string | undefined {
  const found = magic >>> 8 === UINT8 ? magic & 0xff : 0;
  if (found === 3 && rank === 1) return 'images lie where labels belong: name each file after what it holds';
  if (found === 1 && rank === 3) return 'labels lie where images belong: name each file after what it holds';
  if (found === 4)
    return 'IDX images are gray; write those in colour into a folder per class, for data=folder_rgb';
  return magic >>> 8 in TYPES ? 'write the values as unsigned bytes, 0 to 255' : undefined;
}

function damaged(path: string, must: string, got: string, hint = 'get the file again'): SpatterError {
  return new SpatterError('IDX_DAMAGED', `${path} ${must}, got ${got}`, hint);
}

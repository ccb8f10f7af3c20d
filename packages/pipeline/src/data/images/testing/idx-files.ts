// Writes IDX files and class folders for tests.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';

/** The bytes of an IDX file of unsigned bytes. */
export function idxBytes(shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x0800 | shape.length, 0);
  shape.forEach((n, k) => header.writeUInt32BE(n, 4 + 4 * k));
  return Buffer.concat([header, data]);
}

/** Writes a file, gzipped where its name says so; makes its folder. */
export function put(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, path.endsWith('.gz') ? gzipSync(bytes) : bytes);
}

/** Gray level of pixel (x, y) of image `i` in the files of {@link writeTinyIdx}. */
export const pixel = (i: number, x: number, y: number): number => (i * 37 + y * 5 + x) % 256;

/** The four files, 5×4 pixels (width × height), one plain, one gzipped, one dotted, one both. */
export function writeTinyIdx(
  root: string,
  labels: { train: readonly number[]; test: readonly number[] } = { train: [3, 7, 3, 7, 7, 3], test: [7, 3] },
): void {
  const images = (count: number, first: number) =>
    Uint8Array.from({ length: count * 20 }, (_, k) =>
      pixel(first + Math.floor(k / 20), k % 5, Math.floor(k / 5) % 4),
    );
  const [n, m] = [labels.train.length, labels.test.length];
  put(join(root, 'train-images-idx3-ubyte'), idxBytes([n, 4, 5], images(n, 0)));
  put(join(root, 'train-labels-idx1-ubyte.gz'), idxBytes([n], Uint8Array.from(labels.train)));
  put(join(root, 't10k-images.idx3-ubyte.gz'), idxBytes([m, 4, 5], images(m, n)));
  put(join(root, 't10k-labels.idx1-ubyte'), idxBytes([m], Uint8Array.from(labels.test)));
}

/** One image of a single colour, in the format its name says. */
export async function putImage(
  path: string,
  [r, g, b]: readonly [number, number, number],
  size = 6,
): Promise<void> {
  const create = { width: size, height: size, channels: 3 as const, background: { r, g, b } };
  const image = sharp({ create });
  put(path, await (path.endsWith('.png') ? image.png() : image.jpeg({ quality: 100 })).toBuffer());
}

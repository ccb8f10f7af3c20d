// The four IDX files of MNIST and its kin as labelled images, zero-padded to the network's input.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SpatterError } from '../../util/errors.ts';
import { readIdxFile, type IdxFile } from './idx-file.ts';
import { classNumber, requireClasses, type LabelledImages } from './labelled-images.ts';

/** Published parts and the word their files begin with. */
const PREFIXES = { train: 'train', test: 't10k' } as const;
type Published = keyof typeof PREFIXES;

const RANKS = { images: 3, labels: 1 } as const;

/** Names of the classes: the distinct labels of the training file, in ascending order. Reads no image. */
export function idxClasses(root: string): readonly string[] {
  const labels = readIdxFile(idxPath(root, 'train', 'labels'), RANKS.labels);
  const distinct = [...new Set(labels.data)].sort((a, b) => a - b);
  return requireClasses(distinct.map(String), root);
}

/**
 * Reads `root`; images stand in the middle of `size`×`size` black pixels, training files first.
 * @throws {SpatterError} FILE_NOT_FOUND, IDX_DAMAGED, ONE_CLASS, LABELS, or CONFIG_VALUE for images larger than `size`.
 */
export function readIdxImages(root: string, size: number): LabelledImages {
  const parts = { train: readPart(root, 'train', size), test: readPart(root, 'test', size) };
  const classes = idxClasses(root);
  const numbers = new Map(classes.map((name, k) => [name, k]));
  const images = parts.train.labels.data.length + parts.test.labels.data.length;
  const planes = new Uint8Array(new SharedArrayBuffer(images * size * size));
  const labels = new Uint8Array(images);
  const hash = createHash('sha256');
  let row = 0;
  for (const part of Object.values(parts)) {
    pad(part.images, size, planes.subarray(row * size * size));
    hash.update(JSON.stringify(part.images.shape)).update(part.images.data).update(part.labels.data);
    for (const label of part.labels.data)
      labels[row++] = classNumber(numbers, String(label), part.labels.path);
  }
  const first = parts.train.labels.data.length;
  return {
    ...{ root, size, channels: 1, planes, labels, classes, hash: hash.digest('hex') },
    published: Array.from({ length: images }, (_, i) => (i < first ? 'train' : 'test')),
    source: (i) => (i < first ? `training image ${i}` : `test image ${i - first}`),
  };
}

function readPart(root: string, part: Published, size: number): { images: IdxFile; labels: IdxFile } {
  const images = readIdxFile(idxPath(root, part, 'images'), RANKS.images);
  const labels = readIdxFile(idxPath(root, part, 'labels'), RANKS.labels);
  const [count = 0, height = 0, width = 0] = images.shape;
  if (count !== labels.data.length) {
    const message = `${images.path} and ${labels.path} must go together, but hold ${count} images and ${labels.data.length} labels`;
    throw new SpatterError('IDX_DAMAGED', message, 'use two files of one data set');
  }
  if (height > size || width > size) {
    const message = `data.resize must be at least ${Math.max(height, width)} for the ${height}×${width} images of ${images.path}, got ${size}`;
    throw new SpatterError('CONFIG_VALUE', message, 'IDX images are padded, never made smaller');
  }
  return { images, labels };
}

/** The first that exists of the spellings in use. */
function idxPath(root: string, part: Published, what: keyof typeof RANKS): string {
  const names = spellings(part, what);
  const found = names.map((name) => join(root, name)).find(isFile);
  if (found !== undefined) return found;
  const state = existsSync(root) ? 'holds neither' : 'does not exist';
  const message = `${root} must hold ${names[0]!} or ${names[1]!}, but ${state}`;
  const below = folderBelow(root, names);
  const hint =
    below === undefined ? 'set data.root to the folder of the four IDX files' : `set data.root=${below}`;
  throw new SpatterError('FILE_NOT_FOUND', message, hint);
}

function spellings(part: Published, what: keyof typeof RANKS): string[] {
  const stems = ['-', '.'].map((dot) => `${PREFIXES[part]}-${what}${dot}idx${RANKS[what]}-ubyte`);
  return stems.flatMap((stem) => [stem, `${stem}.gz`]);
}

/** The first folder up to two levels below `root` that holds one of `names`, as torchvision's `MNIST/raw` does. */
function folderBelow(root: string, names: readonly string[], levels = 2): string | undefined {
  if (levels === 0) return undefined;
  for (const folder of foldersIn(root)) {
    if (names.some((name) => isFile(join(folder, name)))) return folder;
    const deeper = folderBelow(folder, names, levels - 1);
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

/** Kaggle's MNIST has folders of these names beside the files. */
const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** Sub-folders by name; none of what cannot be listed. */
function foldersIn(path: string): string[] {
  try {
    const all = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return all.map(({ name }) => join(path, name)).sort();
  } catch {
    return [];
  }
}

/** Copies images [count, height, width] into the middle of squares of `size` pixels; `out` is black. */
function pad({ shape, data }: IdxFile, size: number, out: Uint8Array): void {
  const [count = 0, height = 0, width = 0] = shape;
  const top = Math.floor((size - height) / 2);
  const left = Math.floor((size - width) / 2);
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < height; y++) {
      const from = (i * height + y) * width;
      out.set(data.subarray(from, from + width), (i * size + top + y) * size + left);
    }
  }
}

// Decodes the images of class folders and resizes them to the network's input, as Pillow does.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import sharp from 'sharp';
import { SpatterError } from '../../util/errors.ts';
import { packCrop, type Channels, type DecodedCrop } from '../transforms/pack.ts';
import { folderClasses, leftOutNotice, listImages, type ListedImage } from './class-folders.ts';
import { classNumber, type LabelledImages } from './labelled-images.ts';
import { readBytes } from '../../util/read-file.ts';

/** Images decoded at once. */
const TOGETHER = 16;

export interface FolderOptions {
  /** Side of the network's input, pixels. */
  readonly size: number;
  readonly channels: Channels;
  /** Called with the number of images; what it returns is told how many are done. */
  readonly onRead: (images: number) => (done: number) => void;
}

/**
 * Reads every image under `root`. Gray is ITU-R 601 luma of red, green and blue and resizing is bilinear with support,
 * both with Pillow's bytes: `Image.convert('L').resize((size, size), BILINEAR)`. Transparency is dropped.
 * @throws {SpatterError} IMAGE_DAMAGED naming the file; CLASS_FOLDERS, ONE_CLASS, LABELS.
 */
export async function readFolderImages(root: string, options: FolderOptions): Promise<LabelledImages> {
  const { size, channels, onRead } = options;
  const classes = folderClasses(root);
  const numbers = new Map(classes.map((name, k) => [name, k]));
  const listed = listImages(root);
  const labels = Uint8Array.from(listed, (image) =>
    classNumber(numbers, image.className, join(root, image.path)),
  );
  const bytes = channels * size * size;
  const planes = new Uint8Array(new SharedArrayBuffer(listed.length * bytes));
  const hash = createHash('sha256');
  const done = onRead(listed.length);
  for (let start = 0; start < listed.length; start += TOGETHER) {
    const some = listed.slice(start, start + TOGETHER);
    const files = some.map(({ path }) => readBytes(join(root, path)));
    const decoded = await Promise.all(files.map((file, i) => decodeRgb(file, join(root, some[i]!.path))));
    decoded.forEach((image, i) => packCrop(image, channels, size, planes, (start + i) * bytes));
    files.forEach((file, i) => hash.update(JSON.stringify([some[i]!.path, file.length])).update(file));
    done(start + some.length);
  }
  const source = (row: number) => listed[row]!.path;
  const published = listed.map(({ part }: ListedImage) => part);
  const notices = leftOutNotice(root);
  return {
    root,
    size,
    channels,
    planes,
    labels,
    classes,
    published,
    source,
    notices,
    hash: hash.digest('hex'),
  };
}

/**
 * Pixels of an image file: red, green, blue in the place of a crop's blue, green, red, the order the gray formula is meant for.
 * @throws {SpatterError} IMAGE_DAMAGED naming `path`.
 */
export async function decodeRgb(file: Uint8Array, path: string): Promise<DecodedCrop> {
  try {
    const image = sharp(file).toColourspace('srgb').removeAlpha().raw();
    const { data, info } = await image.toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    if (channels === 3) return { width, height, bgr: data };
    return {
      width,
      height,
      bgr: Uint8Array.from({ length: width * height * 3 }, (_, i) => data[Math.floor(i / 3) * channels]!),
    };
  } catch (error) {
    const reason = String(error instanceof Error ? error.message : error)
      .split('\n')[0]!
      .replace(/:$/, '');
    throw new SpatterError(
      'IMAGE_DAMAGED',
      `${path} must be a PNG or JPEG image, but cannot be decoded: ${reason}`,
      'replace or remove the file',
      { cause: error },
    );
  }
}

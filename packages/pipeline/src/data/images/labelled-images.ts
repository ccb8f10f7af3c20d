// Labelled images in memory: what IDX files and class folders become.
import { SpatterError } from '../../util/errors.ts';
import type { Channels } from '../transforms/pack.ts';
import type { Part } from '../splits/split.ts';

export interface LabelledImages {
  /** Folder they were read from. */
  readonly root: string;
  /** Side of the square planes, pixels. */
  readonly size: number;
  readonly channels: Channels;
  /** [images, channels, size, size] in shared memory. */
  readonly planes: Uint8Array<SharedArrayBuffer>;
  /** Index into `classes` of each image. */
  readonly labels: Uint8Array;
  readonly classes: readonly string[];
  /** The part that each image was published in; images of `train` may be drawn for parts that were not published. */
  readonly published: readonly Part[];
  /** Where image `row` comes from, for people: a path below `root`, or its file and number. */
  readonly source: (row: number) => string;
  /** Lines for people about what is odd in the files. */
  readonly notices?: readonly string[];
  /** SHA-256 over the contents of the files. */
  readonly hash: string;
}

/** Labels are bytes. */
const MOST_CLASSES = 256;

/**
 * Checks the names of the classes of the training images.
 * @throws {SpatterError} ONE_CLASS or LABELS.
 */
export function requireClasses(classes: readonly string[], root: string): readonly string[] {
  if (classes.length < 2) {
    const found = classes.length === 0 ? 'none' : `only ${classes[0]!}`;
    const message = `${root} must hold training images of two classes or more, got ${found}`;
    throw new SpatterError('ONE_CLASS', message, 'add images of another class');
  }
  if (classes.length <= MOST_CLASSES) return classes;
  const message = `${root} must hold at most ${MOST_CLASSES} classes, got ${classes.length}`;
  throw new SpatterError('LABELS', message, 'leave classes out');
}

/** @throws {SpatterError} LABELS for a class that no training image has. */
export function classNumber(classes: ReadonlyMap<string, number>, name: string, where: string): number {
  const found = classes.get(name);
  if (found !== undefined) return found;
  const message = `${where} has class ${name}, which no training image has`;
  throw new SpatterError('LABELS', message, 'add it to the training images, or leave it out');
}

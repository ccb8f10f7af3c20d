// Which images lie in a folder per class, and in which published part.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SpatterError, fromSystemError } from '../../util/errors.ts';
import { PARTS, type Part } from '../splits/split.ts';
import { requireClasses } from './labelled-images.ts';

export interface ListedImage {
  /** Below the root, with forward slashes. */
  readonly path: string;
  readonly className: string;
  readonly part: Part;
}

/** Names of the parts' folders that are in use; the first that exists holds the part. */
const FOLDERS: Readonly<Record<Part, readonly string[]>> = {
  train: ['train'],
  val: ['val', 'valid', 'validation'],
  test: ['test'],
};

const IMAGE = /\.(png|jpe?g)$/i;

/** Names of the classes: the folders of the training part, in order of their names. */
export function folderClasses(root: string): readonly string[] {
  const classes = foldersIn(join(root, isParted(root) ? 'train' : ''));
  if (classes.length === 0) {
    const message = `${root} must hold a folder per class (or train/ with one each), but holds no folder`;
    throw new SpatterError('CLASS_FOLDERS', message, 'set data.root to the folder above the class folders');
  }
  return requireClasses(classes, root);
}

/**
 * Every PNG and JPEG under `root`, part by part, class by class, by name. Without a `train` folder of class folders, all
 * are training images.
 * @throws {SpatterError} CLASS_FOLDERS for a class folder without images, FILE_NOT_FOUND, IO.
 */
export function listImages(root: string): ListedImage[] {
  if (!isParted(root)) return imagesOf(root, '', 'train');
  return partFolders(root).flatMap(([part, name]) => imagesOf(root, `${name}/`, part));
}

/** The published parts under `root` with the names of their folders. */
function partFolders(root: string): (readonly [Part, string])[] {
  const present = new Set(foldersIn(root));
  return PARTS.flatMap((part) => {
    const name = FOLDERS[part].find((each) => present.has(each));
    return name === undefined ? [] : [[part, name] as const];
  });
}

const isParted = (root: string): boolean =>
  foldersIn(root).includes('train') && foldersIn(join(root, 'train')).length > 0;

function imagesOf(root: string, prefix: string, part: Part): ListedImage[] {
  return foldersIn(join(root, prefix)).flatMap((className) => {
    const folder = join(root, prefix, className);
    const names = entries(folder)
      .filter(({ name, isFolder }) => !isFolder && IMAGE.test(name))
      .map(({ name }) => name);
    if (names.length === 0) {
      const message = `${folder} must hold PNG or JPEG images of class ${className}, but holds none`;
      throw new SpatterError('CLASS_FOLDERS', message, 'add images, or remove the folder');
    }
    return names.sort().map((name) => ({ path: `${prefix}${className}/${name}`, className, part }));
  });
}

const leadsToFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** A line about what lies in and beside class folders and is no image that is read; none where there is nothing. */
export function leftOutNotice(root: string): string[] {
  const present = isParted(root) ? partFolders(root).map(([, name]) => name) : [];
  const above = present.length > 0 ? present.map((name) => join(root, name)) : [root];
  const beside = present.length > 0 ? entries(root).filter(({ name }) => !present.includes(name)) : [];
  const left = [
    ...above.flatMap((path) => foldersIn(path).flatMap((name) => notImages(join(path, name)))),
    ...above.flatMap((path) => filesIn(path)),
    ...beside.map(({ name }) => join(root, name)),
  ];
  if (left.length === 0) return [];
  const more = left.length > 1 ? ` and ${left.length - 1} more` : '';
  return [`left out, for only PNG and JPEG files right in a class folder are read: ${left[0]!}${more}`];
}

const notImages = (folder: string): string[] =>
  entries(folder)
    .filter(({ name, isFolder }) => isFolder || !IMAGE.test(name))
    .map(({ name }) => join(folder, name));

const filesIn = (folder: string): string[] =>
  entries(folder)
    .filter(({ isFolder }) => !isFolder)
    .map(({ name }) => join(folder, name));

function foldersIn(path: string): string[] {
  const folders = entries(path).filter(({ isFolder }) => isFolder);
  return folders.map(({ name }) => name).sort();
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** What macOS puts beside the folders of an archive. */
const OF_ARCHIVES = '__MACOSX';

/** What lies in a folder, hidden files aside; links count as what they lead to. */
function entries(path: string): Entry[] {
  try {
    const all = readdirSync(path, { withFileTypes: true });
    const seen = all.filter(({ name }) => !name.startsWith('.') && name !== OF_ARCHIVES);
    return seen.map((entry) => ({
      name: entry.name,
      isFolder: entry.isSymbolicLink() ? leadsToFolder(join(path, entry.name)) : entry.isDirectory(),
    }));
  } catch (error) {
    throw fromSystemError(error, path);
  }
}

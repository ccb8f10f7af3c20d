// Builds the index of a data set: every crop of the HDF5 files with its label, in order and shuffled as the reference shuffles.
import { dirname, join, relative, resolve, sep } from 'node:path';
import { CropFileReader, type CropDataset } from '../store/crop-file.ts';
import { refuseToOverwrite, writeFilesAtomic } from '../util/atomic.ts';
import { SpatterError } from '../util/errors.ts';
import { numpyPermutation } from '../util/numpy-permutation.ts';
import { labelsOf, type FileLabel } from './build-index-labels.ts';
import { requireTwoClasses } from './crop-index-check.ts';
import { formatIndex, type CropIndex } from './crop-index.ts';
import { RECORDINGS_CSV, videoOfDataset, formatRecordings, type Recording } from './recordings.ts';

export interface BuildIndexOptions {
  /** HDF5 files; the rows follow their order. */
  readonly files: readonly string[];
  /** See `labelsOf`. */
  readonly labels?: string | undefined;
  /** Folder of the CSVs; default: that of the first file. */
  readonly out?: string | undefined;
  /** Of the shuffle, 0 to 2³²−1; default 42, the reference's. */
  readonly seed?: number | undefined;
  readonly overwrite?: boolean | undefined;
}

export interface BuiltIndex {
  /** The rows in order, as in `unshuffled`. */
  readonly index: CropIndex;
  readonly recordings: readonly Recording[];
  /** Label of each file. */
  readonly labels: readonly FileLabel[];
  readonly paths: IndexPaths;
}

export interface IndexPaths {
  readonly images: string;
  readonly unshuffled: string;
  readonly recordings: string;
}

/** The three files of an index in `folder`. */
export function indexPaths(folder: string): IndexPaths {
  const [images, unshuffled] = [join(folder, 'images.csv'), join(folder, 'unshuffled_images.csv')];
  return { images, unshuffled, recordings: join(folder, RECORDINGS_CSV) };
}

/** The reference's seed. */
const SEED = 42;

/**
 * Writes `unshuffled_images.csv` (files as given, datasets in h5py's order), `images.csv` (the same rows in the order of
 * `pandas.DataFrame.sample(frac=1, random_state=seed)`) and `recordings.csv`.
 * @throws {SpatterError} OUTPUT_EXISTS, LABELS, ONE_CLASS, DATA_EMPTY, FILE_NOT_FOUND, HDF5_DAMAGED, HDF5_LAYOUT, DISK_FULL, IO.
 */
export async function buildIndex(options: BuildIndexOptions): Promise<BuiltIndex> {
  const { files, seed = SEED } = options;
  const root = options.out ?? dirname(files[0] ?? '.');
  const paths = indexPaths(root);
  refuseToOverwrite(Object.values(paths), options.overwrite === true);
  refuseDoubles(files);
  const labels = labelsOf(files, options.labels);
  requireTwoClasses(labels.map(({ label }) => label));
  const parts = await scan(files, root, labels);
  requireCropsOfTwoClasses(parts);
  const index = toIndex(root, parts);
  const recordings = parts.flatMap(recordingsIn);
  writeFilesAtomic([
    [paths.recordings, formatRecordings(recordings)],
    [paths.unshuffled, formatIndex(index)],
    [paths.images, formatIndex(index, numpyPermutation(seed, index.length))],
  ]);
  return { index, recordings, labels, paths };
}

/** One HDF5 file, its datasets, and what is said of it. */
interface Part {
  readonly file: string;
  readonly datasets: readonly CropDataset[];
  readonly label: FileLabel;
}

async function scan(files: readonly string[], root: string, labels: readonly FileLabel[]): Promise<Part[]> {
  const parts: Part[] = [];
  for (const [i, path] of files.entries()) {
    const reader = await CropFileReader.open(path);
    parts.push({ file: relativeName(root, path), datasets: reader.datasets(), label: labels[i]! });
    reader.close();
  }
  return parts;
}

function relativeName(root: string, path: string): string {
  return relative(resolve(root), resolve(path)).split(sep).join('/');
}

function refuseDoubles(files: readonly string[]): void {
  const twice = files.find((file, i) => files.some((other, k) => k < i && resolve(other) === resolve(file)));
  if (twice === undefined) return;
  throw new SpatterError('USAGE', `each file must be named once, ${twice} is named twice`, 'leave one out');
}

/** A file without crops, such as of a video without spatter, brings its label to no row. */
function requireCropsOfTwoClasses(parts: readonly Part[]): void {
  const isEmpty = ({ datasets }: Part) => datasets.every(({ length }) => length === 0);
  const [filled, empty] = [parts.filter((part) => !isEmpty(part)), parts.filter(isEmpty)];
  const classes = new Set(filled.map(({ label }) => label.label));
  const names = empty.map(({ file }) => file).join(', ');
  if (classes.size === 0)
    throw new SpatterError(
      'DATA_EMPTY',
      `${names}: no crops in the files`,
      'extract with a smaller --min-area',
    );
  if (classes.size > 1) return;
  const message = `the crops must be of at least two classes; ${names} holds no crops, all others are ${[...classes].join()}`;
  throw new SpatterError(
    'ONE_CLASS',
    message,
    'add files of another gas flow, or extract with a smaller --min-area',
  );
}

function toIndex(root: string, parts: readonly Part[]): CropIndex {
  const datasets = [...new Set(parts.flatMap((part) => part.datasets.map(({ name }) => name)))];
  const ids = new Map(datasets.map((name, i) => [name, i]));
  const blocks = parts.flatMap((part, file) => part.datasets.map((dataset) => ({ ...dataset, file, part })));
  const length = blocks.reduce((sum, block) => sum + block.length, 0);
  const [file, dataset] = [new Uint16Array(length), new Uint16Array(length)];
  const [dsIdx, label] = [new Uint32Array(length), new Uint8Array(length)];
  let row = 0;
  for (const block of blocks) {
    const end = row + block.length;
    file.fill(block.file, row, end);
    dataset.fill(ids.get(block.name)!, row, end);
    label.fill(block.part.label.label, row, end);
    for (let i = 0; row < end; row++, i++) dsIdx[row] = i;
  }
  const files = parts.map((part) => part.file);
  return { root, name: 'unshuffled_images.csv', files, datasets, file, dataset, dsIdx, label, length };
}

function recordingsIn({ file, datasets, label }: Part): Recording[] {
  const videos = [...new Set(datasets.map(({ name }) => videoOfDataset(name)))];
  return videos.map((video) => {
    // A name given to a file of several videos would name them all the same.
    const name = label.recording !== null && videos.length === 1 ? label.recording : video;
    return { name, file, video, label: label.label, position: label.position, session: label.session };
  });
}

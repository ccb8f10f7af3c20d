// Builds the index of a data set: every crop of the HDF5 files with its label, in order and shuffled as the reference shuffles.
import { rmSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { CropFileReader, type CropDataset } from '../store/crop-file.ts';
import { factsIn, type RecordingFacts } from '../store/recording-facts.ts';
import { refuseToOverwrite, writeFilesAtomic } from '../util/atomic.ts';
import { SpatterError } from '../util/errors.ts';
import { numpyPermutation } from '../util/numpy-permutation.ts';
import { labelsOf, type FileLabel, type LabelSource } from './build-index-labels.ts';
import { CHECKSUMS, formatChecksums } from './checksums.ts';
import { DIGEST_WORDS } from './crop-facts.ts';
import { requireTwoClasses } from './crop-index-check.ts';
import { formatIndex, type CropIndex } from './crop-index.ts';
import { datasetVersion } from './dataset-version.ts';
import { placeCrops } from './packed-cache-plan.ts';
import { QUARANTINE_CSV, formatQuarantine, placeOf, withoutRows, type CropPlace } from './quarantine.ts';
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
  /** Looks at the crops of the index before anything is written. Without it nothing is left out, and no checksums are kept. */
  readonly inspect?: (index: CropIndex) => Promise<Inspection>;
}

/** What a look at all crops gives; slots are those of `placeCrops`. */
export interface Inspection {
  /** Of every crop, in the order of the slots. */
  readonly digests: Uint32Array;
  /** Slots of crops that cannot be decoded: the index leaves them out. */
  readonly damaged: readonly number[];
}

export interface BuiltIndex {
  /** The rows in order, as in `unshuffled`. */
  readonly index: CropIndex;
  readonly recordings: readonly Recording[];
  /** Label of each file. */
  readonly labels: readonly FileLabel[];
  readonly labelSource: LabelSource;
  readonly paths: IndexPaths;
  /** Version of the data set; null without an inspection. */
  readonly version: string | null;
  /** Crops left out because they are damaged. */
  readonly quarantined: readonly CropPlace[];
}

export interface IndexPaths {
  readonly images: string;
  readonly unshuffled: string;
  readonly recordings: string;
  readonly splits: string;
  readonly checksums: string;
  readonly quarantine: string;
}

/** The files of an index in `folder`. */
export function indexPaths(folder: string): IndexPaths {
  const [images, unshuffled] = [join(folder, 'images.csv'), join(folder, 'unshuffled_images.csv')];
  const [recordings, splits] = [join(folder, RECORDINGS_CSV), join(folder, 'splits.json')];
  const [checksums, quarantine] = [join(folder, CHECKSUMS), join(folder, QUARANTINE_CSV)];
  return { images, unshuffled, recordings, splits, checksums, quarantine };
}

/** The reference's seed. */
const SEED = 42;

/**
 * Writes `unshuffled_images.csv` (files as given, datasets in h5py's order), `images.csv` (the same rows in the order of
 * `pandas.DataFrame.sample(frac=1, random_state=seed)`) and `recordings.csv`; after an inspection `checksums.bin` too, and
 * `quarantine.csv` where crops are damaged. All or none of them.
 * @throws {SpatterError} OUTPUT_EXISTS, LABELS, ONE_CLASS, DATA_EMPTY, FILE_NOT_FOUND, HDF5_DAMAGED, HDF5_LAYOUT, DISK_FULL, IO.
 */
export async function buildIndex(options: BuildIndexOptions): Promise<BuiltIndex> {
  const { files, seed = SEED } = options;
  const root = options.out ?? dirname(files[0] ?? '.');
  const paths = indexPaths(root);
  refuseToOverwrite(Object.values(paths), options.overwrite === true);
  refuseDoubles(files);
  const scanned = await scan(files, root);
  const { files: labels, source: labelSource } = labelsOf(
    files,
    options.labels,
    scanned.map(({ facts }) => facts),
  );
  requireTwoClasses(labels.map(({ label }) => label));
  const parts = scanned.map((each, i): Part => ({ ...each, label: labels[i]! }));
  requireCropsOfTwoClasses(parts);
  const found = toIndex(root, parts);
  const inspection = await options.inspect?.(found);
  const checked = inspection === undefined ? { index: found, quarantined: [] } : settle(found, inspection);
  const { index, quarantined } = checked;
  requireTwoClasses(index.label);
  const recordings = parts.flatMap(recordingsIn);
  rmSync(paths.quarantine, { force: true });
  writeFilesAtomic([
    [paths.recordings, formatRecordings(recordings)],
    ...(quarantined.length > 0
      ? [[paths.quarantine, formatQuarantine(quarantined, 'damaged')] as const]
      : []),
    ...('checksums' in checked ? [[paths.checksums, formatChecksums(checked.checksums)] as const] : []),
    [paths.unshuffled, formatIndex(index)],
    [paths.images, formatIndex(index, numpyPermutation(seed, index.length))],
  ]);
  const version = 'checksums' in checked ? checked.checksums.version : null;
  return { index, recordings, labels, labelSource, paths, version, quarantined };
}

/** Leaves the damaged crops out and versions the rest. */
function settle(found: CropIndex, { digests, damaged }: Inspection) {
  const { slots } = placeCrops(found);
  const bad = new Set(damaged);
  const rows = [...slots.keys()].filter((row) => bad.has(slots[row]!));
  const index = withoutRows(found, new Set(rows));
  const kept = digests.filter((_, word) => !bad.has(Math.floor(word / DIGEST_WORDS)));
  const version = datasetVersion(index, placeCrops(index), kept);
  const quarantined = rows.map((row) => placeOf(found, row));
  return { index, quarantined, checksums: { version, digests: kept } };
}

/** One HDF5 file, its datasets, and what it says of itself. */
interface Scanned {
  readonly file: string;
  readonly datasets: readonly CropDataset[];
  readonly facts: RecordingFacts;
}

interface Part extends Scanned {
  readonly label: FileLabel;
}

async function scan(files: readonly string[], root: string): Promise<Scanned[]> {
  const parts: Scanned[] = [];
  for (const path of files) {
    const reader = await CropFileReader.open(path);
    const facts = factsIn(reader.attributes());
    parts.push({ file: relativeName(root, path), datasets: reader.datasets(), facts });
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
    const { recording, ...rest } = label;
    const name = recording !== null && videos.length === 1 ? recording : video;
    return { name, file, video, ...rest };
  });
}

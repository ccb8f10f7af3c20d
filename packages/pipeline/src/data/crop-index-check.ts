// Checks an index against the HDF5 files it names, before hours are spent on it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CropFileReader } from '../store/crop-file.ts';
import { SpatterError } from '../util/errors.ts';
import { invalid, type CropIndex } from './crop-index.ts';

/**
 * Checks that every row of `index` exists. Opens each file once; reads no crop.
 * @throws {SpatterError} INDEX_INVALID with the first row that names nothing, HDF5_DAMAGED, HDF5_LAYOUT.
 */
export async function validateIndex(index: CropIndex): Promise<void> {
  const lengths: Int32Array[] = [];
  for (const file of index.files) lengths.push(await datasetLengths(index, file));
  const bad = index.dsIdx.findIndex(
    (dsIdx, row) => dsIdx >= lengths[index.file[row]!]![index.dataset[row]!]!,
  );
  if (bad >= 0) throw notThere(index, bad, lengths[index.file[bad]!]![index.dataset[bad]!]!);
}

/** Rows of each of the index's datasets in `file`; −1 where it has no such dataset. */
async function datasetLengths(index: CropIndex, file: string): Promise<Int32Array> {
  const path = join(index.root, file);
  if (!existsSync(path)) throw invalid(`${join(index.root, index.name)} names ${file}, which does not exist`);
  const reader = await CropFileReader.open(path);
  const known = new Map(reader.datasets().map(({ name, length }) => [name, length]));
  reader.close();
  return Int32Array.from(index.datasets, (name) => known.get(name) ?? -1);
}

function notThere(index: CropIndex, row: number, length: number): SpatterError {
  const [file, dataset] = [index.files[index.file[row]!]!, index.datasets[index.dataset[row]!]!];
  const where = `${join(index.root, index.name)} line ${row + 2}`;
  if (length < 0) return invalid(`${where} names dataset ${dataset}, which ${file} does not have`);
  return invalid(
    `${where} names row ${index.dsIdx[row]!} of ${dataset} in ${file}, which has ${length} rows`,
  );
}

/** @throws {SpatterError} ONE_CLASS unless `labels` holds two classes or more. */
export function requireTwoClasses(labels: Iterable<number>): void {
  const classes = new Set(labels);
  if (classes.size >= 2) return;
  const found = classes.size === 0 ? 'there are none' : `all are ${[...classes].join()}`;
  throw new SpatterError(
    'ONE_CLASS',
    `labels must name at least two classes; ${found}`,
    'add files of another gas flow, or correct --labels',
  );
}

/**
 * @param outputs of the network; one tells two classes apart
 * @throws {SpatterError} LABELS unless the network has a class for each label.
 */
export function requireKnownLabels(labels: Uint8Array, outputs: number): void {
  const classes = Math.max(2, outputs);
  const highest = labels.reduce((a, b) => Math.max(a, b), 0);
  if (highest < classes) return;
  const message = `labels must be 0 to ${classes - 1} for a network of ${classes} classes, the index has a label ${highest}`;
  const hint = `give it the classes: model.architecture.num_classes=${highest + 1} training.loss=cross_entropy`;
  throw new SpatterError('LABELS', message, hint);
}

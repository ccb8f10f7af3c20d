// How the rows of an index are ordered: in the order of the crops, or shuffled crop by crop as the reference shuffles.
import { numpyPermutation } from '../util/numpy-permutation.ts';
import type { CropIndex } from './crop-index.ts';
import { placeCrops } from './packed-cache-plan.ts';

export interface IndexOrder {
  /** `mixed`: neither, such as files one after the other that are shuffled inside. */
  readonly kind: 'in order' | 'shuffled' | 'mixed';
  /** Share of rows followed by the next crop of the same dataset; 1 in order, near 0 shuffled. */
  readonly in_sequence: number;
  /** True when it is `pandas.DataFrame.sample(frac=1, random_state=42)` of the crops in order: the reference's own index. */
  readonly reference_shuffle: boolean;
}

const IN_ORDER = 0.9;
const SHUFFLED = 0.1;
const REFERENCE_SEED = 42;

/** Tells the order from the rows alone. A data set of a few crops may look shuffled by chance. */
export function indexOrder(index: CropIndex): IndexOrder {
  const { file, dataset, dsIdx, length } = index;
  const datasets = new Set<number>();
  let next = 0;
  for (let row = 0; row < length; row++) {
    datasets.add(file[row]! * 65_536 + dataset[row]!);
    const same = file[row] === file[row + 1] && dataset[row] === dataset[row + 1];
    next += Number(same && dsIdx[row + 1] === dsIdx[row]! + 1);
  }
  const share = length <= datasets.size ? 1 : Math.min(1, next / (length - datasets.size));
  const kind = share >= IN_ORDER ? 'in order' : share <= SHUFFLED ? 'shuffled' : 'mixed';
  return { kind, in_sequence: share, reference_shuffle: kind === 'shuffled' && isReferenceShuffle(index) };
}

/** What does not depend on the order of the rows. */
export const OTHER_SPLITS = 'Use time-block or recording';

/** The order in words, with what it means for the legacy split by position. */
export function orderWords({ kind, reference_shuffle }: IndexOrder): string {
  if (kind === 'in order')
    return 'The rows are not shuffled: the legacy split random cuts them file by file, and its test part may lack a class';
  const how = reference_shuffle
    ? 'as the published method shuffles (pandas, seed 42)'
    : kind === 'shuffled'
      ? 'crop by crop'
      : 'in part';
  return `The rows are shuffled ${how}, so the legacy split random leaks`;
}

/** Undoes the shuffle: within each file crops then stand in order, whatever the order of the files. */
function isReferenceShuffle(index: CropIndex): boolean {
  const { slots } = placeCrops(index);
  const order = numpyPermutation(REFERENCE_SEED, index.length);
  const unshuffled = new Uint32Array(index.length);
  order.forEach((row, i) => (unshuffled[row] = slots[i]!));
  let next = 0;
  for (let row = 0; row + 1 < unshuffled.length; row++)
    next += Number(unshuffled[row + 1] === unshuffled[row]! + 1);
  return next / Math.max(1, unshuffled.length - 1) >= IN_ORDER;
}

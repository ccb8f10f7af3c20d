// Mixup (Zhang et al., 2018) and CutMix (Yun et al., 2019): training images blended in pairs, and their labels with them.
import { settledArchitecture, type Config } from '../config/index.ts';
import type { Batch } from '../data/batch.ts';
import { beta, integer, randomStream, uniform, type Random } from '../util/random.ts';
import type { Progress } from './progress.ts';

/** Tells the draws of mixing from others of the same seed. */
const MIXING = 0x6d6978;

/** What a step is trained with: labels [size], or [size, K] as shares per class. */
export type FedBatch = Pick<Batch, 'x' | 'y' | 'size'>;

/** Blends the batch at a position of the run. */
export type Mixer = (batch: Batch, at: Pick<Progress, 'epoch' | 'batch'>) => FedBatch;

/** Whether `config` trains on blended images. */
const mixes = ({ training: { mixup_alpha, cutmix_alpha } }: Config): boolean =>
  mixup_alpha > 0 || cutmix_alpha > 0;

/** Outputs of the network where labels have to be shares per class; undefined where one number says it all. */
export function softLabels(config: Config): number | undefined {
  const { num_classes: outputs } = settledArchitecture(config);
  return mixes(config) && outputs > 1 ? outputs : undefined;
}

/**
 * Blends every batch of a run in place: sample i with sample N − 1 − i, as timm does, by one draw of Beta(α, α) per batch.
 * With both α above 0, a coin decides for each batch. The draws depend on seed, epoch and batch alone, so that a resumed
 * run goes on alike. The batch's own labels stay as they are.
 */
export function mixer(config: Config): Mixer {
  const { mixup_alpha: mixup, cutmix_alpha: cutmix } = config.training;
  if (!mixes(config)) return (batch) => batch;
  const classes = softLabels(config);
  return (batch, { epoch, batch: index }) => {
    const random = randomStream(config.seed, MIXING, epoch, index);
    const cuts = mixup === 0 || (cutmix > 0 && uniform(random) < 0.5);
    const drawn = beta(random, cuts ? cutmix : mixup);
    const share = cuts ? swapBoxes(batch, config.data.resize, drawn, random) : blend(batch, drawn);
    return { x: batch.x, y: mixedLabels(batch.y, share, classes), size: batch.size };
  };
}

/** Calls `each` with the offsets of the two images of every pair. An image in the middle has no partner. */
function pairs({ x, size }: Batch, each: (a: number, b: number) => void): void {
  const length = x.length / size;
  for (let i = 0; i < size - 1 - i; i++) each(i * length, (size - 1 - i) * length);
}

/**
 * Every image keeps the larger part of itself, which changes nothing but the order: with a share below one half, a pair
 * is the same pair turned round.
 */
function blend(batch: Batch, drawn: number): number {
  const { x, size } = batch;
  const share = Math.max(drawn, 1 - drawn);
  pairs(batch, (a, b) => {
    for (let k = 0; k < x.length / size; k++) {
      const [one, other] = [x[a + k]!, x[b + k]!];
      x[a + k] = share * one + (1 - share) * other;
      x[b + k] = share * other + (1 - share) * one;
    }
  });
  return share;
}

/** Swaps a box between the two images of every pair; returns the share of its pixels that an image keeps. */
function swapBoxes(batch: Batch, side: number, drawn: number, random: Random): number {
  const { x, size } = batch;
  const extent = Math.floor(side * Math.sqrt(1 - drawn));
  const range = (centre: number): [number, number] => [
    Math.max(0, centre - Math.floor(extent / 2)),
    Math.min(side, centre + Math.floor(extent / 2)),
  ];
  const [[top, bottom], [left, right]] = [range(integer(random, side)), range(integer(random, side))];
  const channels = x.length / size / (side * side);
  pairs(batch, (a, b) => {
    for (let row = 0; row < channels * side; row++) {
      if (row % side < top || row % side >= bottom) continue;
      const kept = x.slice(a + row * side + left, a + row * side + right);
      x.copyWithin(a + row * side + left, b + row * side + left, b + row * side + right);
      x.set(kept, b + row * side + left);
    }
  });
  return 1 - ((bottom - top) * (right - left)) / (side * side);
}

/** Labels of the blended images: [N] for one output, else shares per class [N, K]. */
function mixedLabels(y: Float32Array, share: number, classes: number | undefined): Float32Array {
  const partner = (i: number) => y[y.length - 1 - i]!;
  if (classes === undefined) return y.map((label, i) => share * label + (1 - share) * partner(i));
  const shares = new Float32Array(y.length * classes);
  y.forEach((label, i) => {
    shares[i * classes + label]! += share;
    shares[i * classes + partner(i)]! += 1 - share;
  });
  return shares;
}

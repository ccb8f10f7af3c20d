// What a training sample of each class counts in the loss.
import { settledArchitecture, type Config } from '../config/index.ts';
import type { BaseDataset } from '../data/part-loader.ts';
import { SpatterError } from '../util/errors.ts';

/**
 * The weights by class of `training.class_weights`: as given, or `balanced`, samples / (classes · samples of the class) of
 * the training part, as scikit-learn's `compute_class_weight('balanced')`. Undefined where all count the same.
 * @throws {SpatterError} CONFIG_VALUE when a class to be balanced has no training sample.
 */
export function classWeights(
  config: Config,
  { labels, split }: Pick<BaseDataset, 'labels' | 'split'>,
): readonly number[] | undefined {
  const { class_weights: weights } = config.training;
  if (weights !== 'balanced') return weights ?? undefined;
  const counts = new Array<number>(Math.max(2, settledArchitecture(config).num_classes)).fill(0);
  for (const row of split.train) counts[labels[row]!]!++;
  const empty = counts.indexOf(0);
  if (empty < 0) return counts.map((count) => split.train.length / (counts.length * count));
  throw new SpatterError(
    'CONFIG_VALUE',
    `training.class_weights=balanced must have training samples of every class, but class ${empty} has none`,
    'use another split, or give the weights as a list',
  );
}

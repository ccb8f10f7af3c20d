// Binary cross-entropy on logits.
import { abs, add, exp, log1p, maximum, mean, mul, neg, reshape, sub } from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import type { Loss } from './loss.ts';

/** Labels moved towards 1/2. */
export const smoothedLabels = (labels: Tensor, smoothing: number): Tensor =>
  smoothing === 0 ? labels : add(mul(labels, 1 - smoothing), smoothing / 2);

/** max(x, 0) − x·y + log(1 + e^−|x|) of every sample, which never overflows. */
export const binaryTerms = (x: Tensor, y: Tensor): Tensor =>
  add(sub(maximum(x, 0), mul(x, y)), log1p(exp(neg(abs(x)))));

/** w₁·y + w₀·(1 − y): what a sample counts. */
export const binaryWeights = (y: Tensor, [negative, positive]: readonly number[]): Tensor =>
  add(mul(y, positive! - negative!), negative!);

/**
 * `torch.nn.BCEWithLogitsLoss()` on logits [N, 1], labels in [0, 1]. Class weights multiply the samples, as the `weight`
 * of PyTorch's loss does, and the mean is over samples.
 */
export const bceWithLogits: Loss = {
  name: 'bce_with_logits',
  forward: (logits, labels, { smoothing = 0, classWeights } = {}) => {
    const terms = binaryTerms(reshape(logits, labels.shape), smoothedLabels(labels, smoothing));
    return mean(classWeights === undefined ? terms : mul(terms, binaryWeights(labels, classWeights)));
  },
};

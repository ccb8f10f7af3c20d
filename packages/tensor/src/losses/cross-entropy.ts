// Cross-entropy over classes.
import { float32 } from '../ir/host.ts';
import { add, constant, div, logSumExp, mean, mul, neg, oneHot, reduceSum, reshape, sub } from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import type { Loss, LossOptions } from './loss.ts';

/** One number per class, as a constant. */
export const perClass = (values: readonly number[]): Tensor =>
  constant(float32([values.length], Float32Array.from(values)));

/** Labels [N] or [N, K] as shares per class [N, K], smoothed. */
export function sharesOf(logits: Tensor, labels: Tensor, smoothing = 0): Tensor {
  const classes = logits.shape[1]!;
  const shares = labels.shape.length === 1 ? oneHot(labels, classes) : labels;
  return smoothing === 0 ? shares : add(mul(shares, 1 - smoothing), smoothing / classes);
}

/** ln of the softmax over classes. */
export const logSoftmax = (logits: Tensor): Tensor =>
  sub(logits, reshape(logSumExp(logits), [logits.shape[0]!, 1]));

/** With class indices the mean is over the weights of the labels' classes, with shares over samples, as in PyTorch. */
function weighted(logits: Tensor, labels: Tensor, weights: readonly number[], smoothing: number): Tensor {
  const each = perClass(weights);
  const total = reduceSum(mul(mul(sharesOf(logits, labels, smoothing), each), logSoftmax(logits)));
  if (labels.shape.length > 1) return neg(div(total, labels.shape[0]!));
  return neg(div(total, reduceSum(mul(sharesOf(logits, labels), each))));
}

/**
 * `torch.nn.CrossEntropyLoss(weight=classWeights, label_smoothing=smoothing)`: logits [N, K], labels the class indices
 * 0..K−1 held as float32, or shares per class [N, K].
 */
export const crossEntropy: Loss = {
  name: 'cross_entropy',
  forward: (logits, labels, { smoothing = 0, classWeights }: LossOptions = {}) => {
    if (classWeights !== undefined) return weighted(logits, labels, classWeights, smoothing);
    // The shares of a label sum to 1, so the logarithm's normaliser is taken once per row.
    const picked = reduceSum(mul(logits, sharesOf(logits, labels, smoothing)), [1]);
    return mean(sub(logSumExp(logits), picked));
  },
};

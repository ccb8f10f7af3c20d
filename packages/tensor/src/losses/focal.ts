// Focal loss: cross-entropy in which samples that are right already count less.
import { add, exp, log, mean, mul, neg, reduceSum, reshape, sigmoid, sub } from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import { binaryTerms, binaryWeights, smoothedLabels } from './bce-with-logits.ts';
import { logSoftmax, perClass, sharesOf } from './cross-entropy.ts';
import type { Loss, LossOptions } from './loss.ts';

/** Lin et al. take 2. */
const GAMMA = 2;
/** Keeps the logarithm of the distance from the truth finite; far below what float32 can tell from 1. */
const TINY = 1e-12;

/** distance^gamma for distances in [0, 1]. */
const focus = (distance: Tensor, gamma: number): Tensor => exp(mul(log(add(distance, TINY)), gamma));

/** Mean of (1 − p)^γ·(cross-entropy), where p is the probability given to the truth. */
function binary(logits: Tensor, labels: Tensor, { smoothing = 0, classWeights, gamma = GAMMA }: LossOptions) {
  const [x, y] = [reshape(logits, labels.shape), smoothedLabels(labels, smoothing)];
  const p = sigmoid(x);
  const distance = sub(add(p, y), mul(mul(p, y), 2));
  const terms = mul(binaryTerms(x, y), focus(distance, gamma));
  return mean(classWeights === undefined ? terms : mul(terms, binaryWeights(labels, classWeights)));
}

function multiclass(logits: Tensor, labels: Tensor, options: LossOptions): Tensor {
  const { smoothing = 0, classWeights, gamma = GAMMA } = options;
  const logarithms = logSoftmax(logits);
  const terms = mul(
    mul(sharesOf(logits, labels, smoothing), logarithms),
    focus(sub(1, exp(logarithms)), gamma),
  );
  return neg(mean(reduceSum(classWeights === undefined ? terms : mul(terms, perClass(classWeights)), [1])));
}

/**
 * Lin et al. (2017), eq. 5. One logit: `torchvision.ops.sigmoid_focal_loss(alpha=-1, gamma, reduction='mean')`; class
 * weights [1 − α, α] give its `alpha`. Several: −Σ share·(1 − p)^γ·ln p over classes, mean over samples.
 */
export const focal: Loss = {
  name: 'focal',
  forward: (logits, labels, options = {}) =>
    logits.shape[1] === 1 ? binary(logits, labels, options) : multiclass(logits, labels, options),
};

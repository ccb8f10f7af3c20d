// Cross-entropy over classes.
import { add, logSumExp, mean, mul, oneHot, reduceSum, sub } from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import type { Loss } from './loss.ts';

/** The logits weighted by (1 − s) for the label and s/K for every class. */
function smoothed(logits: Tensor, picked: Tensor, smoothing: number): Tensor {
  const share = mul(reduceSum(logits, [1]), smoothing / logits.shape[1]!);
  return add(mul(picked, 1 - smoothing), share);
}

/**
 * `torch.nn.CrossEntropyLoss(label_smoothing=smoothing)`: logits [N, K], labels the class indices 0..K−1 held as
 * float32.
 */
export const crossEntropy: Loss = {
  name: 'cross_entropy',
  forward: (logits, labels, smoothing = 0) => {
    const picked = reduceSum(mul(logits, oneHot(labels, logits.shape[1]!)), [1]);
    return mean(sub(logSumExp(logits), smoothing === 0 ? picked : smoothed(logits, picked, smoothing)));
  },
};

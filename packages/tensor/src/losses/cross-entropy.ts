// Cross-entropy over classes.
import { logSumExp, mean, mul, oneHot, reduceSum, sub } from '../ir/ops.ts';
import type { Loss } from './loss.ts';

/** `torch.nn.CrossEntropyLoss()`: logits [N, K], labels the class indices 0..K−1 held as float32. */
export const crossEntropy: Loss = {
  name: 'cross_entropy',
  forward: (logits, labels) => {
    const picked = reduceSum(mul(logits, oneHot(labels, logits.shape[1]!)), [1]);
    return mean(sub(logSumExp(logits), picked));
  },
};

// Binary cross-entropy on logits.
import { abs, add, exp, log1p, maximum, mean, mul, neg, reshape, sub } from '../ir/ops.ts';
import type { Loss } from './loss.ts';

/**
 * `torch.nn.BCEWithLogitsLoss()`: max(x, 0) − x·y + log(1 + e^−|x|), which never overflows.
 * Logits [N, 1], labels in [0, 1], which smoothing moves towards 1/2.
 */
export const bceWithLogits: Loss = {
  name: 'bce_with_logits',
  forward: (logits, labels, smoothing = 0) => {
    const x = reshape(logits, labels.shape);
    const y = smoothing === 0 ? labels : add(mul(labels, 1 - smoothing), smoothing / 2);
    return mean(add(sub(maximum(x, 0), mul(x, y)), log1p(exp(neg(abs(x))))));
  },
};

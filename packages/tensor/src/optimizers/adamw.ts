// Adam with decoupled weight decay.
import { mul, sub } from '../ir/ops.ts';
import { adam, type AdamOptions } from './adam.ts';
import type { Optimizer } from './optimizer.ts';
import { decayOf } from './weight-decay.ts';

/**
 * `torch.optim.AdamW` (Loshchilov and Hutter, 2019, algorithm 2): the parameter first shrinks by lr·weightDecay, then
 * takes Adam's step, whose moments never see the decay. PyTorch's default decay is 0.01.
 */
export function adamw({ weightDecay = 0.01, ...options }: AdamOptions = {}): Optimizer {
  const plain = adam({ ...options, weightDecay: 0 });
  return {
    ...plain,
    name: 'adamw',
    scalars: (step, lr) => ({ ...plain.scalars(step, lr), shrinkage: lr * weightDecay }),
    update: (inputs) => {
      const { parameter, scalar } = inputs;
      const decays = decayOf(parameter.shape, { ...options, weightDecay }) > 0;
      const shrunk = decays ? sub(parameter, mul(parameter, scalar('shrinkage'))) : parameter;
      return plain.update({ ...inputs, parameter: shrunk });
    },
  };
}

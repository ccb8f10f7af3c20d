// Adam with PyTorch's coupled weight decay.
import { add, div, mul, sqrt, sub } from '../ir/ops.ts';
import type { Optimizer } from './optimizer.ts';
import { decayOf, type WeightDecayOptions } from './weight-decay.ts';

export interface AdamOptions extends WeightDecayOptions {
  /** Decay rates of the two moments, each in [0, 1). */
  readonly betas?: readonly [number, number];
  readonly eps?: number;
}

/**
 * `torch.optim.Adam`: Kingma and Ba (2015), algorithm 1, with eps added after the bias-corrected root. Weight decay is an
 * L2 penalty, added to the gradient before the moments.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const { betas = [0.9, 0.999], eps = 1e-8 } = options;
  const [beta1, beta2] = betas;
  return {
    name: 'adam',
    slots: ['exp_avg', 'exp_avg_sq'],
    scalars: (step, lr) => ({
      step_size: lr / (1 - beta1 ** step),
      root_correction: Math.sqrt(1 - beta2 ** step),
    }),
    update: ({ parameter, gradient, slot, scalar }) => {
      const weightDecay = decayOf(parameter.shape, options);
      const g = weightDecay === 0 ? gradient : add(gradient, mul(weightDecay, parameter));
      const first = add(slot('exp_avg'), mul(sub(g, slot('exp_avg')), 1 - beta1));
      const second = add(mul(slot('exp_avg_sq'), beta2), mul(mul(g, g), 1 - beta2));
      const denominator = add(div(sqrt(second), scalar('root_correction')), eps);
      return {
        parameter: sub(parameter, mul(scalar('step_size'), div(first, denominator))),
        slots: { exp_avg: first, exp_avg_sq: second },
      };
    },
  };
}

// Stochastic gradient descent with momentum.
import { add, mul, sub } from '../ir/ops.ts';
import type { Optimizer } from './optimizer.ts';
import { decayOf, type WeightDecayOptions } from './weight-decay.ts';

export interface SgdOptions extends WeightDecayOptions {
  /** Decay of the velocity, in [0, 1). */
  readonly momentum?: number;
  /** Look ahead along the velocity (Sutskever et al., 2013). */
  readonly nesterov?: boolean;
}

/**
 * `torch.optim.SGD` (without dampening): the velocity is momentum·velocity + gradient. Weight decay is an L2 penalty,
 * added to the gradient.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { momentum = 0, nesterov = false } = options;
  const keepsVelocity = momentum !== 0;
  return {
    name: 'sgd',
    slots: keepsVelocity ? ['momentum_buffer'] : [],
    scalars: (_step, lr) => ({ lr }),
    update: ({ parameter, gradient, slot, scalar }) => {
      const weightDecay = decayOf(parameter.shape, options);
      const g = weightDecay === 0 ? gradient : add(gradient, mul(weightDecay, parameter));
      if (!keepsVelocity) return { parameter: sub(parameter, mul(scalar('lr'), g)), slots: {} };
      const velocity = add(mul(slot('momentum_buffer'), momentum), g);
      const direction = nesterov ? add(g, mul(velocity, momentum)) : velocity;
      return {
        parameter: sub(parameter, mul(scalar('lr'), direction)),
        slots: { momentum_buffer: velocity },
      };
    },
  };
}

// Stochastic gradient descent with momentum.
import { add, mul, sub } from '../ir/ops.ts';
import type { Optimizer } from './optimizer.ts';

export interface SgdOptions {
  /** Decay of the velocity, in [0, 1). */
  readonly momentum?: number;
  /** Look ahead along the velocity (Sutskever et al., 2013). */
  readonly nesterov?: boolean;
  /** L2 penalty, added to the gradient. */
  readonly weightDecay?: number;
}

/** `torch.optim.SGD` (without dampening): the velocity is momentum·velocity + gradient. */
export function sgd({ momentum = 0, nesterov = false, weightDecay = 0 }: SgdOptions = {}): Optimizer {
  const keepsVelocity = momentum !== 0;
  return {
    name: 'sgd',
    slots: keepsVelocity ? ['momentum_buffer'] : [],
    scalars: (_step, lr) => ({ lr }),
    update: ({ parameter, gradient, slot, scalar }) => {
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

// Layers that switch parts of a network off while it trains. Their masks depend only on seed, step and the order of the layers.
import { mul } from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import type { Layer, Scope } from './layer.ts';

/** Kept entries grow by 1 / (1 − rate), so that the mean stays. */
function masked(rate: number, shapeOf: (x: Tensor) => readonly number[]): Layer {
  const forward = ({ training, keepMask }: Scope, x: Tensor): Tensor =>
    training && rate > 0 ? mul(x, keepMask(shapeOf(x), 1 - rate)) : x;
  return { parameters: [], buffers: [], counters: [], forward };
}

/** `torch.nn.Dropout(rate)` (Srivastava et al., 2014): single entries become zero. `rate` in [0, 1). */
export const dropout = (rate: number): Layer => masked(rate, ({ shape }) => shape);

/** `torchvision.ops.StochasticDepth(rate, 'row')` (Huang et al., 2016): all of a sample becomes zero. `rate` in [0, 1). */
export const stochasticDepth = (rate: number): Layer =>
  masked(rate, ({ shape }) => shape.map((extent, axis) => (axis === 0 ? extent : 1)));

// A max pool over a rectifier, with the rectifier moved behind it, where the images are smaller.
import { maxPool2d, relu } from '../ir/ops.ts';
import { sizeOf } from '../ir/host.ts';
import type { Tensor } from '../ir/primitives.ts';
import type { Rewritten } from './rewritten.ts';

/**
 * maxPool(relu(x)) → relu(maxPool(x)), since the rectifier keeps the order. Where the maximum is positive it is the same pixel's;
 * elsewhere nothing flows back in either form.
 */
export function pooledRelu(tensor: Tensor): Rewritten | undefined {
  if (tensor.op !== 'maxPool2d') return undefined;
  const [rectified] = tensor.inputs;
  if (rectified.op !== 'relu') return undefined;
  const [x] = rectified.inputs;
  const { window, ...geometry } = tensor.params;
  return { better: relu(maxPool2d(x, window, geometry)), pays: sizeOf(tensor.shape) < sizeOf(x.shape) };
}

// A convolution under a max pool, computed as one strided convolution that gives each window's pixels as channel groups.
import { float32, sizeOf } from '../ir/host.ts';
import { add, constant, conv2d, matmul, maxGroups, reshape, transpose } from '../ir/ops.ts';
import type { Node, Pair, Tensor } from '../ir/primitives.ts';
import type { Rewritten } from './rewritten.ts';

/** The wider kernels cost (K + W − 1)²/K² the products; beyond this factor the plain form is quicker. */
const LARGEST_GROWTH = 1.5;
const LARGEST_GROWTH_TRIED = 2;

type Four = readonly [number, number, number, number];

/**
 * maxPool(conv(x, w) + b) → maxGroups(conv(x, wide(w))) + b. For every pixel of the pooling window `wide` holds a copy
 * of the kernel moved to that pixel, so that the strided convolution gives the window's pixels side by side, and neither
 * pass ever takes images apart or weaves them together. b is the same for all pixels of a window, so it can follow the
 * maximum. Pooling regions and ties stay what they were.
 */
export function pooledConvolution(tensor: Tensor): Rewritten | undefined {
  if (tensor.op !== 'maxPool2d') return undefined;
  const [pooled] = tensor.inputs;
  const [convolution, bias] = pooled.op === 'add' ? pooled.inputs : [pooled];
  if (convolution.op !== 'conv2d' || (bias && !isPerChannel(bias))) return undefined;
  if (!isPlain(tensor, convolution)) return undefined;
  const { window } = tensor.params;
  const kernel = kernelOf(convolution);
  const wide = wideKernel(kernel, window, convolution.params.stride);
  const growth = sizeOf(wide) / sizeOf(kernel);
  if (growth > LARGEST_GROWTH_TRIED) return undefined;
  const [x, weight] = convolution.inputs;
  const { stride, padding } = convolution.params;
  const windows = conv2d(x, widen(weight, wide, window, stride), {
    stride: [stride[0] * window[0], stride[1] * window[1]],
    padding,
  });
  const largest = maxGroups(windows, sizeOf(window));
  return { better: bias ? add(largest, bias) : largest, pays: growth <= LARGEST_GROWTH };
}

/** Windows side by side, and kernels whose taps are neighbours in all input channels. */
function isPlain(
  { params: pool }: Node<'maxPool2d'>,
  { params: { dilation, groups } }: Node<'conv2d'>,
): boolean {
  const isSideBySide = pool.stride.join() === pool.window.join() && pool.padding.join() === '0,0';
  return isSideBySide && groups === 1 && dilation.join() === '1,1';
}

const isPerChannel = ({ shape }: Tensor): boolean => shape.length === 3 && shape[1] === 1 && shape[2] === 1;

function kernelOf({ inputs: [, weight] }: Node<'conv2d'>): Pair {
  const [, , height, width] = weight.shape as Four;
  return [height, width];
}

function wideKernel(kernel: Pair, window: Pair, stride: Pair): Pair {
  return [kernel[0] + stride[0] * (window[0] - 1), kernel[1] + stride[1] * (window[1] - 1)];
}

/** Weight [O, I, KH, KW] → [G·O, I, BH, BW]: a product with a constant of zeros and ones, so its gradient comes for free. */
function widen(weight: Tensor, wide: Pair, window: Pair, stride: Pair): Tensor {
  const [o, i, height, width] = weight.shape as Four;
  const groups = sizeOf(window);
  const placed = matmul(
    reshape(weight, [o * i, height * width]),
    placement([height, width], wide, window, stride),
  );
  const grouped = transpose(reshape(placed, [o, i, groups, ...wide]), [2, 0, 1, 3, 4]);
  return reshape(grouped, [groups * o, i, ...wide]);
}

/** [KH·KW, G·BH·BW]: where in the wide kernel of each window pixel each weight stands. */
function placement(kernel: Pair, wide: Pair, window: Pair, stride: Pair): Tensor {
  const columns = sizeOf(window) * sizeOf(wide);
  const data = new Float32Array(sizeOf(kernel) * columns);
  for (let tap = 0; tap < sizeOf(kernel); tap++)
    for (let group = 0; group < sizeOf(window); group++) {
      const row = Math.floor(tap / kernel[1]) + stride[0] * Math.floor(group / window[1]);
      const column = (tap % kernel[1]) + stride[1] * (group % window[1]);
      data[tap * columns + (group * wide[0] + row) * wide[1] + column] = 1;
    }
  return constant(float32([sizeOf(kernel), columns], data));
}

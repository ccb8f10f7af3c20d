// Layers with PyTorch's conventions: the linear layer, pooling and activations.
import {
  add,
  avgPool2d,
  gelu,
  geluOfScaled,
  matmul,
  maxPool2d,
  mul,
  reduceSum,
  relu,
  reshape,
  sigmoid,
  silu,
  tanh,
} from '../ir/ops.ts';
import { sizeOf, type Shape } from '../ir/host.ts';
import type { Pair, Tensor } from '../ir/primitives.ts';
import { defaultInitial } from './convolution.ts';
import { stateless, type Layer } from './layer.ts';
import type { Initial } from './parameters.ts';

export interface LinearOptions {
  /** How the weight begins, given its shape; PyTorch's default when left out. */
  readonly initial?: (shape: Shape) => Initial;
  /** How the bias begins; PyTorch's default when left out. */
  readonly initialBias?: Initial;
}

/** Rows of [..., features] under each other, and what brings a product of them back. */
function rowsOf(x: Tensor): [rows: Tensor, restored: (y: Tensor) => Tensor] {
  if (x.shape.length === 2) return [x, (y) => y];
  const leading = x.shape.slice(0, -1);
  const rows = reshape(x, [sizeOf(leading), x.shape.at(-1)!]);
  return [rows, (y) => reshape(y, [...leading, y.shape[1]!])];
}

/** `torch.nn.Linear(inFeatures, outFeatures)` on [..., inFeatures]. */
export function linear(inFeatures: number, outFeatures: number, options: LinearOptions = {}): Layer {
  const shape = [outFeatures, inFeatures];
  const { initial = defaultInitial, initialBias = defaultInitial(shape) } = options;
  return {
    parameters: [
      { name: 'weight', shape, initial: initial(shape) },
      { name: 'bias', shape: [outFeatures], initial: initialBias },
    ],
    buffers: [],
    counters: [],
    forward: ({ tensor }, x) => {
      const [rows, restored] = rowsOf(x);
      return restored(add(matmul(rows, tensor('weight'), false, true), tensor('bias')));
    },
  };
}

const square = (extent: number): Pair => [extent, extent];

/** `torch.nn.MaxPool2d(window, stride, padding)`. */
export const maxPool = (window: number, stride = window, padding = 0): Layer =>
  stateless((x) => maxPool2d(x, square(window), { stride: square(stride), padding: square(padding) }));
/** `torch.nn.AvgPool2d(window)`. */
export const avgPool = (window: number): Layer => stateless((x) => avgPool2d(x, square(window)));
/** `torch.nn.AdaptiveAvgPool2d(1)` and `torch.nn.Flatten()`: [N, C, H, W] → [N, C]. */
export const globalAvgPool = (): Layer =>
  stateless((x) => mul(reduceSum(x, [2, 3]), 1 / (x.shape[2]! * x.shape[3]!)));
/** `torch.nn.Flatten()`. */
export const flatten = (): Layer => stateless((x) => reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))]));
/** `torch.nn.Identity()`. */
export const identity = (): Layer => stateless((x) => x);
export const reluLayer = (): Layer => stateless(relu);
export const tanhLayer = (): Layer => stateless(tanh);
/** `torch.nn.GELU()`. */
export const geluLayer = (): Layer => ({
  parameters: [],
  buffers: [],
  counters: [],
  forward: ({ training }, x) => (training ? geluOfScaled(x) : gelu(x)),
});
export const siluLayer = (): Layer => stateless(silu);
export const sigmoidLayer = (): Layer => stateless(sigmoid);

// Layers with PyTorch's conventions: the linear layer, pooling and activations.
import {
  add,
  avgPool2d,
  matmul,
  maxPool2d,
  mul,
  reduceSum,
  relu,
  reshape,
  sigmoid,
  tanh,
} from '../ir/ops.ts';
import { sizeOf } from '../ir/host.ts';
import type { Pair } from '../ir/primitives.ts';
import { defaultInitial } from './convolution.ts';
import { stateless, type Layer } from './layer.ts';

/** `torch.nn.Linear(inFeatures, outFeatures)` on [N, inFeatures]. */
export function linear(inFeatures: number, outFeatures: number): Layer {
  const shape = [outFeatures, inFeatures];
  const initial = defaultInitial(shape);
  return {
    parameters: [
      { name: 'weight', shape, initial },
      { name: 'bias', shape: [outFeatures], initial },
    ],
    buffers: [],
    counters: [],
    forward: ({ tensor }, x) => add(matmul(x, tensor('weight'), false, true), tensor('bias')),
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
export const sigmoidLayer = (): Layer => stateless(sigmoid);

// Layers with PyTorch's conventions: parameter names, shapes and default initialisation.
import {
  add,
  avgPool2d,
  conv2d,
  matmul,
  maxPool2d,
  relu,
  reshape,
  sigmoid,
  tanh,
  reduceSum,
} from '../ir/ops.ts';
import { sizeOf, type Shape } from '../ir/host.ts';
import type { Pair, Tensor } from '../ir/primitives.ts';
import type { ParameterSpec } from './parameters.ts';

/** Looks a parameter up by name. */
export type Parameters = (name: string) => Tensor;

/** A step of a model. Parameter names are local (`weight`), the container adds the prefix. */
export interface Layer {
  readonly parameters: readonly ParameterSpec[];
  readonly forward: (parameters: Parameters, x: Tensor) => Tensor;
}

const stateless = (forward: (x: Tensor) => Tensor): Layer => ({
  parameters: [],
  forward: (_parameters, x) => forward(x),
});

/** PyTorch's default for Conv2d and Linear: kaiming-uniform with a = √5, which is ±1/√fan_in for weight and bias. */
function weightAndBias(weight: Shape): ParameterSpec[] {
  const bound = 1 / Math.sqrt(sizeOf(weight.slice(1)));
  return [
    { name: 'weight', shape: weight, bound },
    { name: 'bias', shape: [weight[0]!], bound },
  ];
}

/**
 * `torch.nn.Conv2d(inChannels, outChannels, kernel)`. A one-channel image is taken as that image repeated to all
 * `inChannels`: by linearity this is a convolution with the kernel summed over its input channels, at a fraction of the
 * work and with the same gradients.
 */
export function conv(inChannels: number, outChannels: number, kernel: number): Layer {
  return {
    parameters: weightAndBias([outChannels, inChannels, kernel, kernel]),
    forward: (parameters, x) => {
      const weight = parameters('weight');
      const isRepeated = x.shape[1] === 1 && inChannels > 1;
      const summed = isRepeated ? reshape(reduceSum(weight, [1]), [outChannels, 1, kernel, kernel]) : weight;
      return add(conv2d(x, summed), reshape(parameters('bias'), [outChannels, 1, 1]));
    },
  };
}

/** `torch.nn.Linear(inFeatures, outFeatures)` on [N, inFeatures]. */
export function linear(inFeatures: number, outFeatures: number): Layer {
  return {
    parameters: weightAndBias([outFeatures, inFeatures]),
    forward: (parameters, x) => add(matmul(x, parameters('weight'), false, true), parameters('bias')),
  };
}

const square = (window: number): Pair => [window, window];

/** `torch.nn.MaxPool2d(window)`. */
export const maxPool = (window: number): Layer => stateless((x) => maxPool2d(x, square(window)));
/** `torch.nn.AvgPool2d(window)`. */
export const avgPool = (window: number): Layer => stateless((x) => avgPool2d(x, square(window)));
/** `torch.nn.Flatten()`. */
export const flatten = (): Layer => stateless((x) => reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))]));
export const reluLayer = (): Layer => stateless(relu);
export const tanhLayer = (): Layer => stateless(tanh);
export const sigmoidLayer = (): Layer => stateless(sigmoid);

/** `torch.nn.Sequential` held as attribute `prefix`: layer i's parameters are `prefix.i.…`; layers without count too. */
export function sequential(prefix: string, layers: readonly Layer[]): Layer {
  const full = (index: number, name: string) => `${prefix}.${index}.${name}`;
  return {
    parameters: layers.flatMap((layer, i) =>
      layer.parameters.map((parameter) => ({ ...parameter, name: full(i, parameter.name) })),
    ),
    forward: (parameters, x) =>
      layers.reduce((value, layer, i) => layer.forward((name) => parameters(full(i, name)), value), x),
  };
}

/** A network from images [N, C, H, W] to logits [N, K]. */
export interface Model extends Layer {
  readonly name: string;
}

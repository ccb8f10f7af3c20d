// LeNet5 (LeCun et al., 1998) in the two variants of the method: without activations after the convolutions, and with.
import {
  avgPool,
  conv,
  flatten,
  linear,
  maxPool,
  reluLayer,
  sequential,
  sigmoidLayer,
  tanhLayer,
  type Layer,
  type Model,
} from '@spatter/tensor';
import type { ModelOptions } from './model-options.ts';

const head = (classes: number): Layer[] => [
  flatten(),
  linear(400, 120),
  reluLayer(),
  linear(120, 84),
  reluLayer(),
  linear(84, classes),
];

/** Max-pooled, parameters `model.0`, `2`, `5`, `7`, `9`; images of 32×32. */
export function lenet5({ in_channels, num_classes }: ModelOptions): Model {
  const body = [conv(in_channels, 6, 5), maxPool(2), conv(6, 16, 5), maxPool(2)];
  return { name: 'lenet5', ...sequential('model', [...body, ...head(num_classes)]) };
}

/** Tanh, average pooling and sigmoid after each convolution, parameters `model.0`, `4`, `9`, `11`, `13`; images of 32×32. */
export function lenet5Activation({ in_channels, num_classes }: ModelOptions): Model {
  const block = (from: number, to: number) => [conv(from, to, 5), tanhLayer(), avgPool(2), sigmoidLayer()];
  const body = [...block(in_channels, 6), ...block(6, 16)];
  return { name: 'lenet5_activation', ...sequential('model', [...body, ...head(num_classes)]) };
}

// A plain convolutional network whose depth, width, kernel, normalisation, activation and pooling are free: for sweeps.
import {
  avgPool,
  batchNorm,
  chain,
  compose,
  conv,
  dropout,
  geluLayer,
  globalAvgPool,
  identity,
  linear,
  maxPool,
  reluLayer,
  sigmoidLayer,
  siluLayer,
  tanhLayer,
  type Layer,
  type Model,
} from '@spatter/tensor';
import type { ModelOptions } from './model-options.ts';

const ACTIVATIONS = {
  relu: reluLayer,
  sigmoid: sigmoidLayer,
  tanh: tanhLayer,
  gelu: geluLayer,
  silu: siluLayer,
};
const POOLINGS = { avg: avgPool, max: maxPool };

export interface CnnOptions extends ModelOptions {
  /** Blocks, each of which halves the image: at most log₂ of its side. */
  readonly depth?: number;
  /** Channels of the first block, doubled by every further one. */
  readonly width?: number;
  /** Side of all kernels; the padding is half of it, which for odd sides keeps the size of the image. */
  readonly kernel?: number;
  readonly norm?: 'batch' | 'none';
  readonly activation?: keyof typeof ACTIVATIONS;
  readonly pooling?: keyof typeof POOLINGS;
  /** Share of features that training drops before the last layer. */
  readonly dropout?: number;
}

/** Blocks of convolution, normalisation, activation and 2×2 pooling, then the mean over all pixels and a linear layer. */
export function cnn(options: CnnOptions): Model {
  const { in_channels, num_classes, depth = 3, width = 32 } = options;
  const widths = Array.from({ length: depth }, (_, i) => width * 2 ** i);
  const children = {
    blocks: chain(widths.map((to, i) => block(i === 0 ? in_channels : widths[i - 1]!, to, options))),
    pool: globalAvgPool(),
    drop: dropout(options.dropout ?? 0),
    head: linear(widths.at(-1)!, num_classes),
  };
  return { name: 'cnn', ...compose(children, (run, x) => run.head(run.drop(run.pool(run.blocks(x))))) };
}

function block(from: number, to: number, options: CnnOptions): Layer {
  const { kernel = 3, norm = 'batch', activation = 'relu', pooling = 'max' } = options;
  const isNormalised = norm === 'batch';
  const children = {
    conv: conv(from, to, kernel, { padding: Math.floor(kernel / 2), bias: !isNormalised }),
    norm: isNormalised ? batchNorm(to) : identity(),
    activation: ACTIVATIONS[activation](),
    pool: POOLINGS[pooling](2),
  };
  return compose(children, (run, x) => run.pool(run.activation(run.norm(run.conv(x)))));
}

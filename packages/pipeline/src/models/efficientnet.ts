// EfficientNet-B0 and B1 (Tan and Le, 2019), with torchvision's parameter and buffer names.
import {
  add,
  batchNorm,
  chain,
  compose,
  conv,
  dropout,
  globalAvgPool,
  identity,
  kaimingFanOut,
  linear,
  mul,
  reduceSum,
  reshape,
  sigmoid,
  silu,
  siluLayer,
  stochasticDepth,
  type Layer,
  type Model,
} from '@spatter/tensor';
import type { ModelOptions } from './model-options.ts';

export interface EfficientNetOptions extends ModelOptions {
  /** `imagenet`: the stem halves the image, as torchvision; `small`: stem and second stage keep its size, for images up to 64 pixels. */
  readonly stem?: 'imagenet' | 'small';
  /** Channels of the stem; torchvision's networks have 32, and all others follow in proportion. */
  readonly width?: number;
  /** Share of features that training drops before the last layer. */
  readonly dropout?: number;
  /** Share of images for which training skips the last block; earlier blocks are skipped less, in proportion. */
  readonly drop_path?: number;
}

/** One stage of inverted residual blocks. */
interface Stage {
  /** Channels inside a block are this many times those that enter it. */
  readonly expansion: number;
  readonly kernel: 3 | 5;
  readonly stride: 1 | 2;
  /** At the width of B0. */
  readonly channels: number;
  /** At the depth of B0. */
  readonly blocks: number;
  /** Keeps the size of the image all the same; the block stays one whose input is not added. */
  readonly keepsSize?: boolean;
}

/** Table 1 of the paper. */
const STAGES: readonly Stage[] = [
  { expansion: 1, kernel: 3, stride: 1, channels: 16, blocks: 1 },
  { expansion: 6, kernel: 3, stride: 2, channels: 24, blocks: 2 },
  { expansion: 6, kernel: 5, stride: 2, channels: 40, blocks: 2 },
  { expansion: 6, kernel: 3, stride: 2, channels: 80, blocks: 3 },
  { expansion: 6, kernel: 5, stride: 1, channels: 112, blocks: 3 },
  { expansion: 6, kernel: 5, stride: 2, channels: 192, blocks: 4 },
  { expansion: 6, kernel: 3, stride: 1, channels: 320, blocks: 1 },
];
const STEM = 32;
/** The squeeze has a quarter of the channels that enter a block. */
const SQUEEZE = 4;
/** The head has this many times the channels of the last stage. */
const HEAD = 4;

/** `channels` times `width` / 32, rounded to a multiple of 8 but never down by more than a tenth: the reference's rule. */
function scaled(channels: number, width: number): number {
  const exact = (channels * width) / STEM;
  const rounded = Math.max(8, Math.floor((exact + 4) / 8) * 8);
  return rounded < 0.9 * exact ? rounded + 8 : rounded;
}

interface Convolution {
  readonly stride?: number;
  readonly groups?: number;
  readonly activation?: boolean;
}

/** torchvision's `Conv2dNormActivation`: convolution, batch normalisation and, unless switched off, SiLU. */
function normed(
  from: number,
  to: number,
  kernel: number,
  { stride = 1, groups = 1, activation = true }: Convolution = {},
): Layer {
  const padding = (kernel - 1) / 2;
  const convolution = conv(from, to, kernel, {
    stride,
    padding,
    groups,
    bias: false,
    initial: kaimingFanOut,
  });
  return chain([convolution, batchNorm(to), ...(activation ? [siluLayer()] : [])]);
}

/** torchvision's `SqueezeExcitation` (Hu et al., 2018): channels are weighed by what all pixels together say. */
function squeezeExcitation(channels: number, squeezed: number): Layer {
  const options = { initial: kaimingFanOut, initialBias: { constant: 0 } };
  const children = { fc1: conv(channels, squeezed, 1, options), fc2: conv(squeezed, channels, 1, options) };
  return compose(children, (run, x) => {
    const [n, c, h, w] = x.shape as [number, number, number, number];
    const pooled = reshape(mul(reduceSum(x, [2, 3]), 1 / (h * w)), [n, c, 1, 1]);
    return mul(sigmoid(run.fc2(silu(run.fc1(pooled)))), x);
  });
}

/** torchvision's `MBConv`. */
function invertedResidual(
  from: number,
  to: number,
  { expansion, kernel, stride, keepsSize = false }: Omit<Stage, 'channels' | 'blocks'>,
  dropPath: number,
): Layer {
  const inside = from * expansion;
  const block = chain([
    ...(expansion === 1 ? [] : [normed(from, inside, 1)]),
    normed(inside, inside, kernel, { stride: keepsSize ? 1 : stride, groups: inside }),
    squeezeExcitation(inside, Math.max(1, Math.floor(from / SQUEEZE))),
    normed(inside, to, 1, { activation: false }),
  ]);
  const isResidual = stride === 1 && from === to;
  const children = { block, stochastic_depth: isResidual ? stochasticDepth(dropPath) : identity() };
  return compose(children, (run, x) =>
    isResidual ? add(run.stochastic_depth(run.block(x)), x) : run.block(x),
  );
}

/** All stages; the chance to skip a block grows with its number. */
function stagesOf(stages: readonly Stage[], width: number, dropPath: number): Layer[] {
  const total = stages.reduce((sum, { blocks }) => sum + blocks, 0);
  let [from, index] = [scaled(STEM, width), 0];
  return stages.map((stage) => {
    const to = scaled(stage.channels, width);
    const blocks = Array.from({ length: stage.blocks }, (_, i) => {
      const shape = { ...stage, stride: i === 0 ? stage.stride : (1 as const) };
      return invertedResidual(i === 0 ? from : to, to, shape, (dropPath * index++) / total);
    });
    from = to;
    return chain(blocks);
  });
}

function efficientNet(name: string, depth: number, options: EfficientNetOptions): Model {
  const { in_channels, num_classes, stem = 'imagenet', width = STEM } = options;
  const { dropout: rate = 0.2, drop_path: dropPath = 0.2 } = options;
  const isSmall = stem === 'small';
  const stages = STAGES.map((stage, i) => ({
    ...stage,
    blocks: Math.ceil(stage.blocks * depth),
    keepsSize: isSmall && i === 1,
  }));
  const last = scaled(STAGES.at(-1)!.channels, width);
  const children = {
    features: chain([
      normed(in_channels, scaled(STEM, width), 3, { stride: isSmall ? 1 : 2 }),
      ...stagesOf(stages, width, dropPath),
      normed(last, HEAD * last, 1),
    ]),
    avgpool: globalAvgPool(),
    classifier: chain([dropout(rate), linear(HEAD * last, num_classes, lastLayer(num_classes))]),
  };
  return { name, ...compose(children, (run, x) => run.classifier(run.avgpool(run.features(x)))) };
}

/** torchvision's initial values of the last layer: uniform in ±1 / √outputs, and no bias. */
const lastLayer = (outputs: number) => ({
  initial: () => ({ uniform: 1 / Math.sqrt(outputs) }),
  initialBias: { constant: 0 },
});

/** torchvision's `efficientnet_b0`. */
export const efficientnetB0 = (options: EfficientNetOptions): Model =>
  efficientNet('efficientnet_b0', 1, options);

/** torchvision's `efficientnet_b1`: B0 with a tenth more blocks, rounded up. */
export const efficientnetB1 = (options: EfficientNetOptions): Model =>
  efficientNet('efficientnet_b1', 1.1, options);

// Residual networks (He et al., 2016) of basic blocks, with torchvision's parameter and buffer names.
import {
  add,
  batchNorm,
  chain,
  compose,
  conv,
  globalAvgPool,
  identity,
  kaimingFanOut,
  linear,
  maxPool,
  relu,
  type ConvOptions,
  type Layer,
  type Model,
} from '@spatter/tensor';
import type { ModelOptions } from './model-options.ts';

export interface ResNetOptions extends ModelOptions {
  /** `imagenet`: 7×7 with stride 2 and a max pool, as torchvision; `small`: 3×3 with stride 1, for images up to 64 pixels. */
  readonly stem?: 'imagenet' | 'small';
  /** Channels of the first stage, doubled by every further one; torchvision's networks have 64. */
  readonly width?: number;
}

const plainConv = (from: number, to: number, kernel: number, options: ConvOptions): Layer =>
  conv(from, to, kernel, { ...options, bias: false, initial: kaimingFanOut });

/** torchvision's `BasicBlock`. */
function basicBlock(from: number, to: number, stride: number): Layer {
  const isProjected = stride !== 1 || from !== to;
  const children = {
    conv1: plainConv(from, to, 3, { stride, padding: 1 }),
    bn1: batchNorm(to),
    conv2: plainConv(to, to, 3, { padding: 1 }),
    bn2: batchNorm(to),
    downsample: isProjected ? chain([plainConv(from, to, 1, { stride }), batchNorm(to)]) : identity(),
  };
  return compose(children, (run, x) => {
    const hidden = relu(run.bn1(run.conv1(x)));
    return relu(add(run.bn2(run.conv2(hidden)), run.downsample(x)));
  });
}

/** `depth` blocks, the first of which changes channels and, by `stride`, the size. */
const stage = (from: number, to: number, depth: number, stride: number): Layer =>
  chain(Array.from({ length: depth }, (_, i) => basicBlock(i === 0 ? from : to, to, i === 0 ? stride : 1)));

function resnet(
  name: string,
  depths: readonly [number, number, number, number],
  options: ResNetOptions,
): Model {
  const { in_channels, num_classes, stem = 'imagenet', width = 64 } = options;
  const isSmall = stem === 'small';
  const children = {
    conv1: isSmall
      ? plainConv(in_channels, width, 3, { padding: 1 })
      : plainConv(in_channels, width, 7, { stride: 2, padding: 3 }),
    bn1: batchNorm(width),
    maxpool: isSmall ? identity() : maxPool(3, 2, 1),
    layer1: stage(width, width, depths[0], 1),
    layer2: stage(width, 2 * width, depths[1], 2),
    layer3: stage(2 * width, 4 * width, depths[2], 2),
    layer4: stage(4 * width, 8 * width, depths[3], 2),
    avgpool: globalAvgPool(),
    fc: linear(8 * width, num_classes),
  };
  const network = compose(children, (run, x) => {
    const features = run.maxpool(relu(run.bn1(run.conv1(x))));
    const deep = run.layer4(run.layer3(run.layer2(run.layer1(features))));
    return run.fc(run.avgpool(deep));
  });
  return { name, ...network };
}

/** torchvision's `resnet18`. */
export const resnet18 = (options: ResNetOptions): Model => resnet('resnet18', [2, 2, 2, 2], options);

/** torchvision's `resnet34`. */
export const resnet34 = (options: ResNetOptions): Model => resnet('resnet34', [3, 4, 6, 3], options);

// The convolution layer.
import { sizeOf, type Shape } from '../ir/host.ts';
import { add, conv2d, reduceSum, reshape } from '../ir/ops.ts';
import type { Layer } from './layer.ts';
import type { Initial, ParameterSpec } from './parameters.ts';

export interface ConvOptions {
  /** Pixels between two positions of the kernel, on both axes. */
  readonly stride?: number;
  /** Rows and columns of zeros on every side. */
  readonly padding?: number;
  /** Pixels between two taps of the kernel. */
  readonly dilation?: number;
  /** Blocks of channels that do not see each other; as many as channels makes the convolution depthwise. */
  readonly groups?: number;
  readonly bias?: boolean;
  /** How the weight begins, given its shape; PyTorch's default when left out. */
  readonly initial?: (shape: Shape) => Initial;
  /** How the bias begins; PyTorch's default when left out. */
  readonly initialBias?: Initial;
}

/** PyTorch's default for Conv2d and Linear: kaiming-uniform with a = √5, which is ±1/√fan_in for weight and bias. */
export function defaultInitial(weight: Shape): Initial {
  return { uniform: 1 / Math.sqrt(sizeOf(weight.slice(1))) };
}

/** `torch.nn.init.kaiming_normal_(mode='fan_out', nonlinearity='relu')` (He et al., 2015). */
export function kaimingFanOut([out, , height, width]: Shape): Initial {
  return { normal: Math.sqrt(2 / (out! * height! * width!)) };
}

/**
 * `torch.nn.Conv2d(inChannels, outChannels, kernel, …)`. A one-channel image is taken as that image repeated to all
 * `inChannels`: by linearity this is a convolution with the kernel summed over its input channels, at a fraction of the
 * work and with the same gradients.
 */
export function conv(
  inChannels: number,
  outChannels: number,
  kernel: number,
  options: ConvOptions = {},
): Layer {
  const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true } = options;
  const shape = [outChannels, inChannels / groups, kernel, kernel];
  const { initial = defaultInitial, initialBias = defaultInitial(shape) } = options;
  const parameters: ParameterSpec[] = [
    { name: 'weight', shape, initial: initial(shape) },
    ...(bias ? [{ name: 'bias', shape: [outChannels], initial: initialBias }] : []),
  ];
  const geometry = {
    stride: [stride, stride],
    padding: [padding, padding],
    dilation: [dilation, dilation],
    groups,
  } as const;
  return {
    parameters,
    buffers: [],
    counters: [],
    forward: ({ tensor }, x) => {
      const weight = tensor('weight');
      const isRepeated = x.shape[1] === 1 && inChannels > 1 && groups === 1;
      const summed = isRepeated ? reshape(reduceSum(weight, [1]), [outChannels, 1, kernel, kernel]) : weight;
      const y = conv2d(x, summed, geometry);
      return bias ? add(y, reshape(tensor('bias'), [outChannels, 1, 1])) : y;
    },
  };
}

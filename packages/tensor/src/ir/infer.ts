// Shape and type inference: one rule per primitive, with errors that show the shapes that do not fit.
import { TensorError } from '../error.ts';
import { formatShape, sameShape, sizeOf, type DType, type Shape } from './host.ts';
import type {
  ConvParams,
  MaxPoolParams,
  Pair,
  PoolParams,
  PrimitiveName,
  Primitives,
  Tensor,
} from './primitives.ts';

interface Inferred {
  readonly shape: Shape;
  readonly dtype: DType;
}

type InferTable = {
  readonly [P in PrimitiveName]: (
    inputs: Primitives[P]['inputs'],
    params: Primitives[P]['params'],
    op: P,
  ) => Inferred;
};

function misfit(op: string, must: string, inputs: readonly Tensor[]): never {
  const arrived = inputs.map((input) => `${input.dtype}${formatShape(input.shape)}`).join(' and ');
  throw new TensorError(
    'SHAPE',
    `${op}: ${must}, but got ${arrived}`,
    'check the shapes of the layers around it',
  );
}

function requireRank(op: string, rank: number, inputs: readonly Tensor[]): void {
  if (inputs.some((input) => input.shape.length !== rank))
    misfit(op, `inputs must have ${rank} axes`, inputs);
}

function requireFloat(op: string, inputs: readonly Tensor[]): void {
  if (inputs.some((input) => input.dtype !== 'float32')) misfit(op, 'inputs must be float32', inputs);
}

/** The common shape of `shapes` by NumPy's rules, or `undefined`. */
export function broadcastShapes(...shapes: readonly Shape[]): Shape | undefined {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const offset = rank - shape.length;
    for (const [axis, extent] of shape.entries()) {
      if (extent === 1 || extent === result[offset + axis]) continue;
      if (result[offset + axis] !== 1) return undefined;
      result[offset + axis] = extent;
    }
  }
  return result;
}

function broadcastOf(op: string, inputs: readonly Tensor[]): Shape {
  return (
    broadcastShapes(...inputs.map((input) => input.shape)) ??
    misfit(op, 'shapes must broadcast together', inputs)
  );
}

const floatUnary = (inputs: readonly [Tensor], _params: unknown, op: string): Inferred => {
  requireFloat(op, inputs);
  return { shape: inputs[0].shape, dtype: 'float32' };
};

const floatBinary = (inputs: readonly [Tensor, Tensor], _params: unknown, op: string): Inferred => {
  requireFloat(op, inputs);
  return { shape: broadcastOf(op, inputs), dtype: 'float32' };
};

const comparison = (inputs: readonly [Tensor, Tensor], _params: unknown, op: string): Inferred => {
  if (inputs[0].dtype !== inputs[1].dtype) misfit(op, 'both sides must have one type', inputs);
  return { shape: broadcastOf(op, inputs), dtype: 'bool' };
};

function reduction(
  inputs: readonly [Tensor],
  { axes }: { readonly axes: readonly number[] },
  op: string,
): Inferred {
  requireFloat(op, inputs);
  const { shape } = inputs[0];
  if (axes.some((axis) => !(axis in shape))) misfit(op, `axes ${formatShape(axes)} must exist`, inputs);
  return { shape: shape.filter((_, axis) => !axes.includes(axis)), dtype: 'float32' };
}

/** Height and width of what a convolution with `kernel` gives on an image of `size`. */
export function convOutput(size: Pair, kernel: Pair, { stride, padding, dilation }: ConvParams): Pair {
  const extent = (i: 0 | 1) => {
    const reach = dilation[i] * (kernel[i] - 1) + 1;
    return Math.floor((size[i] + 2 * padding[i] - reach) / stride[i]) + 1;
  };
  return [extent(0), extent(1)];
}

function conv2d([x, weight]: readonly [Tensor, Tensor], params: ConvParams): Inferred {
  requireRank('conv2d', 4, [x, weight]);
  requireFloat('conv2d', [x, weight]);
  const [n, channels, h, w] = x.shape as [number, number, number, number];
  const [o, i, kh, kw] = weight.shape as [number, number, number, number];
  const { groups } = params;
  if (channels !== i * groups)
    misfit('conv2d', `the image must have the weight's ${i * groups} input channels`, [x, weight]);
  if (o % groups !== 0) misfit('conv2d', `output channels must divide into ${groups} groups`, [x, weight]);
  const size = convOutput([h, w], [kh, kw], params);
  if (size[0] < 1 || size[1] < 1)
    misfit('conv2d', 'the image must be at least as large as the kernel', [x, weight]);
  return { shape: [n, o, ...size], dtype: 'float32' };
}

function pooled([x]: readonly [Tensor], { window }: PoolParams, op: string): Inferred {
  requireRank(op, 4, [x]);
  requireFloat(op, [x]);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const size: Pair = [Math.floor(h / window[0]), Math.floor(w / window[1])];
  if (size[0] < 1 || size[1] < 1) misfit(op, `the image must hold a ${window[0]}×${window[1]} window`, [x]);
  return { shape: [n, c, ...size], dtype: 'float32' };
}

function maxPool2d([x]: readonly [Tensor], { window, stride, padding }: MaxPoolParams): Inferred {
  requireRank('maxPool2d', 4, [x]);
  requireFloat('maxPool2d', [x]);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  if (padding.some((extent, i) => 2 * extent > window[i]!))
    misfit('maxPool2d', `the padding must be at most half of the ${window[0]}×${window[1]} window`, [x]);
  if (stride.some((step, i) => step > window[i]!))
    misfit('maxPool2d', `the stride must be at most the ${window[0]}×${window[1]} window`, [x]);
  const size = convOutput([h, w], window, { stride, padding, dilation: [1, 1], groups: 1 });
  if (size[0] < 1 || size[1] < 1)
    misfit('maxPool2d', `the image must hold a ${window[0]}×${window[1]} window`, [x]);
  return { shape: [n, c, ...size], dtype: 'float32' };
}

/** An image and vectors of one value per channel. */
function requireChannels(op: string, inputs: readonly [Tensor, ...Tensor[]]): void {
  const [x, ...vectors] = inputs;
  requireRank(op, 4, [x]);
  requireFloat(op, inputs);
  if (vectors.some(({ shape }) => shape.length !== 1 || shape[0] !== x.shape[1]))
    misfit(op, 'there must be one value per channel', inputs);
}

/** Rows of features, and vectors of one value per feature. */
function requireFeatures(op: string, x: Tensor, vectors: readonly Tensor[]): void {
  requireFloat(op, [x, ...vectors]);
  if (x.shape.length < 1 || vectors.some(({ shape }) => shape.length !== 1 || shape[0] !== x.shape.at(-1)))
    misfit(op, 'there must be one value per entry of the last axis', [x, ...vectors]);
}

interface Transposed {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function batchMatmul(inputs: readonly [Tensor, Tensor], { transposeA, transposeB }: Transposed): Inferred {
  const [a, b] = [inputs[0].shape, inputs[1].shape];
  const leading = a.slice(0, -2);
  if (a.length < 3 || !sameShape(leading, b.slice(0, -2)))
    misfit('batchMatmul', 'all axes before the last two must agree, one at least', inputs);
  requireFloat('batchMatmul', inputs);
  const [m, k] = transposeA ? [a.at(-1)!, a.at(-2)!] : [a.at(-2)!, a.at(-1)!];
  const [inner, n] = transposeB ? [b.at(-1)!, b.at(-2)!] : [b.at(-2)!, b.at(-1)!];
  if (k !== inner) misfit('batchMatmul', `inner extents must agree (${k} and ${inner})`, inputs);
  return { shape: [...leading, m, n], dtype: 'float32' };
}

function matmul(inputs: readonly [Tensor, Tensor], { transposeA, transposeB }: Transposed): Inferred {
  requireRank('matmul', 2, inputs);
  requireFloat('matmul', inputs);
  const [a, b] = inputs.map((input) => input.shape as Pair) as [Pair, Pair];
  const [m, k] = transposeA ? [a[1], a[0]] : a;
  const [inner, n] = transposeB ? [b[1], b[0]] : b;
  if (k !== inner) misfit('matmul', `inner extents must agree (${k} and ${inner})`, inputs);
  return { shape: [m, n], dtype: 'float32' };
}

/** Shape and type of every primitive's value; throws {@link TensorError} `SHAPE` when the inputs do not fit. */
export const INFER: InferTable = {
  input: (_inputs, { shape, dtype }) => ({ shape, dtype }),
  constant: (_inputs, { value }) => ({ shape: value.shape, dtype: value.dtype }),
  neg: floatUnary,
  exp: floatUnary,
  log: floatUnary,
  log1p: floatUnary,
  erf: floatUnary,
  sqrt: floatUnary,
  abs: floatUnary,
  sign: floatUnary,
  tanh: floatUnary,
  sigmoid: floatUnary,
  relu: floatUnary,
  stopGradient: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  cast: ([x], { dtype }) => ({ shape: x.shape, dtype }),
  add: floatBinary,
  sub: floatBinary,
  mul: floatBinary,
  div: floatBinary,
  maximum: floatBinary,
  greater: comparison,
  greaterEqual: comparison,
  equal: comparison,
  select: (inputs) => {
    const [condition, a, b] = inputs;
    if (condition.dtype !== 'bool') misfit('select', 'the condition must be bool', inputs);
    if (a.dtype !== b.dtype) misfit('select', 'both choices must have one type', inputs);
    return { shape: broadcastOf('select', inputs), dtype: a.dtype };
  },
  matmul,
  batchMatmul,
  transpose: ([x], { permutation }) => {
    const isPermutation = [...permutation].sort((a, b) => a - b).every((axis, i) => axis === i);
    if (!isPermutation || permutation.length !== x.shape.length)
      misfit('transpose', `${formatShape(permutation)} must name every axis once`, [x]);
    return { shape: permutation.map((axis) => x.shape[axis]!), dtype: x.dtype };
  },
  reshape: ([x], { shape }) => {
    if (sizeOf(shape) !== sizeOf(x.shape))
      misfit('reshape', `${formatShape(shape)} must hold as many elements`, [x]);
    return { shape, dtype: x.dtype };
  },
  broadcast: ([x], { shape }) => {
    const common = broadcastShapes(x.shape, shape);
    if (common?.length !== shape.length || common.some((extent, axis) => extent !== shape[axis]))
      misfit('broadcast', `the shape must broadcast to ${formatShape(shape)}`, [x]);
    return { shape, dtype: x.dtype };
  },
  slice: ([x], { axis, begin, end }) => {
    const extent = x.shape[axis] ?? 0;
    if (begin < 0 || end <= begin || end > extent)
      misfit('slice', `entries ${begin} to ${end} of axis ${axis} must exist`, [x]);
    return { shape: x.shape.with(axis, end - begin), dtype: x.dtype };
  },
  pad: ([x], { axis, before, after }) => {
    if (!(axis in x.shape)) misfit('pad', `axis ${axis} must exist`, [x]);
    return { shape: x.shape.with(axis, x.shape[axis]! + before + after), dtype: x.dtype };
  },
  softmax: floatUnary,
  layerNorm: (inputs) => {
    requireFeatures('layerNorm', inputs[0], inputs.slice(1));
    return { shape: inputs[0].shape, dtype: 'float32' };
  },
  layerNormInputGrad: ([dy, x, weight]) => {
    requireFeatures('layerNormInputGrad', x, [weight]);
    return { shape: dy.shape, dtype: 'float32' };
  },
  layerNormWeightGrad: ([dy]) => ({ shape: dy.shape.slice(-1), dtype: 'float32' }),
  reduceSum: reduction,
  reduceMax: reduction,
  conv2d,
  conv2dInputGrad: (inputs, { xShape }) => {
    requireRank('conv2dInputGrad', 4, inputs);
    return { shape: xShape, dtype: 'float32' };
  },
  conv2dWeightGrad: (inputs, { kernel, groups }) => {
    requireRank('conv2dWeightGrad', 4, inputs);
    return { shape: [inputs[1].shape[1]!, inputs[0].shape[1]! / groups, ...kernel], dtype: 'float32' };
  },
  maxPool2d,
  maxPool2dGrad: (inputs) => {
    requireRank('maxPool2dGrad', 4, inputs);
    return { shape: inputs[0].shape, dtype: 'float32' };
  },
  maxGroups: ([x], { groups }) => {
    requireRank('maxGroups', 4, [x]);
    const [n, channels, h, w] = x.shape as [number, number, number, number];
    if (channels % groups !== 0) misfit('maxGroups', `channels must divide into ${groups} groups`, [x]);
    return { shape: [n, channels / groups, h, w], dtype: 'float32' };
  },
  maxGroupsGrad: (inputs) => {
    requireRank('maxGroupsGrad', 4, inputs);
    return { shape: inputs[0].shape, dtype: 'float32' };
  },
  avgPool2d: pooled,
  avgPool2dGrad: (inputs, { xShape }) => {
    requireRank('avgPool2dGrad', 4, inputs);
    return { shape: xShape, dtype: 'float32' };
  },

  channelSum: (inputs) => {
    requireChannels('channelSum', inputs);
    return { shape: [inputs[0].shape[1]!], dtype: 'float32' };
  },
  channelVariance: (inputs) => {
    requireChannels('channelVariance', inputs);
    return { shape: [inputs[0].shape[1]!], dtype: 'float32' };
  },
  channelAffine: (inputs) => {
    requireChannels('channelAffine', inputs);
    return { shape: inputs[0].shape, dtype: 'float32' };
  },
};

// The gradient table: for every primitive its vector-Jacobian product, or the written reason why there is none.
import { sizeOf } from '../ir/host.ts';
import {
  add,
  batchMatmul,
  broadcast,
  cast,
  channelAffine,
  channelSum,
  div,
  equal,
  exp,
  greater,
  matmul,
  mul,
  neg,
  pad,
  primitive,
  reduceSum,
  reshape,
  select,
  slice,
  sub,
  sumTo,
  transpose,
  conv2d,
} from '../ir/ops.ts';
import type { ConvParams, Node, Pair, PrimitiveName, Primitives, Tensor } from '../ir/primitives.ts';

/**
 * The gradient of a loss with respect to each input of `y`, given the gradient `dy` with respect to `y`.
 * `undefined` for an input through which nothing flows.
 */
type Vjp<P extends PrimitiveName> = (
  dy: Tensor,
  y: Node<P> & Tensor,
  ...inputs: Primitives[P]['inputs']
) => readonly (Tensor | undefined)[];

/** Nothing flows through, as in PyTorch: leaves, and values that are flat almost everywhere. */
interface Stops {
  readonly stops: string;
}

/** A gradient exists but is not written: asking for it is an error. */
interface Missing {
  readonly missing: string;
}

type GradientTable = { readonly [P in PrimitiveName]: Vjp<P> | Stops | Missing };

const flat: Stops = { stops: 'piecewise constant' };
const leaf: Stops = { stops: 'a leaf' };

/** Puts the axes that a reduction dropped back as extents of 1. */
function keepAxes(reduced: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  return reshape(
    reduced,
    x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)),
  );
}

function indicator(condition: Tensor): Tensor {
  return cast(condition, 'float32');
}

const matmulVjp: Vjp<'matmul'> = (dy, { params: { transposeA, transposeB } }, a, b) => [
  transposeA ? matmul(b, dy, transposeB, true) : matmul(dy, b, false, !transposeB),
  transposeB ? matmul(dy, a, true, transposeA) : matmul(a, dy, !transposeA, false),
];

const batchMatmulVjp: Vjp<'batchMatmul'> = (dy, { params: { transposeA, transposeB } }, a, b) => [
  transposeA ? batchMatmul(b, dy, transposeB, true) : batchMatmul(dy, b, false, !transposeB),
  transposeB ? batchMatmul(dy, a, true, transposeA) : batchMatmul(a, dy, !transposeA, false),
];

/** Ties share the gradient evenly, as `torch.amax`. */
const reduceMaxVjp: Vjp<'reduceMax'> = (dy, y, x) => {
  const { axes } = y.params;
  const winners = indicator(equal(x, keepAxes(y, x, axes)));
  const share = div(dy, reduceSum(winners, axes));
  return [mul(winners, keepAxes(share, x, axes))];
};

/** Ties share the gradient evenly, as `torch.maximum`. */
const maximumVjp: Vjp<'maximum'> = (dy, _y, a, b) => {
  const shareA = add(indicator(greater(a, b)), mul(0.5, indicator(equal(a, b))));
  return [sumTo(mul(dy, shareA), a.shape), sumTo(mul(dy, sub(1, shareA)), b.shape)];
};

const kernelOf = (weight: Tensor): Pair => [weight.shape[2]!, weight.shape[3]!];

const geometryOf = ({ stride, padding, dilation, groups }: ConvParams): ConvParams => ({
  stride,
  padding,
  dilation,
  groups,
});

const perChannel = (vector: Tensor): Tensor => reshape(vector, [vector.shape[0]!, 1, 1]);

/** 2·dy·(x − mean) / M. Around its own mean the variance is at its least, so nothing flows to the mean. */
const varianceVjp: Vjp<'channelVariance'> = (dy, _y, x, mean) => {
  const slope = mul(dy, (2 * x.shape[1]!) / sizeOf(x.shape));
  return [channelAffine(x, slope, neg(mul(slope, mean))), undefined];
};

export const GRADIENTS: GradientTable = {
  input: leaf,
  constant: leaf,

  neg: (dy) => [neg(dy)],
  exp: (dy, y) => [mul(dy, y)],
  log: (dy, _y, x) => [div(dy, x)],
  log1p: (dy, _y, x) => [div(dy, add(x, 1))],
  // 2 / √π · exp(−x²), its factor in the exponent.
  erf: (dy, _y, x) => [mul(dy, exp(sub(Math.log(2 / Math.sqrt(Math.PI)), mul(x, x))))],
  sqrt: (dy, y) => [div(dy, mul(2, y))],
  abs: (dy, _y, x) => [mul(dy, primitive('sign', [x], {}))],
  sign: flat,
  tanh: (dy, y) => [mul(dy, sub(1, mul(y, y)))],
  sigmoid: (dy, y) => [mul(dy, mul(y, sub(1, y)))],
  // By y, not x: y is kept for the next layer anyway.
  relu: (dy, y) => [mul(dy, indicator(greater(y, 0)))],
  stopGradient: { stops: 'asked for by name' },
  cast: (dy, y, x) => (x.dtype === 'float32' && y.dtype === 'float32' ? [dy] : [undefined]),

  add: (dy, _y, a, b) => [sumTo(dy, a.shape), sumTo(dy, b.shape)],
  sub: (dy, _y, a, b) => [sumTo(dy, a.shape), neg(sumTo(dy, b.shape))],
  mul: (dy, _y, a, b) => [sumTo(mul(dy, b), a.shape), sumTo(mul(dy, a), b.shape)],
  div: (dy, y, a, b) => [sumTo(div(dy, b), a.shape), neg(sumTo(div(mul(dy, y), b), b.shape))],
  maximum: maximumVjp,
  greater: flat,
  greaterEqual: flat,
  equal: flat,
  select: (dy, _y, condition, a, b) => [
    undefined,
    sumTo(select(condition, dy, 0), a.shape),
    sumTo(select(condition, 0, dy), b.shape),
  ],

  matmul: matmulVjp,
  batchMatmul: batchMatmulVjp,
  transpose: (dy, { params: { permutation } }) => [
    transpose(
      dy,
      permutation.map((_, axis) => permutation.indexOf(axis)),
    ),
  ],
  reshape: (dy, _y, x) => [reshape(dy, x.shape)],
  slice: (dy, { params: { axis, begin, end } }, x) => [pad(dy, axis, begin, x.shape[axis]! - end)],
  pad: (dy, { params: { axis, before } }, x) => [slice(dy, axis, before, before + x.shape[axis]!)],
  broadcast: (dy, _y, x) => [sumTo(dy, x.shape)],
  reduceSum: (dy, { params: { axes } }, x) => [broadcast(keepAxes(dy, x, axes), x.shape)],
  reduceMax: reduceMaxVjp,

  softmax: (dy, y) => {
    const flow = mul(dy, y);
    return [sub(flow, mul(y, keepAxes(reduceSum(flow, [y.shape.length - 1]), y, [y.shape.length - 1])))];
  },
  layerNorm: (dy, { params }, x, weight) => [
    primitive('layerNormInputGrad', [dy, x, weight], params),
    primitive('layerNormWeightGrad', [dy, x], params),
    sumTo(dy, weight.shape),
  ],
  layerNormInputGrad: { missing: 'second derivatives of layer normalisation' },
  layerNormWeightGrad: { missing: 'second derivatives of layer normalisation' },

  // The three convolutions are one bilinear form, differentiated with respect to one of its arguments at a time.
  conv2d: (dy, { params }, x, weight) => [
    primitive('conv2dInputGrad', [dy, weight], { ...params, xShape: x.shape }),
    primitive('conv2dWeightGrad', [x, dy], { ...params, kernel: kernelOf(weight) }),
  ],
  conv2dInputGrad: (dx, { params }, dy, weight) => [
    conv2d(dx, weight, geometryOf(params)),
    primitive('conv2dWeightGrad', [dx, dy], { ...geometryOf(params), kernel: kernelOf(weight) }),
  ],
  conv2dWeightGrad: (dw, { params }, x, dy) => [
    primitive('conv2dInputGrad', [dy, dw], { ...geometryOf(params), xShape: x.shape }),
    conv2d(x, dw, geometryOf(params)),
  ],
  maxPool2d: (dy, y, x) => [primitive('maxPool2dGrad', [x, y, dy], y.params)],
  maxPool2dGrad: { missing: 'second derivatives of max pooling' },
  maxGroups: (dy, y, x) => [primitive('maxGroupsGrad', [x, y, dy], y.params)],
  maxGroupsGrad: { missing: 'second derivatives of max pooling' },
  avgPool2d: (dy, { params }, x) => [primitive('avgPool2dGrad', [dy], { ...params, xShape: x.shape })],
  avgPool2dGrad: (dx, { params: { window } }) => [primitive('avgPool2d', [dx], { window })],

  channelSum: (dy, _y, x) => [broadcast(perChannel(dy), x.shape)],
  channelVariance: varianceVjp,
  channelAffine: (dy, _y, x, scale) => [
    channelAffine(dy, scale, mul(scale, 0)),
    channelSum(mul(dy, x)),
    channelSum(dy),
  ],
};

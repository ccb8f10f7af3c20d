// Functions that build graphs: one per primitive, and the few compositions that models, losses and optimisers share.
import { TensorError } from '../error.ts';
import { formatShape, sameShape, sizeOf, type DType, type HostTensor, type Shape } from './host.ts';
import { broadcastShapes, INFER } from './infer.ts';
import type { ConvParams, MaxPoolParams, Pair, PrimitiveName, Primitives, Tensor } from './primitives.ts';

const NONE = {};

/** The value of primitive `op`. Throws {@link TensorError} `SHAPE` when the inputs do not fit it. */
export function primitive<P extends PrimitiveName>(
  op: P,
  inputs: Primitives[P]['inputs'],
  params: Primitives[P]['params'],
): Tensor {
  return { op, inputs, params, ...INFER[op](inputs, params, op) } as unknown as Tensor;
}

/** A value fed at run time. Names are unique within a graph. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
  return primitive('input', [], { name, shape, dtype });
}

export function constant(value: HostTensor): Tensor {
  return primitive('constant', [], { value });
}

/** A float32 constant without axes. */
export function scalar(value: number): Tensor {
  return constant({ dtype: 'float32', shape: [], data: Float32Array.of(value) });
}

/** Numbers stand for float32 scalars wherever a tensor is expected. */
export type TensorLike = Tensor | number;

const asTensor = (value: TensorLike): Tensor => (typeof value === 'number' ? scalar(value) : value);

export const neg = (x: Tensor): Tensor => primitive('neg', [x], NONE);
export const exp = (x: Tensor): Tensor => primitive('exp', [x], NONE);
/** Natural logarithm. */
export const log = (x: Tensor): Tensor => primitive('log', [x], NONE);
/** ln(1 + x), precise for small x. */
export const log1p = (x: Tensor): Tensor => primitive('log1p', [x], NONE);
/** Gauss's error function. */
export const erf = (x: Tensor): Tensor => primitive('erf', [x], NONE);
export const sqrt = (x: Tensor): Tensor => primitive('sqrt', [x], NONE);
export const abs = (x: Tensor): Tensor => primitive('abs', [x], NONE);
export const sign = (x: Tensor): Tensor => primitive('sign', [x], NONE);
export const tanh = (x: Tensor): Tensor => primitive('tanh', [x], NONE);
export const sigmoid = (x: Tensor): Tensor => primitive('sigmoid', [x], NONE);
export const relu = (x: Tensor): Tensor => primitive('relu', [x], NONE);
/** `x`, treated as a constant by `grad`. */
export const stopGradient = (x: Tensor): Tensor => primitive('stopGradient', [x], NONE);

export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : primitive('cast', [x], { dtype });
}

/** Elementwise primitives broadcast by themselves, so an explicit `broadcast` in front of one is dropped where the other side already has the shape. */
function withoutBroadcast(x: Tensor, other: Tensor): Tensor {
  if (x.op !== 'broadcast') return x;
  const implied = broadcastShapes(x.inputs[0].shape, other.shape);
  const spelled = broadcastShapes(x.shape, other.shape);
  return implied && spelled && sameShape(implied, spelled) ? x.inputs[0] : x;
}

type BinaryName = 'add' | 'sub' | 'mul' | 'div' | 'maximum' | 'greater' | 'greaterEqual' | 'equal';

function binary(op: BinaryName, left: TensorLike, right: TensorLike): Tensor {
  const [a, b] = [asTensor(left), asTensor(right)];
  const slim = withoutBroadcast(a, b);
  return primitive(op, [slim, withoutBroadcast(b, slim)], NONE);
}

export const add = (a: TensorLike, b: TensorLike): Tensor => binary('add', a, b);
export const sub = (a: TensorLike, b: TensorLike): Tensor => binary('sub', a, b);
export const mul = (a: TensorLike, b: TensorLike): Tensor => binary('mul', a, b);
export const div = (a: TensorLike, b: TensorLike): Tensor => binary('div', a, b);
export const maximum = (a: TensorLike, b: TensorLike): Tensor => binary('maximum', a, b);
export const greater = (a: TensorLike, b: TensorLike): Tensor => binary('greater', a, b);
export const greaterEqual = (a: TensorLike, b: TensorLike): Tensor => binary('greaterEqual', a, b);
export const equal = (a: TensorLike, b: TensorLike): Tensor => binary('equal', a, b);

export function minimum(a: TensorLike, b: TensorLike): Tensor {
  return neg(maximum(neg(asTensor(a)), neg(asTensor(b))));
}

/** `condition ? a : b`, elementwise. */
export function select(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  return primitive('select', [condition, asTensor(a), asTensor(b)], NONE);
}

/** [M, K] · [K, N] → [M, N]; a side that is stored transposed says so. */
export function matmul(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  return primitive('matmul', [a, b], { transposeA, transposeB });
}

/** [..., M, K] · [..., K, N] → [..., M, N] over equal leading axes. */
export function batchMatmul(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  return primitive('batchMatmul', [a, b], { transposeA, transposeB });
}

export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  return primitive('transpose', [x], { permutation });
}

export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : primitive('reshape', [x], { shape });
}

/** Entries `begin` to before `end` of `axis`. */
export function slice(x: Tensor, axis: number, begin: number, end: number): Tensor {
  const isWhole = begin === 0 && end === x.shape[axis];
  return isWhole ? x : primitive('slice', [x], { axis, begin, end });
}

/** `x` with zeros around `axis`. */
export function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  return before === 0 && after === 0 ? x : primitive('pad', [x], { axis, before, after });
}

/** `a` and then `b` along `axis`. */
export function concat(a: Tensor, b: Tensor, axis: number): Tensor {
  return add(pad(a, axis, 0, b.shape[axis]!), pad(b, axis, a.shape[axis]!, 0));
}

export function broadcast(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : primitive('broadcast', [x], { shape });
}

const allAxes = (x: Tensor): number[] => x.shape.map((_, axis) => axis);

/** Sum over `axes` (all when left out); the summed axes disappear. */
export function reduceSum(x: Tensor, axes: readonly number[] = allAxes(x)): Tensor {
  return axes.length === 0 ? x : primitive('reduceSum', [x], { axes });
}

/** Maximum over `axes` (all when left out); the axes disappear. */
export function reduceMax(x: Tensor, axes: readonly number[] = allAxes(x)): Tensor {
  return axes.length === 0 ? x : primitive('reduceMax', [x], { axes });
}

/** Mean over all elements. */
export function mean(x: Tensor): Tensor {
  return div(reduceSum(x), sizeOf(x.shape));
}

/** Sums `x` down to `shape`, from which it was broadcast: the transpose of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  const offset = x.shape.length - shape.length;
  const axes = allAxes(x).filter(
    (axis) => axis < offset || (shape[axis - offset] === 1 && x.shape[axis] !== 1),
  );
  return reshape(reduceSum(x, axes), shape);
}

/** exp(x) / Σ exp(x) along the last axis, as `torch.softmax(x, -1)`. */
export const softmax = (x: Tensor): Tensor => primitive('softmax', [x], NONE);

/** `torch.nn.functional.layer_norm(x, weight.shape, weight, bias, eps)` over the last axis. */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, eps: number): Tensor {
  return primitive('layerNorm', [x, weight, bias], { eps });
}

/** x·Φ(x) with the exact normal distribution function, as `torch.nn.GELU()` (Hendrycks and Gimpel, 2016). */
export const gelu = (x: Tensor): Tensor => mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));

/**
 * {@link gelu} as √½·u·(1 + erf(u)) with u = √½·x, for training: products before and after it can take both factors, in either
 * direction. For inference ONNX Runtime has an operator that it recognises by the usual form.
 */
export function geluOfScaled(x: Tensor): Tensor {
  const u = mul(x, Math.SQRT1_2);
  return mul(mul(u, add(erf(u), 1)), Math.SQRT1_2);
}

/** `torch.nn.GELU(approximate='tanh')`. */
export function geluTanh(x: Tensor): Tensor {
  const inner = mul(x, mul(add(mul(mul(x, x), 0.044715), 1), Math.sqrt(2 / Math.PI)));
  return mul(mul(x, 0.5), add(tanh(inner), 1));
}

/** x·sigmoid(x), as `torch.nn.SiLU()` (Elfwing et al., 2018). */
export const silu = (x: Tensor): Tensor => mul(x, sigmoid(x));

/** Stride and dilation 1, no padding, one group. */
const PLAIN: ConvParams = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };

/** Cross-correlation of x [N, I, H, W] with weight [O, I / groups, KH, KW], as `torch.nn.functional.conv2d` without bias. */
export function conv2d(x: Tensor, weight: Tensor, params: Partial<ConvParams> = {}): Tensor {
  return primitive('conv2d', [x, weight], { ...PLAIN, ...params });
}

/** Largest pixel of each window, as `torch.nn.functional.max_pool2d`; left to themselves, windows do not overlap. */
export function maxPool2d(x: Tensor, window: Pair, params: Partial<MaxPoolParams> = {}): Tensor {
  return primitive('maxPool2d', [x], { stride: window, padding: [0, 0], ...params, window });
}

/** Largest of `groups` blocks of channels: [N, G·C, H, W] → [N, C, H, W]. */
export function maxGroups(x: Tensor, groups: number): Tensor {
  return primitive('maxGroups', [x], { groups });
}

/** Mean of each window; windows do not overlap. */
export function avgPool2d(x: Tensor, window: Pair): Tensor {
  return primitive('avgPool2d', [x], { window });
}

/** Sum over images and pixels: [N, C, H, W] → [C]. */
export function channelSum(x: Tensor): Tensor {
  return primitive('channelSum', [x], NONE);
}

/** Mean over images and pixels: [N, C, H, W] → [C]. */
export function channelMean(x: Tensor): Tensor {
  return mul(channelSum(x), x.shape[1]! / sizeOf(x.shape));
}

/** Variance over images and pixels (divided by their number), around `mean`, which must be `channelMean(x)`. */
export function channelVariance(x: Tensor, mean: Tensor): Tensor {
  return primitive('channelVariance', [x, mean], NONE);
}

/** scale·x + shift, with one scale and one shift per channel. */
export function channelAffine(x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  return primitive('channelAffine', [x, scale, shift], NONE);
}

/** [N] class indices (held as float32) to [N, classes] of zeros and ones. */
export function oneHot(indices: Tensor, classes: number): Tensor {
  if (indices.shape.length !== 1)
    throw new TensorError(
      'SHAPE',
      `oneHot: indices must have one axis, but got ${formatShape(indices.shape)}`,
      'flatten the labels',
    );
  const columns = constant({
    dtype: 'float32',
    shape: [classes],
    data: Float32Array.from({ length: classes }, (_, i) => i),
  });
  return cast(equal(reshape(indices, [indices.shape[0]!, 1]), columns), 'float32');
}

/** log Σ exp over the last axis of [N, K], shifted by the row maximum so that nothing overflows. */
export function logSumExp(x: Tensor): Tensor {
  const rows = x.shape[0]!;
  const peak = stopGradient(reduceMax(x, [1]));
  return add(peak, log(reduceSum(exp(sub(x, reshape(peak, [rows, 1]))), [1])));
}

// The lowering table: for every primitive the ONNX operators that compute it.
import { float32, sizeOf } from '../ir/host.ts';
import type { Node, PrimitiveName, Tensor } from '../ir/primitives.ts';
import { blockedConv2dWeightGrad } from './blocked-weight-grad.ts';
import { columnWeightGrad, isClearlyBest } from './column-weight-grad.ts';
import { conv2d, conv2dInputGrad, conv2dWeightGrad } from './convolution.ts';
import { dataTypeOf, floatAttribute } from './emitter.ts';
import { addRule } from './bias.ts';
import type { Device } from '../runtime/devices.ts';
import type { LoweringContext, Rule } from './context.ts';
import { channelAffine, channelSum, channelVariance } from './channels.ts';
import { batchMatmul, fusedBatchMatmul } from './batch-matmul.ts';
import { layerNorm, layerNormInputGrad, layerNormWeightGrad } from './layer-norm.ts';
import { maxPool2d, maxPool2dGrad, maxPool2dGradByIndices } from './max-pooling.ts';
import { avgPool2d, avgPool2dGrad, maxGroups, maxGroupsGrad } from './pooling.ts';
import { product, unscaled } from './product.ts';
import { scaledProduct } from './scaled-product.ts';
import { productConv2dWeightGrad } from './small-image-product.ts';

/** How `Reshape` is told to work an extent out by itself. */
const INFERRED = -1;

type LoweringTable = { readonly [P in Exclude<PrimitiveName, 'input'>]: Rule<P> };

/** A primitive that ONNX has under the name `opType`. */
const same =
  (opType: string) =>
  (context: LoweringContext, node: { readonly inputs: readonly Tensor[] }): string =>
    context.emitter.emit(
      opType,
      node.inputs.map((input) => context.value(input)),
    );

/** The standard lowering, and quicker ones for devices that have the operators. The test suite runs all of them. */
const perDevice =
  <P extends PrimitiveName>(standard: Rule<P>, variants: { readonly [D in Device]?: Rule<P> }): Rule<P> =>
  (context, node) =>
    ((context.target === 'any' ? undefined : variants[context.target]) ?? standard)(context, node);

/** The first rule that fits; the last always does. */
const firstThatFits =
  <P extends PrimitiveName>(
    quick: (...of: Parameters<Rule<P>>) => string | undefined,
    standard: Rule<P>,
  ): Rule<P> =>
  (context, node) =>
    quick(context, node) ?? standard(context, node);

/** ONNX has no log1p. With u = 1 + x rounded, log(u)·x/(u − 1) is exact to rounding (Kahan; Higham 2002, §1.14.1). */
const log1p: Rule<'log1p'> = ({ emitter, value }, { inputs: [x] }) => {
  const u = emitter.emit('Add', [value(x), emitter.float(1)]);
  const excess = emitter.emit('Sub', [u, emitter.float(1)]);
  const isTiny = emitter.emit('Equal', [excess, emitter.float(0)]);
  const divisor = emitter.emit('Where', [isTiny, emitter.float(1), excess]);
  const precise = emitter.emit('Mul', [emitter.emit('Log', [u]), emitter.emit('Div', [value(x), divisor])]);
  return emitter.emit('Where', [isTiny, value(x), precise]);
};

/** The first extent is inferred from the others, so that graphs traced for one batch size serve others. */
const reshape: Rule<'reshape'> = ({ emitter, value }, { inputs: [x], shape }) =>
  emitter.emit('Reshape', [value(x), emitter.ints(shape.length > 0 ? [INFERRED, ...shape.slice(1)] : shape)]);

const slice: Rule<'slice'> = ({ emitter, value }, { inputs: [x], params: { axis, begin, end } }) =>
  emitter.emit('Slice', [value(x), ...[begin, end, axis].map((number) => emitter.ints([number]))]);

const pad: Rule<'pad'> = ({ emitter, value }, { inputs: [x], shape, params: { axis, before, after } }) => {
  const none = shape.map(() => 0);
  return emitter.emit('Pad', [
    value(x),
    emitter.ints([...none.with(axis, before), ...none.with(axis, after)]),
  ]);
};

const reduceSum: Rule<'reduceSum'> = ({ emitter, value }, { inputs: [x], params: { axes } }) =>
  emitter.emit('ReduceSum', [value(x), emitter.ints(axes)], { keepdims: 0 });

/** Rows whose sum is not worth a product. */
const FEW_ROWS = 64;

/** Sums over all axes but the last as a product with ones: ONNX Runtime reduces rows with one thread, and multiplies with all. */
const rowSum: Rule<'reduceSum'> = (context, node) => {
  const { emitter, value } = context;
  const [x] = node.inputs;
  const [columns, rows] = [x.shape.at(-1)!, sizeOf(x.shape.slice(0, -1))];
  const isRowSum = x.shape.every((_, axis) => node.params.axes.includes(axis) === axis < x.shape.length - 1);
  if (!isRowSum || rows < FEW_ROWS) return reduceSum(context, node);
  const { base, factor } = unscaled(x);
  const flat = emitter.emit('Reshape', [value(base), emitter.ints([rows, columns])]);
  const ones = emitter.initializer(float32([1, rows], new Float32Array(rows).fill(1)), `row of ${rows} ones`);
  return emitter.emit('Reshape', [
    emitter.emit('Gemm', [ones, flat], { alpha: floatAttribute(factor) }),
    emitter.ints([columns]),
  ]);
};

/** By columns, as products of small images or in blocks where that fits, or as was chosen. */
const quickWeightGrad = (context: LoweringContext, node: Node<'conv2dWeightGrad'>): string | undefined => {
  const { block } = context;
  const choice = context.chosen(node) ?? (block !== undefined && isClearlyBest(node) ? 'columns' : 'product');
  if (choice === 'standard') return undefined;
  const quick =
    choice === 'columns' ? columnWeightGrad : choice === 'product' ? productConv2dWeightGrad : undefined;
  return quick?.(context, node) ?? blockedConv2dWeightGrad(context, node);
};

export const RULES: LoweringTable = {
  constant: ({ emitter }, { params }) => emitter.initializer(params.value),
  neg: same('Neg'),
  exp: same('Exp'),
  log: same('Log'),
  log1p,
  erf: same('Erf'),
  sqrt: same('Sqrt'),
  abs: same('Abs'),
  sign: same('Sign'),
  tanh: same('Tanh'),
  sigmoid: same('Sigmoid'),
  relu: same('Relu'),
  stopGradient: ({ value }, { inputs: [x] }) => value(x),
  cast: ({ emitter, value }, { inputs: [x], dtype }) =>
    emitter.emit('Cast', [value(x)], { to: dataTypeOf(dtype) }),
  add: addRule,
  sub: same('Sub'),
  mul: firstThatFits(scaledProduct, same('Mul')),
  div: same('Div'),
  maximum: same('Max'),
  greater: same('Greater'),
  greaterEqual: same('GreaterOrEqual'),
  equal: same('Equal'),
  select: same('Where'),
  matmul: (context, node) => product(context, node),
  batchMatmul: perDevice(batchMatmul, { cpu: fusedBatchMatmul }),
  transpose: ({ emitter, value }, { inputs: [x], params }) =>
    emitter.emit('Transpose', [value(x)], { perm: params.permutation }),
  reshape,
  slice,
  pad,
  broadcast: ({ emitter, value }, { inputs: [x], shape }) =>
    emitter.emit('Expand', [value(x), emitter.ints(shape)]),
  reduceSum: perDevice(reduceSum, { cpu: rowSum }),
  reduceMax: ({ emitter, value }, { inputs: [x], params: { axes } }) =>
    emitter.emit('ReduceMax', [value(x)], { axes, keepdims: 0 }),
  softmax: ({ emitter, value }, { inputs: [x] }) => emitter.emit('Softmax', [value(x)], { axis: -1 }),
  layerNorm,
  layerNormInputGrad,
  layerNormWeightGrad,
  conv2d,
  conv2dInputGrad,
  conv2dWeightGrad: firstThatFits(quickWeightGrad, conv2dWeightGrad),
  maxPool2d,
  maxPool2dGrad: perDevice(maxPool2dGrad, { cpu: maxPool2dGradByIndices }),
  maxGroups,
  maxGroupsGrad,
  avgPool2d,
  avgPool2dGrad,
  channelSum,
  channelVariance,
  channelAffine,
};

// The reference interpreter: runs a graph in float64, each primitive by its definition. Slow; the oracle of the tests.
import { TensorError } from '../error.ts';
import { topologicalOrder } from '../ir/graph.ts';
import { sizeOf, stridesOf, type DType, type HostTensor, type Shape } from '../ir/host.ts';
import type { PrimitiveName, Tensor } from '../ir/primitives.ts';
import { erf, reduce, zip } from './elementwise.ts';
import type { Rule, Value } from './rule.ts';
import {
  batchMatmul,
  layerNorm,
  layerNormInputGrad,
  layerNormWeightGrad,
  matmul,
  pad,
  slice,
  softmax,
} from './rows.ts';
import { eachProduct, windows, wholeWindows } from './spatial.ts';

type RuleTable = { readonly [P in Exclude<PrimitiveName, 'input'>]: Rule<P> };

const unary =
  (f: (x: number) => number) =>
  (_node: unknown, x: Value): Float64Array =>
    x.values.map(f);

const binary =
  (f: (a: number, b: number) => number) =>
  (node: { readonly shape: Shape }, a: Value, b: Value): Float64Array =>
    zip(f, node.shape, [a, b]);

const copy = (_node: unknown, x: Value): Float64Array => x.values.slice();

const ROUND: { readonly [T in DType]: (value: number) => number } = {
  float32: (value) => value,
  int32: Math.trunc,
  int64: Math.trunc,
  uint8: (value) => Math.trunc(value) & 255,
  bool: (value) => Number(value !== 0),
};

const transpose: Rule<'transpose'> = ({ shape, params: { permutation } }, x) => {
  const [outer, inner] = [stridesOf(shape), stridesOf(x.shape)];
  return x.values.map((_, flat) => {
    const index = permutation.reduce(
      (sum, axis, i) => sum + (Math.floor(flat / outer[i]!) % shape[i]!) * inner[axis]!,
      0,
    );
    return x.values[index]!;
  });
};

const conv2d: Rule<'conv2d'> = ({ shape, params }, x, weight) => {
  const y = new Float64Array(sizeOf(shape));
  eachProduct(x.shape, weight.shape, shape, params, (i, k, o) => (y[o]! += x.values[i]! * weight.values[k]!));
  return y;
};

const conv2dInputGrad: Rule<'conv2dInputGrad'> = ({ shape, params }, dy, weight) => {
  const dx = new Float64Array(sizeOf(shape));
  eachProduct(
    shape,
    weight.shape,
    dy.shape,
    params,
    (i, k, o) => (dx[i]! += dy.values[o]! * weight.values[k]!),
  );
  return dx;
};

const conv2dWeightGrad: Rule<'conv2dWeightGrad'> = ({ shape, params }, x, dy) => {
  const dw = new Float64Array(sizeOf(shape));
  eachProduct(x.shape, shape, dy.shape, params, (i, k, o) => (dw[k]! += x.values[i]! * dy.values[o]!));
  return dw;
};

const maxPool2d: Rule<'maxPool2d'> = ({ shape, params }, x) =>
  Float64Array.from(windows(x.shape, shape, params), (window) =>
    Math.max(...window.map((i) => x.values[i]!)),
  );

const maxPool2dGrad: Rule<'maxPool2dGrad'> = ({ shape, params }, x, y, dy) => {
  const dx = new Float64Array(sizeOf(shape));
  for (const [o, window] of windows(x.shape, y.shape, params).entries())
    dx[window.find((i) => x.values[i] === y.values[o])!]! += dy.values[o]!;
  return dx;
};

/** The elements that compete for each element of `maxGroups`' output, first group first. */
function rivals(x: Value, groups: number): number[][] {
  const perImage = sizeOf(x.shape.slice(1));
  const perGroup = perImage / groups;
  return Array.from({ length: sizeOf(x.shape) / groups }, (_, o) => {
    const first = Math.floor(o / perGroup) * perImage + (o % perGroup);
    return Array.from({ length: groups }, (_unused, group) => first + group * perGroup);
  });
}

const maxGroups: Rule<'maxGroups'> = ({ params }, x) =>
  Float64Array.from(rivals(x, params.groups), (group) => Math.max(...group.map((i) => x.values[i]!)));

const maxGroupsGrad: Rule<'maxGroupsGrad'> = ({ params }, x, y, dy) => {
  const dx = new Float64Array(x.values.length);
  for (const [o, group] of rivals(x, params.groups).entries())
    dx[group.find((i) => x.values[i] === y.values[o])!] = dy.values[o]!;
  return dx;
};

const avgPool2d: Rule<'avgPool2d'> = ({ shape, params }, x) =>
  Float64Array.from(
    windows(x.shape, shape, wholeWindows(params.window)),
    (window) => window.reduce((sum, i) => sum + x.values[i]!, 0) / window.length,
  );

const avgPool2dGrad: Rule<'avgPool2dGrad'> = ({ shape, params }, dy) => {
  const dx = new Float64Array(sizeOf(shape));
  for (const [o, window] of windows(shape, dy.shape, wholeWindows(params.window)).entries())
    for (const i of window) dx[i] = dy.values[o]! / window.length;
  return dx;
};

/** Calls `visit` with every element of an image and its channel. */
function eachChannel(shape: Shape, visit: (i: number, channel: number) => void): void {
  const pixels = shape[2]! * shape[3]!;
  for (let i = 0; i < sizeOf(shape); i++) visit(i, Math.floor(i / pixels) % shape[1]!);
}

const channelSum: Rule<'channelSum'> = (node, x) => {
  const sums = new Float64Array(node.shape[0]!);
  eachChannel(x.shape, (i, c) => (sums[c]! += x.values[i]!));
  return sums;
};

const channelVariance: Rule<'channelVariance'> = (node, x, mean) => {
  const sums = new Float64Array(node.shape[0]!);
  eachChannel(x.shape, (i, c) => (sums[c]! += (x.values[i]! - mean.values[c]!) ** 2));
  return sums.map((sum) => (sum * sums.length) / x.values.length);
};

const channelAffine: Rule<'channelAffine'> = (node, x, scale, shift) => {
  const y = new Float64Array(x.values.length);
  eachChannel(node.shape, (i, c) => (y[i] = scale.values[c]! * x.values[i]! + shift.values[c]!));
  return y;
};

const RULES: RuleTable = {
  constant: ({ params: { value } }) => Float64Array.from(value.data, Number),
  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  log1p: unary(Math.log1p),
  erf: unary(erf),
  sqrt: unary(Math.sqrt),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  tanh: unary(Math.tanh),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  relu: unary((x) => Math.max(x, 0)),
  stopGradient: copy,
  cast: (node, x) => x.values.map(ROUND[node.dtype]),
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  maximum: binary(Math.max),
  greater: binary((a, b) => Number(a > b)),
  greaterEqual: binary((a, b) => Number(a >= b)),
  equal: binary((a, b) => Number(a === b)),
  select: (node, condition, a, b) => zip((c, x, y) => (c === 0 ? y : x), node.shape, [condition, a, b]),
  matmul,
  batchMatmul,
  transpose,
  reshape: copy,
  slice,
  pad,
  broadcast: (node, x) => zip((value) => value, node.shape, [x]),
  reduceSum: (node, x) => reduce((a, b) => a + b, 0, x, node.params.axes),
  reduceMax: (node, x) => reduce(Math.max, -Infinity, x, node.params.axes),
  softmax,
  layerNorm,
  layerNormInputGrad,
  layerNormWeightGrad,
  conv2d,
  conv2dInputGrad,
  conv2dWeightGrad,
  maxPool2d,
  maxPool2dGrad,
  maxGroups,
  maxGroupsGrad,
  avgPool2d,
  avgPool2dGrad,
  channelSum,
  channelVariance,
  channelAffine,
};

/** Values of `outputs`, given the fed inputs by name. Throws {@link TensorError} `STATE` when an input is not fed. */
export function interpret(outputs: readonly Tensor[], feeds: ReadonlyMap<string, HostTensor>): Value[] {
  const done = new Map<Tensor, Value>();
  for (const tensor of topologicalOrder(outputs)) {
    const inputs = tensor.inputs.map((input: Tensor) => done.get(input)!);
    done.set(tensor, { shape: tensor.shape, values: evaluate(tensor, inputs, feeds) });
  }
  return outputs.map((output) => done.get(output)!);
}

function evaluate(tensor: Tensor, inputs: Value[], feeds: ReadonlyMap<string, HostTensor>): Float64Array {
  if (tensor.op !== 'input')
    return (RULES[tensor.op] as (node: Tensor, ...inputs: Value[]) => Float64Array)(tensor, ...inputs);
  const fed = feeds.get(tensor.params.name);
  if (fed === undefined)
    throw new TensorError(
      'STATE',
      `input "${tensor.params.name}" must be fed`,
      'feed every input of the graph',
    );
  return Float64Array.from(fed.data, Number);
}

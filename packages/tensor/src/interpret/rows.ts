// Float64 matrix products, windows of an axis, and what works along the last axis, for the reference interpreter.
import { sizeOf, stridesOf, type Shape } from '../ir/host.ts';
import type { Rule, Value } from './rule.ts';

interface Transposed {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** The product of two matrices; `inner` is the extent that both share. */
function product(
  [rows, columns, inner]: readonly [number, number, number],
  { transposeA, transposeB }: Transposed,
  a: Float64Array,
  b: Float64Array,
): Float64Array {
  const [ai, ak] = transposeA ? [1, rows] : [inner, 1];
  const [bk, bj] = transposeB ? [1, inner] : [columns, 1];
  return Float64Array.from({ length: rows * columns }, (_, flat) => {
    const [i, j] = [Math.floor(flat / columns), flat % columns];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += a[i * ai + k * ak]! * b[k * bk + j * bj]!;
    return sum;
  });
}

export const matmul: Rule<'matmul'> = ({ shape, params }, a, b) =>
  product([shape[0]!, shape[1]!, a.shape[params.transposeA ? 0 : 1]!], params, a.values, b.values);

export const batchMatmul: Rule<'batchMatmul'> = ({ shape, params }, a, b) => {
  const extents = [shape.at(-2)!, shape.at(-1)!, a.shape.at(params.transposeA ? -2 : -1)!] as const;
  const [m, n, k] = extents;
  const y = new Float64Array(sizeOf(shape));
  for (let i = 0; i < y.length / (m * n); i++) {
    const [left, right] = [
      a.values.subarray(i * m * k, (i + 1) * m * k),
      b.values.subarray(i * k * n, (i + 1) * k * n),
    ];
    y.set(product(extents, params, left, right), i * m * n);
  }
  return y;
};

/** The entries of x that `shape` has from position `first` of `axis` on; zeros where x has none. */
function window(x: Value, shape: Shape, axis: number, first: number): Float64Array {
  const [outer, inner] = [stridesOf(shape), stridesOf(x.shape)];
  return Float64Array.from({ length: sizeOf(shape) }, (_, flat) => {
    const position = shape.map((extent, i) => Math.floor(flat / outer[i]!) % extent);
    position[axis]! += first;
    const isInside = position[axis]! >= 0 && position[axis]! < x.shape[axis]!;
    return isInside ? x.values[position.reduce((sum, at, i) => sum + at * inner[i]!, 0)]! : 0;
  });
}

export const slice: Rule<'slice'> = ({ shape, params: { axis, begin } }, x) => window(x, shape, axis, begin);
export const pad: Rule<'pad'> = ({ shape, params: { axis, before } }, x) => window(x, shape, axis, -before);

/** Replaces every row of the last axis by what `f` makes of it. */
function eachRow(x: Value, f: (row: Float64Array, start: number) => Float64Array): Float64Array {
  const [y, extent] = [new Float64Array(x.values.length), x.shape.at(-1)!];
  for (let start = 0; start < y.length; start += extent)
    y.set(f(x.values.subarray(start, start + extent), start), start);
  return y;
}

const meanOf = (row: Float64Array): number => row.reduce((a, b) => a + b, 0) / row.length;

export const softmax: Rule<'softmax'> = (_node, x) =>
  eachRow(x, (row) => {
    const largest = Math.max(...row);
    const raised = row.map((value) => Math.exp(value - largest));
    const sum = raised.reduce((a, b) => a + b, 0);
    return raised.map((value) => value / sum);
  });

/** 1 / √(variance + eps) of a row. */
function inverseDeviation(row: Float64Array, eps: number): number {
  const mean = meanOf(row);
  return 1 / Math.sqrt(meanOf(row.map((value) => (value - mean) ** 2)) + eps);
}

const normalised = (row: Float64Array, eps: number): Float64Array => {
  const [mean, scale] = [meanOf(row), inverseDeviation(row, eps)];
  return row.map((value) => (value - mean) * scale);
};

export const layerNorm: Rule<'layerNorm'> = ({ params: { eps } }, x, weight, bias) =>
  eachRow(x, (row) => normalised(row, eps).map((value, i) => value * weight.values[i]! + bias.values[i]!));

/** With g = dy·weight and n = normalised x: (g − mean(g) − n·mean(g·n)) / deviation (Ba et al., 2016). */
export const layerNormInputGrad: Rule<'layerNormInputGrad'> = ({ params: { eps } }, dy, x, weight) =>
  eachRow(x, (row, start) => {
    const n = normalised(row, eps);
    const g = n.map((_, i) => dy.values[start + i]! * weight.values[i]!);
    const [mean, slope] = [meanOf(g), meanOf(g.map((value, i) => value * n[i]!))];
    return g.map((value, i) => (value - mean - n[i]! * slope) * inverseDeviation(row, eps));
  });

export const layerNormWeightGrad: Rule<'layerNormWeightGrad'> = ({ params: { eps } }, dy, x) => {
  const sums = new Float64Array(x.shape.at(-1)!);
  eachRow(x, (row, start) => {
    const n = normalised(row, eps);
    n.forEach((value, i) => (sums[i]! += value * dy.values[start + i]!));
    return n;
  });
  return sums;
};

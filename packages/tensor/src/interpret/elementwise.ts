// Float64 elementwise arithmetic with broadcasting, for the reference interpreter.
import { sizeOf, stridesOf, type Shape } from '../ir/host.ts';

/** For each element of `target`, the index of the element of `source` that broadcasts to it. */
export function broadcastIndex(source: Shape, target: Shape): Int32Array {
  const strides = stridesOf(source);
  const outer = stridesOf(target);
  const offset = target.length - source.length;
  return Int32Array.from({ length: sizeOf(target) }, (_, flat) =>
    source.reduce((index, extent, axis) => {
      const position = Math.floor(flat / outer[axis + offset]!) % target[axis + offset]!;
      return index + (extent === 1 ? 0 : position * strides[axis]!);
    }, 0),
  );
}

/** Applies `f` to corresponding elements of `operands` broadcast to `shape`. */
export function zip(
  f: (...values: number[]) => number,
  shape: Shape,
  operands: readonly { readonly shape: Shape; readonly values: Float64Array }[],
): Float64Array {
  const indices = operands.map((operand) => broadcastIndex(operand.shape, shape));
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) =>
    f(...operands.map((operand, k) => operand.values[indices[k]![i]!]!)),
  );
}

/** Folds the elements that share all positions outside `axes`, in index order. */
export function reduce(
  f: (a: number, b: number) => number,
  start: number,
  source: { readonly shape: Shape; readonly values: Float64Array },
  axes: readonly number[],
): Float64Array {
  const kept = source.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const target = broadcastIndex(kept, source.shape);
  const result = new Float64Array(sizeOf(kept)).fill(start);
  source.values.forEach((value, i) => (result[target[i]!] = f(result[target[i]!]!, value)));
  return result;
}

/** erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ·x²ⁿ⁺¹ / (1·3·…·(2n+1)): all terms have one sign, so none cancel (Abramowitz and Stegun, 7.1.6). */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

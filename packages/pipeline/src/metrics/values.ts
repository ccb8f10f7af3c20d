// What every metric takes: numbers in order, one per crop; and the check that columns belong together.

/** One number per crop: a plain or typed array. Labels are class indices; in the two-class task 1 = high gas flow. */
export type Values = ArrayLike<number>;

/** @throws {RangeError} when two columns of the same crops differ in length: a programming error, not the user's. */
export function sameLength(name: string, a: Values, b: Values): void {
  if (a.length === b.length) return;
  throw new RangeError(`${name}: columns must have one row per crop, got ${a.length} and ${b.length}`);
}

/** Arithmetic mean; NaN when empty. */
export function mean(values: Values): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** The quantile `q` in [0, 1] of ascending `sorted`, linear between neighbours (numpy's default, Hyndman and Fan's type 7). */
export function quantile(sorted: Values, q: number): number {
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low);
}

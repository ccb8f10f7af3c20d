// Thins the corners of a curve to what the eye can tell apart, so that a drawing of 100 000 crops stays small.

export type Point = readonly [x: number, y: number];

/** Keeps first, last and every corner at least `step` (in axis units, 0 … 1) from the last one kept. */
export function thin(x: ArrayLike<number>, y: ArrayLike<number>, step = 0.002): Point[] {
  const kept: Point[] = [];
  for (let i = 0; i < x.length; i++) {
    const last = kept.at(-1);
    const far = last === undefined || Math.abs(x[i]! - last[0]) >= step || Math.abs(y[i]! - last[1]) >= step;
    if (far || i === x.length - 1) kept.push([x[i]!, y[i]!]);
  }
  return kept;
}

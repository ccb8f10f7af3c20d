// The two distributions the intervals need: standard normal and Student's t.

/** Φ(z) by Abramowitz and Stegun 26.2.17; absolute error below 7.5e-8. */
export function normalCdf(z: number): number {
  if (z < 0) return 1 - normalCdf(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

/** P(T ≤ t) for whole degrees of freedom ≥ 1: the finite series of Abramowitz and Stegun 26.7.3 and 26.7.4. */
export function studentCdf(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  const odd = freedom % 2 === 1;
  let term = odd ? cos : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < freedom; k += 2) {
    term *= ((k - 1) / k) * cos * cos;
    sum += term;
  }
  const inside = odd ? (2 / Math.PI) * (angle + sin * sum) : sin * sum;
  return 0.5 + inside / 2;
}

/** The t with P(T ≤ t) = `p`, 0 < p < 1, found by bisection; above 1 000 degrees those of 1 000 are used. */
export function studentQuantile(p: number, freedom: number): number {
  const whole = Math.min(1000, Math.max(1, Math.floor(freedom)));
  let [low, high] = [-1e4, 1e4];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (studentCdf(middle, whole) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

// How much a series repeats itself from one frame to the next, and how few independent frames that leaves.

/**
 * Lag-1 autocorrelation of `series` (in time order), corrected for the downward bias of short series by
 * r + (1 + 3r)/n (Kendall, Biometrika 41, 1954), cut to 0 … 0.99. 0 for fewer than 3 values or a constant series.
 */
export function lag1Autocorrelation(series: Float64Array): number {
  const n = series.length;
  if (n < 3) return 0;
  const centre = series.reduce((sum, v) => sum + v, 0) / n;
  let [product, square] = [0, 0];
  series.forEach((value, i) => {
    square += (value - centre) ** 2;
    if (i > 0) product += (value - centre) * (series[i - 1]! - centre);
  });
  if (square === 0) return 0;
  const r = product / square;
  return Math.min(0.99, Math.max(0, r + (1 + 3 * r) / n));
}

/** n (1 − r)/(1 + r): independent values that say as much as `n` values of lag-1 autocorrelation `r` (Bayley and Hammersley, 1946). */
export function effectiveSampleSize(n: number, r: number): number {
  return (n * (1 - r)) / (1 + r);
}

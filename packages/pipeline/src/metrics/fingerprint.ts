// Which recording is a crop from? A linear discriminant over its shortcuts: what a camera leaves on its pictures.
import { groupBy } from './groups.ts';
import type { Values } from './values.ts';

export interface Fingerprint {
  /** Names of the training recordings. */
  readonly names: readonly string[];
  /** Probability of each name for crop `i`: [crops, names]. */
  readonly probability: (features: readonly Values[], crops: number) => Float64Array;
}

/** Added to the variance of each standardised feature, so that a constant or repeated one does no harm. */
const RIDGE = 1e-3;

/**
 * Fisher's linear discriminant with one shared covariance (Hastie, Tibshirani and Friedman 2009, §4.3), fitted on crops of
 * known recording; priors are their shares. Deterministic.
 */
export function fitFingerprint(features: readonly Values[], recording: readonly string[]): Fingerprint {
  const { group, names } = groupBy(recording);
  const width = features.length;
  const scale = features.map(moments);
  const rows = standardised(features, scale, recording.length);
  const counts = new Float64Array(names.length);
  const means = new Float64Array(names.length * width);
  group.forEach((g, i) => {
    counts[g]!++;
    for (let k = 0; k < width; k++) means[g * width + k]! += rows[i * width + k]!;
  });
  means.forEach((sum, at) => (means[at] = sum / counts[Math.floor(at / width)]!));
  const factor = cholesky(withinCovariance(rows, group, means, width), width);
  const centres = whitened(means, factor, width);
  const priors = counts.map((n) => Math.log(n / recording.length));
  return {
    names,
    probability: (other, crops) => {
      const points = whitened(standardised(other, scale, crops), factor, width);
      return posterior(points, centres, priors, width);
    },
  };
}

/** Mean and standard deviation (population; 1 where it is 0). */
export interface Moments {
  readonly mean: number;
  readonly spread: number;
}

export function moments(values: Values): Moments {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  const mean = sum / values.length;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - mean) ** 2;
  return { mean, spread: Math.sqrt(squares / values.length) || 1 };
}

/** Row-major [crops, features]. */
function standardised(features: readonly Values[], scale: readonly Moments[], crops: number): Float64Array {
  const rows = new Float64Array(crops * features.length);
  features.forEach((values, k) => {
    const { mean, spread } = scale[k]!;
    for (let i = 0; i < crops; i++) rows[i * features.length + k] = (values[i]! - mean) / spread;
  });
  return rows;
}

/** Covariance about each recording's own mean, [width, width]. */
function withinCovariance(
  rows: Float64Array,
  group: Int32Array,
  means: Float64Array,
  width: number,
): Float64Array {
  const sums = new Float64Array(width * width);
  const d = new Float64Array(width);
  group.forEach((g, i) => {
    for (let k = 0; k < width; k++) d[k] = rows[i * width + k]! - means[g * width + k]!;
    for (let a = 0; a < width; a++) for (let b = 0; b <= a; b++) sums[a * width + b]! += d[a]! * d[b]!;
  });
  return sums.map((sum, at) => sum / group.length + (at % (width + 1) === 0 ? RIDGE : 0));
}

/** Lower factor L of a positive definite matrix, L·Lᵀ; reads the lower half. */
function cholesky(matrix: Float64Array, width: number): Float64Array {
  const l = new Float64Array(width * width);
  for (let a = 0; a < width; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = matrix[a * width + b]!;
      for (let k = 0; k < b; k++) sum -= l[a * width + k]! * l[b * width + k]!;
      l[a * width + b] = a === b ? Math.sqrt(sum) : sum / l[b * width + b]!;
    }
  }
  return l;
}

/** Rows solved by L: distances between them are then Mahalanobis'. */
function whitened(rows: Float64Array, l: Float64Array, width: number): Float64Array {
  const out = rows.slice();
  for (let start = 0; start < out.length; start += width) {
    for (let a = 0; a < width; a++) {
      let sum = out[start + a]!;
      for (let k = 0; k < a; k++) sum -= l[a * width + k]! * out[start + k]!;
      out[start + a] = sum / l[a * width + a]!;
    }
  }
  return out;
}

function posterior(
  points: Float64Array,
  centres: Float64Array,
  priors: Float64Array,
  width: number,
): Float64Array {
  const names = priors.length;
  const crops = points.length / width;
  const out = new Float64Array(crops * names);
  for (let i = 0; i < crops; i++) {
    let best = -Infinity;
    for (let g = 0; g < names; g++) {
      let distance = 0;
      for (let k = 0; k < width; k++) distance += (points[i * width + k]! - centres[g * width + k]!) ** 2;
      out[i * names + g] = priors[g]! - distance / 2;
      best = Math.max(best, out[i * names + g]!);
    }
    let total = 0;
    for (let g = 0; g < names; g++) total += out[i * names + g] = Math.exp(out[i * names + g]! - best);
    for (let g = 0; g < names; g++) out[i * names + g]! /= total;
  }
  return out;
}

// Logistic regression of a few features by Newton's method: deterministic, for baselines.
import { mean, type Values } from './values.ts';

export interface LogisticModel {
  /** One weight per feature, for standardised values; then the intercept. */
  readonly weights: Float64Array;
  /** Training mean and standard deviation (population) of each feature. */
  readonly centre: Float64Array;
  readonly spread: Float64Array;
}

/**
 * Minimises Σ log loss + ½|w|² over standardised features, intercept free: scikit-learn's `LogisticRegression(C=1)`
 * after `StandardScaler`. The ½|w|² keeps weights finite when the classes can be separated. Newton steps are halved
 * until the loss falls (iteratively reweighted least squares; Hastie, Tibshirani and Friedman 2009, §4.4.1).
 */
export function fitLogistic(features: readonly Values[], label: Values): LogisticModel {
  const centre = Float64Array.from(features, mean);
  const spread = Float64Array.from(features, (values, k) => deviation(values, centre[k]!) || 1);
  const rows = standardise(features, centre, spread);
  let weights: Float64Array = new Float64Array(features.length + 1);
  let loss = objective(rows, label, weights);
  for (let step = 0; step < 100; step++) {
    const direction = newtonDirection(rows, label, weights);
    let scale = 1;
    let next = moved(weights, direction, scale);
    while (objective(rows, label, next) > loss && scale > 1e-6)
      next = moved(weights, direction, (scale /= 2));
    const fallen = loss - objective(rows, label, next);
    if (fallen <= 0) break;
    weights = next;
    loss -= fallen;
    if (Math.max(...direction.map(Math.abs)) * scale < 1e-9) break;
  }
  return { weights, centre, spread };
}

/** Probability of class 1 for each crop. */
export function applyLogistic(model: LogisticModel, features: readonly Values[]): Float64Array {
  const rows = standardise(features, model.centre, model.spread);
  return Float64Array.from({ length: rows.length / model.weights.length }, (_, i) =>
    sigmoid(logit(rows, i, model.weights)),
  );
}

/** Row-major [crops, features + 1]; the last column is 1, for the intercept. */
function standardise(features: readonly Values[], centre: Float64Array, spread: Float64Array): Float64Array {
  const width = features.length + 1;
  const rows = new Float64Array((features[0]?.length ?? 0) * width).fill(1);
  features.forEach((values, k) => {
    for (let i = 0; i < values.length; i++) rows[i * width + k] = (values[i]! - centre[k]!) / spread[k]!;
  });
  return rows;
}

function deviation(values: Values, centre: number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - centre) ** 2;
  return Math.sqrt(sum / values.length);
}

function logit(rows: Float64Array, i: number, weights: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < weights.length; k++) sum += weights[k]! * rows[i * weights.length + k]!;
  return sum;
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

const moved = (weights: Float64Array, direction: Float64Array, scale: number) =>
  weights.map((w, k) => w - scale * direction[k]!);

function objective(rows: Float64Array, label: Values, weights: Float64Array): number {
  let sum = weights.slice(0, -1).reduce((acc, w) => acc + (w * w) / 2, 0);
  for (let i = 0; i < label.length; i++) {
    const z = logit(rows, i, weights);
    sum += Math.max(z, 0) - z * label[i]! + Math.log1p(Math.exp(-Math.abs(z)));
  }
  return sum;
}

/** Solves Hessian · direction = gradient. */
function newtonDirection(rows: Float64Array, label: Values, weights: Float64Array): Float64Array {
  const width = weights.length;
  const system = Array.from({ length: width }, () => new Float64Array(width + 1));
  for (let i = 0; i < label.length; i++) {
    const p = sigmoid(logit(rows, i, weights));
    for (let a = 0; a < width; a++) {
      const value = rows[i * width + a]!;
      system[a]![width]! += (p - label[i]!) * value;
      for (let b = 0; b < width; b++) system[a]![b]! += p * (1 - p) * value * rows[i * width + b]!;
    }
  }
  for (let k = 0; k < width - 1; k++) {
    system[k]![k]! += 1;
    system[k]![width]! += weights[k]!;
  }
  system[width - 1]![width - 1]! += 1e-12; // an intercept whose crops are all certain has no curvature left
  return solve(system);
}

/** Gaussian elimination without pivoting: the system is positive definite. Overwrites `system`. */
function solve(system: Float64Array[]): Float64Array {
  const width = system.length;
  for (let k = 0; k < width; k++) {
    for (let row = 0; row < width; row++) {
      if (row === k) continue;
      const factor = system[row]![k]! / system[k]![k]!;
      for (let column = k; column <= width; column++) system[row]![column]! -= factor * system[k]![column]!;
    }
  }
  return Float64Array.from(system, (row, k) => row[width]! / row[k]!);
}

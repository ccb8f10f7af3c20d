// Parzen estimators: one mixture component per observed trial and one prior, the product of a kernel per parameter.
import type { CategoricalDistribution, Distribution, NumericDistribution } from '../distributions.ts';
import { logsOf, truncatedQuantile } from '../numeric/normal.ts';
import { stableOrder } from '../numeric/order.ts';
import type { Random } from '../numeric/random.ts';
import { clamp, roundHalfEven, searchInterval } from './unit-interval.ts';

/** Truncated normals on the search interval, one per component. */
export interface NumericKernels {
  readonly distribution: NumericDistribution;
  readonly mu: Float64Array;
  readonly sigma: Float64Array;
}

/** Probabilities of each choice: component k has those of `rows[same[k]]`. */
export interface CategoricalKernels {
  readonly distribution: CategoricalDistribution;
  readonly rows: readonly Float64Array[];
  readonly same: Uint32Array;
}

export type Kernels = NumericKernels | CategoricalKernels;

/** Weights sum to 1; the last component is the prior. */
export interface Mixture {
  readonly weights: Float64Array;
  readonly kernels: readonly Kernels[];
}

const PRIOR_WEIGHT = 1;

/**
 * The mixture that Optuna 5's `_ParzenEstimator` builds. `observations[p]` holds the internal values of parameter p, one
 * per trial; `weights` one per trial.
 */
export function buildMixture(
  space: readonly Distribution[],
  observations: readonly Float64Array[],
  weights: Float64Array,
): Mixture {
  return {
    weights: normalised(withLast(weights, weights.length === 0 ? 1 : PRIOR_WEIGHT)),
    kernels: space.map((distribution, p) =>
      distribution.name === 'CategoricalDistribution'
        ? categoricalKernels(distribution, observations[p]!)
        : numericKernels(distribution, observations[p]!),
    ),
  };
}

function normalised(weights: Float64Array): Float64Array {
  let total = 0;
  for (const weight of weights) total += weight;
  for (let k = 0; k < weights.length; k++) weights[k]! /= total;
  return weights;
}

/** Trials' weights by age, oldest first: ones for the last 25, a ramp from 1/n before them. */
export function defaultWeights(count: number): Float64Array {
  const ramp = count - 25;
  const weights = new Float64Array(count).fill(1);
  for (let i = 0; i < ramp; i++)
    weights[i] = ramp === 1 ? 1 / count : 1 / count + (1 - 1 / count) * (i / (ramp - 1));
  return weights;
}

function categoricalKernels(
  distribution: CategoricalDistribution,
  observed: Float64Array,
): CategoricalKernels {
  const choices = distribution.choices.length;
  const share = PRIOR_WEIGHT / (observed.length + 1);
  const base = new Float64Array(choices).fill(share / (1 + choices * share));
  const byChoice = Array.from({ length: choices }, (_, choice) => {
    return base.map((probability, i) => (i === choice ? (1 + share) / (1 + choices * share) : probability));
  });
  const prior = new Float64Array(choices).fill(1 / choices);
  const same = new Uint32Array(observed.length + 1);
  same.set(observed);
  same[observed.length] = choices;
  return { distribution, rows: [...byChoice, prior], same };
}

/** σ is the larger gap to a neighbour, clipped to [range/min(100, components + 1), range]; the outermost look inwards only. */
function numericKernels(distribution: NumericDistribution, observed: Float64Array): NumericKernels {
  const [low, high] = searchInterval(distribution);
  const range = high - low;
  const count = observed.length;
  const means = distribution.log ? logsOf(observed) : observed;
  const mu = withLast(means, (low + high) / 2);
  const sigma = new Float64Array(count + 1).fill(range);
  const least = range / Math.min(100, 2 + count);
  // Where all values stand close together, as in a long study, most gaps are below the least σ, whatever they are.
  const outer = count > MANY ? outerOfBuckets(means, low, high) : undefined;
  const order = outer ?? stableOrder(means);
  if (outer !== undefined) sigma.fill(least, 0, count);
  const at = (i: number): number => means[order[i]!]!;
  for (let i = 0; i < order.length; i++) {
    const below = i > 0 ? at(i) - at(i - 1) : count === 1 ? at(0) - low : -Infinity;
    const above = i < order.length - 1 ? at(i + 1) - at(i) : count === 1 ? high - at(0) : -Infinity;
    sigma[order[i]!] = clamp(Math.max(below, above), least, range);
  }
  return { distribution, mu, sigma };
}

/** Observations above which they are not sorted any more: the least σ then is a hundredth of the range. */
const MANY = 500;

/** Narrower than the least σ, so that no gap inside a bucket matters. */
const BUCKETS = 256;

/**
 * Indices of the first smallest and the last largest value of every bucket, in ascending order of the values; undefined
 * when one lies outside.
 */
function outerOfBuckets(values: Float64Array, low: number, high: number): Uint32Array | undefined {
  const smallest = new Int32Array(BUCKETS).fill(-1);
  const largest = new Int32Array(BUCKETS).fill(-1);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value >= low && value <= high)) return undefined;
    const bucket = Math.min(BUCKETS - 1, Math.floor(((value - low) / (high - low)) * BUCKETS));
    const [least, most] = [smallest[bucket]!, largest[bucket]!];
    if (least < 0 || value < values[least]!) smallest[bucket] = i;
    if (most < 0 || value >= values[most]!) largest[bucket] = i;
  }
  const outer: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    if (smallest[bucket]! >= 0) outer.push(smallest[bucket]!);
    if (largest[bucket]! !== smallest[bucket]!) outer.push(largest[bucket]!);
  }
  return Uint32Array.from(outer);
}

function withLast(values: Float64Array, last: number): Float64Array {
  const all = new Float64Array(values.length + 1);
  all.set(values);
  all[values.length] = last;
  return all;
}

/** Draws `count` points; the answer holds one array of internal values per parameter. The order of draws is Optuna's. */
export function sampleMixture(mixture: Mixture, random: Random, count: number): Float64Array[] {
  const cumulative = cumulate(mixture.weights);
  const active = Array.from({ length: count }, () => firstAbove(cumulative, random()));
  const draws = mixture.kernels.map((kernels) => ('rows' in kernels ? drawMany(random, count) : undefined));
  return mixture.kernels.map((kernels, p) => {
    if ('rows' in kernels)
      return Float64Array.from(active, (k, i) => pickChoice(kernels.rows[kernels.same[k]!]!, draws[p]![i]!));
    const quantiles = drawMany(random, count);
    return Float64Array.from(active, (k, i) => drawNumber(kernels, k, quantiles[i]!));
  });
}

function drawMany(random: Random, count: number): Float64Array {
  return Float64Array.from({ length: count }, random);
}

function cumulate(weights: Float64Array): Float64Array {
  let sum = 0;
  const sums = weights.map((weight) => (sum += weight));
  return sums.map((value) => value / sum);
}

function firstAbove(cumulative: Float64Array, draw: number): number {
  let [low, high] = [0, cumulative.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulative[middle]! > draw) high = middle;
    else low = middle + 1;
  }
  return low;
}

function pickChoice(row: Float64Array, draw: number): number {
  let [sum, choice] = [0, 0];
  for (; choice < row.length - 1; choice++) {
    sum += row[choice]!;
    if (sum >= draw) break;
  }
  return choice;
}

function drawNumber({ distribution, mu, sigma }: NumericKernels, k: number, quantile: number): number {
  const [low, high] = searchInterval(distribution);
  const [m, s] = [mu[k]!, sigma[k]!];
  const point = truncatedQuantile(quantile, (low - m) / s, (high - m) / s) * s + m;
  const value = distribution.log ? Math.exp(point) : point;
  const { step } = distribution;
  const snapped =
    step === null ? value : distribution.low + roundHalfEven((value - distribution.low) / step) * step;
  return clamp(snapped, distribution.low, distribution.high);
}

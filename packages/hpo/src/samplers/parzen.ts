// Parzen estimators: one mixture component per observed trial and one prior, the product of a kernel per parameter.
import type { CategoricalDistribution, Distribution, NumericDistribution } from '../distributions.ts';
import { logMass, logPdf, truncatedQuantile } from '../numeric/normal.ts';
import { stableOrder } from '../numeric/order.ts';
import type { Random } from '../numeric/random.ts';
import { clamp, roundHalfEven, searchInterval } from './unit-interval.ts';

/** Truncated normals on the search interval, one per component. */
export interface NumericKernels {
  readonly distribution: NumericDistribution;
  readonly mu: Float64Array;
  readonly sigma: Float64Array;
}

/** Probabilities of each choice, one row per component. */
export interface CategoricalKernels {
  readonly distribution: CategoricalDistribution;
  readonly rows: readonly Float64Array[];
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
  const all = withLast(weights, weights.length === 0 ? 1 : PRIOR_WEIGHT);
  const total = all.reduce((sum, weight) => sum + weight, 0);
  return {
    weights: all.map((weight) => weight / total),
    kernels: space.map((distribution, p) =>
      distribution.name === 'CategoricalDistribution'
        ? categoricalKernels(distribution, observations[p]!)
        : numericKernels(distribution, observations[p]!),
    ),
  };
}

/** Trials' weights by age, oldest first: ones for the last 25, a ramp from 1/n before them. */
export function defaultWeights(count: number): Float64Array {
  const ramp = count - 25;
  return Float64Array.from({ length: count }, (_, i) => {
    if (i >= ramp) return 1;
    return ramp === 1 ? 1 / count : 1 / count + (1 - 1 / count) * (i / (ramp - 1));
  });
}

function categoricalKernels(
  distribution: CategoricalDistribution,
  observed: Float64Array,
): CategoricalKernels {
  const choices = distribution.choices.length;
  if (observed.length === 0) return { distribution, rows: [new Float64Array(choices).fill(1 / choices)] };
  const share = PRIOR_WEIGHT / (observed.length + 1);
  const base = new Float64Array(choices).fill(share / (1 + choices * share));
  const byChoice = Array.from({ length: choices }, (_, choice) => {
    return base.map((probability, i) => (i === choice ? (1 + share) / (1 + choices * share) : probability));
  });
  const prior = new Float64Array(choices).fill(1 / choices);
  return { distribution, rows: [...Array.from(observed, (index) => byChoice[index]!), prior] };
}

/** σ is the larger gap to a neighbour, clipped to [range/min(100, components + 1), range]; the outermost look inwards only. */
function numericKernels(distribution: NumericDistribution, observed: Float64Array): NumericKernels {
  const [low, high] = searchInterval(distribution);
  const range = high - low;
  const count = observed.length;
  const means = distribution.log ? observed.map((value) => Math.log(value)) : observed;
  const mu = withLast(means, (low + high) / 2);
  const sigma = new Float64Array(count + 1).fill(range);
  const order = stableOrder(means);
  const least = range / Math.min(100, 2 + count);
  const at = (i: number): number => means[order[i]!]!;
  for (let i = 0; i < count; i++) {
    const below = i > 0 ? at(i) - at(i - 1) : count === 1 ? at(0) - low : -Infinity;
    const above = i < count - 1 ? at(i + 1) - at(i) : count === 1 ? high - at(0) : -Infinity;
    sigma[order[i]!] = clamp(Math.max(below, above), least, range);
  }
  return { distribution, mu, sigma };
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
      return Float64Array.from(active, (k, i) => pickChoice(kernels.rows[k]!, draws[p]![i]!));
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

/** ln density (or probability, for discrete parameters) of each point: `samples[p][i]` is parameter p of point i. */
export function logDensity(mixture: Mixture, samples: readonly Float64Array[]): Float64Array {
  const points = samples[0]?.length ?? 0;
  const components = mixture.weights.length;
  const logWeights = mixture.weights.map(Math.log);
  const logs = new Float64Array(points * components);
  for (let i = 0; i < points; i++) logs.set(logWeights, i * components);
  mixture.kernels.forEach((kernels, p) => addLogKernels(kernels, samples[p]!, logs));
  const densities = new Float64Array(points);
  for (let i = 0; i < points; i++) densities[i] = logSumExp(logs, i * components, (i + 1) * components);
  return densities;
}

/** Of `logs[from…to]`. Terms that cannot change the sum are not computed. */
function logSumExp(logs: Float64Array, from: number, to: number): number {
  let top = -Infinity;
  for (let k = from; k < to; k++) if (logs[k]! > top) top = logs[k]!;
  if (top === -Infinity) return top;
  const least = top - 50;
  let sum = 0;
  for (let k = from; k < to; k++) if (logs[k]! > least) sum += Math.exp(logs[k]! - top);
  return Math.log(sum) + top;
}

function addLogKernels(kernels: Kernels, values: Float64Array, logs: Float64Array): void {
  if ('rows' in kernels) addCategorical(kernels, values, logs);
  else if (kernels.distribution.step === null) addContinuous(kernels, values, logs);
  else addDiscrete(kernels, values, logs, kernels.distribution.step);
}

function addCategorical({ rows }: CategoricalKernels, values: Float64Array, logs: Float64Array): void {
  values.forEach((choice, i) => {
    const at = i * rows.length;
    for (let k = 0; k < rows.length; k++) logs[at + k]! += Math.log(rows[k]![choice]!);
  });
}

function addContinuous(kernels: NumericKernels, values: Float64Array, logs: Float64Array): void {
  const { distribution, mu, sigma } = kernels;
  const [low, high] = searchInterval(distribution);
  const scale = sigma.map((s) => 1 / s);
  const norm = mu.map((m, k) => {
    return -logMass((low - m) * scale[k]!, (high - m) * scale[k]!) + Math.log(scale[k]!) + logPdf(0);
  });
  for (let i = 0; i < values.length; i++) {
    const x = distribution.log ? Math.log(values[i]!) : values[i]!;
    const at = i * mu.length;
    for (let k = 0; k < mu.length; k++) {
      const distance = (x - mu[k]!) * scale[k]!;
      logs[at + k]! += norm[k]! - distance * distance * 0.5;
    }
  }
}

function addDiscrete(kernels: NumericKernels, values: Float64Array, logs: Float64Array, step: number): void {
  const { distribution, mu, sigma } = kernels;
  const scale = distribution.log ? Math.log : (edge: number) => edge;
  const [low, high] = searchInterval(distribution);
  const { first, same } = distinct(mu, sigma);
  const masses = (left: number, right: number): Float64Array => {
    return Float64Array.from(first, (k) =>
      logMass((left - mu[k]!) / sigma[k]!, (right - mu[k]!) / sigma[k]!),
    );
  };
  const whole = masses(low, high);
  const known = new Map<number, Float64Array>();
  values.forEach((value, i) => {
    const cell = known.get(value) ?? masses(scale(value - step / 2), scale(value + step / 2));
    known.set(value, cell);
    const at = i * mu.length;
    for (let k = 0; k < mu.length; k++) logs[at + k]! += cell[same[k]!]! - whole[same[k]!]!;
  });
}

/** Components that share μ and σ: `first` has one of each, `same` says which. Discrete parameters have few. */
function distinct(mu: Float64Array, sigma: Float64Array): { first: number[]; same: Uint32Array } {
  const first: number[] = [];
  const seen = new Map<number, Map<number, number>>();
  const same = mu.map((m, k) => {
    const bySigma = seen.get(m) ?? new Map<number, number>();
    seen.set(m, bySigma);
    const place = bySigma.get(sigma[k]!) ?? first.push(k) - 1;
    bySigma.set(sigma[k]!, place);
    return place;
  });
  return { first, same: Uint32Array.from(same) };
}

// Cluster bootstrap: confidence intervals that resample whole recordings or time blocks, never single crops.
import { integer, randomStream } from '../util/random.ts';
import type { ClusterStatistic } from './cluster-statistics.ts';
import type { Clusters } from './clusters.ts';
import { normalCdf, studentQuantile } from './distributions.ts';
import { quantile } from './values.ts';

/** Fewer clusters than this carry no interval: any percentile of their resamples would be a guess. */
export const FEWEST_CLUSTERS = 5;

/** Fewer clusters than this carry an interval with a warning. */
export const FEW_CLUSTERS = 8;

export interface BootstrapOptions {
  readonly seed: number;
  /** Confidence level in (0, 1). */
  readonly level?: number;
  readonly resamples?: number;
}

export interface Interval {
  /** The figure on the crops as they are. */
  readonly estimate: number;
  /** Limits, or null when no honest interval can be given; then `note` says why. */
  readonly low: number | null;
  readonly high: number | null;
  readonly level: number;
  readonly clusters: number;
  /** Resamples that could be evaluated; draws without one of the classes are left out. */
  readonly resamples: number;
  readonly note?: string;
}

/** Difference of two figures on the same clusters; `estimate` > 0 when the first is larger. */
export interface Difference extends Interval {
  /** Two-sided achieved significance: how often resampling turns the sign round. Null without an interval. */
  readonly p: number | null;
  /** True when the whole interval lies above 0. */
  readonly better: boolean;
}

/** What is drawn: how many clusters there are, and which of them only replace each other. */
export type Resampled = Pick<Clusters, 'count' | 'strata'>;

/**
 * Percentile interval over resampled clusters (Davison and Hinkley 1997, §3.8), expanded for few clusters as Hesterberg
 * (The American Statistician 69, 2015, §4.2): the tail is Φ(−√(n/(n−1))·t) instead of α/2. Strata are drawn apart
 * (Davison and Hinkley 1997, §3.2); t then has a degree of freedom less for each, and n is the size of the smallest.
 * Always contains the estimate. The same seed gives the same limits.
 */
export function clusterBootstrap(
  statistic: ClusterStatistic,
  clusters: Resampled,
  options: BootstrapOptions,
): Interval {
  return intervalOf(statistic, clusters, options).interval;
}

/** Paired comparison: both figures see the same resamples, so what is common to both cancels. */
export function pairedDifference(
  a: ClusterStatistic,
  b: ClusterStatistic,
  clusters: Resampled,
  options: BootstrapOptions,
): Difference {
  const { interval, values } = intervalOf((times) => a(times) - b(times), clusters, options);
  if (interval.low === null) return { ...interval, p: null, better: false };
  const [below, above] = [values.filter((v) => v <= 0).length, values.filter((v) => v >= 0).length];
  const p = Math.min(1, (2 * (Math.min(below, above) + 1)) / (values.length + 1));
  return { ...interval, p, better: interval.low > 0 };
}

function intervalOf(statistic: ClusterStatistic, drawn: Resampled, options: BootstrapOptions) {
  const { level = 0.95, resamples = 2000 } = options;
  const { count: clusters } = drawn;
  const estimate = statistic(new Float64Array(clusters).fill(1));
  const base = { estimate, level, clusters };
  const strata = membersOf(drawn);
  const values =
    clusters < FEWEST_CLUSTERS || Number.isNaN(estimate)
      ? new Float64Array(0)
      : draws(statistic, strata, { clusters, resamples, seed: options.seed });
  if (values.length < resamples / 2) {
    const note = Number.isNaN(estimate) ? 'the figure is undefined here' : tooFew(clusters);
    return { interval: { ...base, low: null, high: null, resamples: values.length, note }, values };
  }
  const tail = expandedTail(level, strata);
  const low = Math.min(estimate, quantile(values, tail));
  const high = Math.max(estimate, quantile(values, 1 - tail));
  const interval: Interval = { ...base, low, high, resamples: values.length };
  if (clusters >= FEW_CLUSTERS) return { interval, values };
  return {
    interval: { ...interval, note: `Only ${clusters} groups were resampled: take the interval as a hint.` },
    values,
  };
}

const tooFew = (clusters: number) =>
  `no interval: ${clusters} group${clusters === 1 ? '' : 's'} to resample, at least ${FEWEST_CLUSTERS} with both classes are needed`;

/** Clusters of each stratum. */
function membersOf({ count, strata }: Resampled): readonly (readonly number[])[] {
  const all = Array.from({ length: count }, (_, k) => k);
  if (strata === undefined) return [all];
  return [...new Set(strata)].sort((a, b) => a - b).map((name) => all.filter((k) => strata[k] === name));
}

/** Ascending values of the figure over resamples; those where it is undefined are left out. */
function draws(
  statistic: ClusterStatistic,
  strata: ReturnType<typeof membersOf>,
  { clusters, resamples, seed }: { clusters: number; resamples: number; seed: number },
): Float64Array {
  const random = randomStream(seed, clusters);
  const times = new Float64Array(clusters);
  const values: number[] = [];
  for (let r = 0; r < resamples; r++) {
    times.fill(0);
    for (const members of strata)
      for (let k = 0; k < members.length; k++) times[members[integer(random, members.length)]!]!++;
    const value = statistic(times);
    if (!Number.isNaN(value)) values.push(value);
  }
  return Float64Array.from(values).sort();
}

function expandedTail(level: number, strata: ReturnType<typeof membersOf>): number {
  const sizes = strata.map(({ length }) => length);
  const [all, least] = [sizes.reduce((sum, size) => sum + size, 0), Math.min(...sizes)];
  const t = studentQuantile((1 + level) / 2, all - strata.length);
  return normalCdf(-Math.sqrt(least / (least - 1)) * t);
}

// Low-discrepancy sampling: a scrambled Halton sequence fills the space more evenly than chance.
import { isSingle } from '../distributions.ts';
import { randomStream } from '../numeric/random.ts';
import { uniformValue } from './random.ts';
import { fromUnit } from './unit-interval.ts';
import type { Sampler, SamplingContext } from './sampler.ts';
import { observed } from './sampler.ts';

export interface QuasiRandomOptions {
  /** Permutes the digits. Workers of one study must agree on it. Default 0. */
  readonly seed?: number;
}

/**
 * A Halton sequence with randomly permuted digits (Owen, 2017, "A randomized Halton algorithm in R"), indexed by the
 * trial's number, so workers need no shared counter. Parameters of the study's first ended trial get one dimension each;
 * any other, and every parameter of the trials before, is drawn uniformly.
 */
export function quasiRandomSampler({ seed = 0 }: QuasiRandomOptions = {}): Sampler {
  return {
    sampleJoint(context) {
      const space = firstSpace(context);
      const params = space.map(([name, distribution], dimension) => {
        return [name, fromUnit(distribution, haltonPoint(context.trial.number, dimension, seed))] as const;
      });
      return { params: Object.fromEntries(params) };
    },
    sampleOne: (context, _, distribution) => uniformValue(distribution, context.random),
  };
}

function firstSpace({ trials }: SamplingContext) {
  const first = observed(trials).at(0);
  const space = Object.entries(first?.distributions ?? {}).filter(
    ([, distribution]) => !isSingle(distribution),
  );
  return space.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Coordinate `dimension` of point `index`, in [0, 1). Each digit position has its own permutation. */
export function haltonPoint(index: number, dimension: number, seed: number): number {
  const base = prime(dimension);
  let [rest, scale, value] = [index, 1 / base, 0];
  for (let position = 0; scale > 2 ** -52; position++, scale /= base) {
    value += permuted(rest % base, base, randomStream(seed, dimension, position)) * scale;
    rest = Math.floor(rest / base);
  }
  return Math.min(value, 1 - 2 ** -53);
}

/** Where a digit goes under the random permutation that `random` draws. */
function permuted(digit: number, base: number, random: () => number): number {
  const order = Array.from({ length: base }, (_, i) => i);
  for (let i = base - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order[digit]!;
}

const PRIMES: number[] = [2];

function prime(index: number): number {
  for (let candidate = PRIMES.at(-1)! + 1; PRIMES.length <= index; candidate++) {
    if (PRIMES.every((p) => candidate % p !== 0)) PRIMES.push(candidate);
  }
  return PRIMES[index]!;
}

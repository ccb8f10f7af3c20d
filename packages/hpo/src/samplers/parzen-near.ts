// Which components of a Parzen estimator may matter at a point, by where they lie on one continuous parameter.
import type { NumericKernels } from './parzen.ts';
import { searchInterval } from './unit-interval.ts';

/** Writes the components whose log density at `x` may exceed `floor` to `found`, and gives their number. */
export type FindNear = (x: number, floor: number, found: Uint32Array) => number;

const BUCKETS = 128;
/** More than rounding could change. */
const SLACK = 1;

/** The narrowest components, ordered by bucket of their mean; before them all wider ones, which reach far. */
interface Buckets {
  readonly members: Uint32Array;
  /** Where each bucket ends in `members`. */
  readonly ends: Uint32Array;
}

/**
 * Of components with these kernels and log densities of at most `base` where the parameter equals their mean. `x` lies
 * on the search interval.
 */
export function findNear(kernels: NumericKernels, base: Float64Array): FindNear {
  const { mu, sigma } = kernels;
  const narrow = narrowest(sigma);
  const scale = Math.SQRT1_2 / narrow;
  const { members, ends } = intoBuckets(kernels, narrow);
  const { least, most, top } = extents(members, ends, mu, base);
  return (x, floor, found) => {
    found.set(members.subarray(0, ends[0]));
    let count = ends[0]!;
    for (let bucket = 1; bucket <= BUCKETS; bucket++) {
      const distance = Math.max(0, least[bucket]! - x, x - most[bucket]!) * scale;
      if (!(top[bucket]! - distance * distance > floor - SLACK)) continue;
      for (let j = ends[bucket - 1]!; j < ends[bucket]!; j++) found[count++] = members[j]!;
    }
    return count;
  };
}

function narrowest(sigma: Float64Array): number {
  let least = Infinity;
  for (let k = 0; k < sigma.length; k++) if (sigma[k]! < least) least = sigma[k]!;
  return least;
}

function intoBuckets({ distribution, mu, sigma }: NumericKernels, narrow: number): Buckets {
  const [low, high] = searchInterval(distribution);
  const perUnit = BUCKETS / (high - low);
  const bucket = new Uint8Array(mu.length);
  const ends = new Uint32Array(BUCKETS + 1);
  for (let k = 0; k < mu.length; k++) {
    if (sigma[k] === narrow)
      bucket[k] = 1 + Math.min(BUCKETS - 1, Math.max(0, Math.floor((mu[k]! - low) * perUnit)));
    ends[bucket[k]!]!++;
  }
  for (let b = 1; b <= BUCKETS; b++) ends[b]! += ends[b - 1]!;
  const members = new Uint32Array(mu.length);
  const places = ends.slice();
  for (let k = mu.length - 1; k >= 0; k--) members[--places[bucket[k]!]!] = k;
  return { members, ends };
}

/** The least and the largest mean of each bucket, and its largest `base`. */
function extents(members: Uint32Array, ends: Uint32Array, mu: Float64Array, base: Float64Array) {
  const [least, most, top] = [Infinity, -Infinity, -Infinity].map((start) =>
    new Float64Array(ends.length).fill(start),
  ) as [Float64Array, Float64Array, Float64Array];
  for (let bucket = 1, j = ends[0]!; bucket < ends.length; bucket++) {
    for (; j < ends[bucket]!; j++) {
      const k = members[j]!;
      if (mu[k]! < least[bucket]!) least[bucket] = mu[k]!;
      if (mu[k]! > most[bucket]!) most[bucket] = mu[k]!;
      if (base[k]! > top[bucket]!) top[bucket] = base[k]!;
    }
  }
  return { least, most, top };
}

// Seeded randomness. Streams are derived from what they are for (seed, epoch, index), so nothing has to be saved to resume.

/** A generator of 32-bit unsigned integers. */
export type Random = () => number;

/**
 * A stream that depends only on its keys: the same keys give the same numbers in any process, in any order of use.
 * Keys are mixed with MurmurHash3's finaliser (Appleby, 2011); the stream is SplitMix32.
 */
export function randomStream(...keys: readonly number[]): Random {
  let state = keys.reduce((hash, key) => mix((hash ^ mix(key >>> 0)) + 0x9e3779b9), 0x243f6a88);
  return () => mix((state = (state + 0x9e3779b9) >>> 0));
}

function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Uniform in [0, 1) with 53 random bits. */
export function uniform(random: Random): number {
  return ((random() >>> 5) * 67108864 + (random() >>> 6)) / 9007199254740992;
}

/** Standard normal, by Box and Muller (1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - uniform(random))) * Math.cos(2 * Math.PI * uniform(random));
}

/** Beta(α, α) in [0, 1], as the share of one of two gamma variables. `alpha` > 0. */
export function beta(random: Random, alpha: number): number {
  const [a, b] = [logGamma(random, alpha), logGamma(random, alpha)];
  return 1 / (1 + Math.exp(b - a));
}

/** Logarithm of a gamma variable of shape `alpha` (Marsaglia and Tsang, 2000; below 1 by their section 6); it cannot underflow. */
function logGamma(random: Random, alpha: number): number {
  if (alpha < 1) return logGamma(random, alpha + 1) + Math.log(1 - uniform(random)) / alpha;
  const d = alpha - 1 / 3;
  for (;;) {
    const x = normal(random);
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - uniform(random)) < x ** 2 / 2 + d * (1 - v + Math.log(v)))
      return Math.log(d * v);
  }
}

/** Uniform integer in [0, bound), without modulo bias. */
export function integer(random: Random, bound: number): number {
  return Math.floor(uniform(random) * bound);
}

/** Indices 0..length−1 in random order (Fisher and Yates). */
export function permutation(random: Random, length: number): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = integer(random, i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

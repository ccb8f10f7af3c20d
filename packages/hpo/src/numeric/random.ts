// Seeded randomness. A trial's stream depends on the seed and its number only, so nothing has to be saved to resume a study.
import { randomInt } from 'node:crypto';

/** Uniform numbers in [0, 1) with 53 random bits. */
export type Random = () => number;

/** A stream that depends only on its keys. MurmurHash3's finaliser mixes them (Appleby, 2011); the stream is SplitMix32. */
export function randomStream(...keys: readonly number[]): Random {
  let state = keys.reduce((hash, key) => mix((hash ^ mix(key >>> 0)) + 0x9e3779b9), 0x243f6a88);
  return fromWords(() => mix((state = (state + 0x9e3779b9) >>> 0)));
}

/** A seed that no other process has. */
export function freshSeed(): number {
  return randomInt(2 ** 32);
}

/**
 * NumPy's `RandomState(seed).random_sample`: the Mersenne Twister of Matsumoto and Nishimura (1998), 32-bit seeding.
 * Given to a study instead of a seed, it makes the samplers draw what Optuna draws.
 */
export function mersenneTwister(seed: number): Random {
  return fromWords(mersenneTwisterWords(seed));
}

/** The Mersenne Twister's 32-bit words. */
export function mersenneTwisterWords(seed: number): () => number {
  const state = seededState(seed);
  let index = SIZE;
  return () => {
    if (index === SIZE) {
      twist(state);
      index = 0;
    }
    return temper(state[index++]!);
  };
}

const SIZE = 624;

function seededState(seed: number): Uint32Array {
  const state = new Uint32Array(SIZE);
  state[0] = seed >>> 0;
  for (let i = 1; i < SIZE; i++) {
    const previous = state[i - 1]!;
    state[i] = Math.imul(previous ^ (previous >>> 30), 1812433253) + i;
  }
  return state;
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < SIZE; i++) {
    const joined = (state[i]! & 0x80000000) | (state[(i + 1) % SIZE]! & 0x7fffffff);
    state[i] = state[(i + 397) % SIZE]! ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
  }
}

function temper(word: number): number {
  let y = word ^ (word >>> 11);
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return (y ^ (y >>> 18)) >>> 0;
}

function fromWords(word: () => number): Random {
  return () => ((word() >>> 5) * 67108864 + (word() >>> 6)) / 9007199254740992;
}

function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

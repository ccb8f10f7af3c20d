// Which random stream serves what. Every stream is derived from the recipe, so any frame can be rendered alone.
import { randomStream, uniform, type Random } from '../util/random.ts';
import type { Recipe } from './recipe.ts';

/** One number per purpose; never reorder, or every seed gives another build. */
const PURPOSES = {
  session: 1,
  recording: 2,
  layer: 3,
  drift: 4,
  frame: 5,
  noise: 6,
  events: 7,
  bed: 8,
  window: 9,
  faults: 10,
  damage: 11,
} as const;

/** The stream of `recipe` for one purpose and, where it has several, the `index`-th of them (a layer, a frame). */
export function streamOf(recipe: Recipe, purpose: keyof typeof PURPOSES, index = 0): Random {
  const whose = purpose === 'session' ? recipe.session : hashName(recipe.name);
  return randomStream(recipe.seed, PURPOSES[purpose], whose, index);
}

/** FNV-1a over UTF-16 units (Fowler, Noll and Vo): names become stream keys. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Uniform in [low, high). */
export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * uniform(random);
}

/** Linear in `flow` from `still` (no gas) to `full` (full gas). */
export function lerp(still: number, full: number, flow: number): number {
  return still + (full - still) * flow;
}

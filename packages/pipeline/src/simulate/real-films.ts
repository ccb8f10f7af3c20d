// The simulator's frames beside real films of other cameras: every known statistic of them, compared or named as not comparable.
import type { Crop } from '../extract/crops.ts';
import { quantileOfCounts, type SceneStatistics } from './scene-statistics.ts';

export const FILMS = {
  lpbf: 'laser powder bed fusion, 8 frames of 512×512 from a camera above the plate',
  weld: 'robot MIG weld, 960×600',
  ded: 'powder of directed energy deposition, 634×474',
} as const;

interface Statistic {
  readonly film: keyof typeof FILMS;
  readonly name: string;
  /** Lowest and highest value, or values at the quantiles that `name` lists. */
  readonly real: readonly number[];
  readonly is: 'range' | 'quantiles';
  /** Added to both before dividing: one gray level, or one particle, where 0 is a usual value. */
  readonly offset?: number;
  /** Simulated: one value for a range, one per quantile otherwise; or why it cannot be compared. */
  readonly simulated: ((scene: SceneStatistics, crops: readonly Crop[]) => number[]) | string;
}

const LIT = 'the arc lights the whole scene; here the chamber stays dark, as in the method’s own recordings';
const POWDER = 'cold powder in the laser’s light, not spatter';

const middle = (values: readonly number[]): number[] => quantiles(values, [0.5]);
const range = { is: 'range' } as const;
const spread = { is: 'quantiles' } as const;
const LEVEL = { offset: 1 } as const;

/** All of them, film by film. */
export const STATISTICS: readonly Statistic[] = [
  { film: 'lpbf', name: 'median gray', real: [0, 0], ...range, ...LEVEL, simulated: (s) => middle(s.background) },
  { film: 'lpbf', name: 'mean gray, laser off', real: [0.05, 0.05], ...range, ...LEVEL, simulated: (s) => middle(s.mean.none) },
  { film: 'lpbf', name: 'mean gray, faint melt pool', real: [1.3, 1.3], ...range,  simulated: (s) => middle(s.mean.faint) },
  { film: 'lpbf', name: 'mean gray, melt pool', real: [3.3, 4.1], ...range,  simulated: (s) => middle(s.mean.normal) },
  { film: 'lpbf', name: 'mean gray, with spatter', real: [4.1, 6.7], ...range,  simulated: (s) => middle(s.mean.spatters) },
  { film: 'lpbf', name: 'saturated share, melt pool', real: [0.0054, 0.0067], ...range, simulated: (s) => middle(s.saturated.normal) },
  { film: 'lpbf', name: 'saturated share, with spatter', real: [0.0079, 0.0119], ...range, simulated: (s) => middle(s.saturated.spatters) },
  { film: 'lpbf', name: 'melt pool, pixels of 128 or more', real: [1540, 3425], ...range, simulated: (s) => middle(s.meltPool) },
  { film: 'lpbf', name: 'spatter, pixels of 128 or more', real: [60, 510], ...range, simulated: (s) => middle(s.particleArea) },
  { film: 'lpbf', name: 'spatter regions per frame', real: [3, 5], ...range, simulated: (s) => middle(s.particles) },
  { film: 'weld', name: 'median gray', real: [10], ...spread, simulated: LIT },
  { film: 'weld', name: 'mean gray and its deviation', real: [32.4, 10.6], ...spread, simulated: LIT },
  { film: 'weld', name: 'saturated share', real: [0.0232], ...spread, simulated: LIT },
  { film: 'weld', name: 'particles per frame, 10/50/90 %', real: [4, 9, 18], ...spread, ...LEVEL, simulated: (s) => quantiles(s.particles, [0.1, 0.5, 0.9]) },
  { film: 'weld', name: 'particle area, 10/50/90/99 %', real: [4, 21, 138, 462], ...spread, simulated: (s) => quantiles(s.particleArea, [0.1, 0.5, 0.9, 0.99]) },
  { film: 'weld', name: 'aspect of particles, 50/90 %', real: [1.5, 4], ...spread, simulated: (s) => quantiles(s.aspect, [0.5, 0.9]) },
  { film: 'weld', name: 'width of crops, 5/50/95 %', real: [55, 109, 237], ...spread, simulated: (_, crops) => quantiles(crops.map(({ w }) => w), CROPS) },
  { film: 'weld', name: 'height of crops, 5/50/95 %', real: [41, 68, 128], ...spread, simulated: (_, crops) => quantiles(crops.map(({ h }) => h), CROPS) },
  { film: 'weld', name: 'contour area of crops, 5/50/95 %', real: [2066, 3708, 12558], ...spread, simulated: (_, crops) => quantiles(crops.map(({ area }) => area), CROPS) },
  { film: 'ded', name: 'median gray', real: [1, 1], ...range, ...LEVEL, simulated: (s) => middle(s.background) },
  { film: 'ded', name: 'mean gray', real: [1.8, 1.8], ...range,  simulated: (s) => middle(Object.values(s.mean).flat()) },
  { film: 'ded', name: 'particles per frame, 10/50/90 %', real: [27, 35, 42], ...spread, simulated: POWDER },
  { film: 'ded', name: 'particle area, 10/50/90/99 %', real: [3, 7, 13, 27], ...spread, simulated: POWDER },
  { film: 'ded', name: 'aspect of particles, 50/90 %', real: [1.5, 3], ...spread, simulated: POWDER },
  { film: 'ded', name: 'change of dark pixels to the next frame, mean/99/99.9 %', real: [0.16, 1, 20], ...spread, ...LEVEL, simulated: (s) => changes(s.darkDifferences) },
]; // prettier-ignore

const CROPS = [0.05, 0.5, 0.95];

/** Outside a range, or off at a quantile, by more than this factor counts as a mismatch. */
export const TOLERANCE = 2;

export interface FilmMatch {
  readonly film: keyof typeof FILMS;
  readonly name: string;
  readonly real: readonly number[];
  readonly is: 'range' | 'quantiles';
  readonly simulated: readonly number[] | null;
  /** How far outside the range, or off at the worst quantile, as a factor of 1 or more; null where not comparable. */
  readonly factor: number | null;
  readonly verdict: 'fits' | 'off' | 'not comparable';
  /** Why it is not comparable. */
  readonly why?: string;
}

/** Every statistic of the real films beside what simulated frames and the crops from them give. */
export function filmMatches(scene: SceneStatistics, crops: readonly Crop[]): FilmMatch[] {
  return STATISTICS.map(({ film, name, real, is, offset = 0, simulated: measure }) => {
    if (typeof measure === 'string')
      return { film, name, real, is, simulated: null, factor: null, verdict: 'not comparable', why: measure };
    const simulated = measure(scene, crops);
    const factor = is === 'range' ? beyond(simulated[0]!, real, offset) : Math.max(...simulated.map((value, i) => beyond(value, [real[i]!], offset))); // prettier-ignore
    return { film, name, real, is, simulated, factor, verdict: factor <= TOLERANCE ? 'fits' : 'off' };
  });
}

/** 1 within the range, else the factor to its nearer end. */
function beyond(value: number, range: readonly number[], offset: number): number {
  const [low, high] = [range[0]! + offset, range.at(-1)! + offset];
  return Math.max(1, low / (value + offset), (value + offset) / high);
}

function changes(counts: Float64Array): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const mean = counts.reduce((sum, count, value) => sum + count * value, 0) / total;
  return [mean, quantileOfCounts(counts, 0.99), quantileOfCounts(counts, 0.999)];
}

function quantiles(values: readonly number[], shares: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return shares.map((share) => sorted[Math.round(share * (sorted.length - 1))] ?? NaN);
}

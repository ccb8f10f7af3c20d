// The simulator beside real imagery: the same measures on published crops of the method's recordings and on simulated ones.
import { extractCrops, type Crop } from '../extract/crops.ts';
import { DEFAULT_RULES } from '../extract/rules.ts';
import { POSITIONS, recipe, type Position, type Recipe } from './recipe.ts';
import { videoOf } from './in-memory-video.ts';
import { filmMatches, type FilmMatch } from './real-films.ts';
import { sceneStatistics } from './scene-statistics.ts';

/** What is measured on a crop; shares are of pixels whose gray value (Rec. 601 of B, G, R) exceeds a level. */
export const MEASURES = {
  height: 'height, pixels',
  width: 'width, pixels',
  mean: 'mean gray value',
  above_20: 'share of pixels above 20',
  above_100: 'share of pixels above 100',
  from_200: 'share of pixels of 200 or more',
  p90: '90th percentile of gray',
  p99: '99th percentile of gray',
  blue_ratio: 'blue : (red + green)',
  red_ratio: 'red : blue',
} as const;
export type Measure = keyof typeof MEASURES;
export type Measured = Readonly<Record<Measure, number>>;

export interface CalibrationCell {
  readonly position: Position;
  readonly flow: 'low' | 'high';
  /** One published crop. */
  readonly real: Measured;
  /** Median over the simulated crops. */
  readonly simulated: Measured;
  readonly crops: number;
}

/** One row per published crop of the method's own report: a crop each of three positions × two flows, at native size. */
const PUBLISHED: readonly (readonly [Position, 'low' | 'high', ...number[]])[] = [
  ['left', 'low', 145, 85, 48.8, 0.365, 0.204, 0.103, 203, 255, 0.47, 1.05],
  ['mid', 'low', 106, 136, 46.7, 0.383, 0.186, 0.096, 194, 255, 0.43, 1.17],
  ['right', 'low', 125, 130, 30.2, 0.257, 0.116, 0.061, 120, 255, 0.46, 1.04],
  ['left', 'high', 92, 165, 11.9, 0.113, 0.045, 0.02, 29, 247, 0.39, 1.38],
  ['mid', 'high', 66, 137, 9.2, 0.091, 0.036, 0.013, 15, 217, 0.38, 1.41],
  ['right', 'high', 101, 117, 8.3, 0.081, 0.028, 0.012, 11, 222, 0.45, 1.11],
];

const FLOW = { low: 0.2, high: 0.8 } as const;

export interface Calibration {
  readonly cells: readonly CalibrationCell[];
  readonly films: readonly FilmMatch[];
}

/** Extracts each cell's crops from a short simulated recording, and measures them and all its frames. */
export async function calibrate(seed: number): Promise<Calibration> {
  const cells: CalibrationCell[] = [];
  const all: Crop[] = [];
  const recipes = PUBLISHED.map(([position, flow]) => cellRecipe(position, flow, seed));
  for (const [i, [position, flow, ...values]] of PUBLISHED.entries()) {
    const crops = await cropsOf(recipes[i]!);
    const names = Object.keys(MEASURES) as Measure[];
    const real = Object.fromEntries(names.map((name, k) => [name, values[k]!])) as Record<Measure, number>;
    cells.push({ position, flow, real, simulated: medians(crops.map(measure)), crops: crops.length });
    all.push(...crops);
  }
  cells.sort((a, b) => POSITIONS.indexOf(a.position) - POSITIONS.indexOf(b.position));
  return { cells, films: filmMatches(sceneStatistics(recipes), all) };
}

const cellRecipe = (position: Position, flow: keyof typeof FLOW, seed: number): Recipe =>
  recipe({
    ...{ name: `calibration_${position}_${flow}`, seed, position, layerFlows: [FLOW[flow]] },
    ...{ exposure: 1, burnFrames: 150, pauseFrames: 0 },
  });

/** The crops that extraction takes from the whole recording, without a file in between. */
export async function cropsOf(given: Recipe): Promise<Crop[]> {
  const crops: Crop[] = [];
  for await (const pair of extractCrops(videoOf(given), DEFAULT_RULES)) crops.push(...pair.crops);
  return crops;
}

/** Of each measure: the geometric mean over the cells of simulated ÷ real, and the factor of the worst cell. */
export function matchOf(cells: readonly CalibrationCell[], name: Measure): { mean: number; worst: number } {
  const logs = cells.map(({ real, simulated }) => Math.log(Math.max(1e-3, simulated[name]) / real[name]));
  const mean = Math.exp(logs.reduce((sum, value) => sum + value, 0) / logs.length);
  return { mean, worst: Math.exp(Math.max(...logs.map(Math.abs))) };
}

function measure({ bgr, width, height }: Crop): Measured {
  const gray = new Uint8Array(width * height);
  const sums = [0, 0, 0] as [number, number, number];
  for (let i = 0; i < gray.length; i++) {
    const [b, g, r] = [bgr[3 * i]!, bgr[3 * i + 1]!, bgr[3 * i + 2]!];
    gray[i] = Math.round(0.114 * b + 0.587 * g + 0.299 * r);
    sums[0] += b;
    sums[1] += g;
    sums[2] += r;
  }
  const sorted = gray.sort();
  const above = (level: number): number => 1 - lowerBound(sorted, level) / sorted.length;
  const [blue, green, red] = sums;
  return {
    height,
    width,
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    above_20: above(21),
    above_100: above(101),
    from_200: above(200),
    p90: sorted[Math.floor(0.9 * (sorted.length - 1))]!,
    p99: sorted[Math.floor(0.99 * (sorted.length - 1))]!,
    blue_ratio: blue / (red + green),
    red_ratio: red / blue,
  };
}

/** How many of the sorted values lie below `level`. */
function lowerBound(sorted: Uint8Array, level: number): number {
  const at = sorted.findIndex((value) => value >= level);
  return at < 0 ? sorted.length : at;
}

function medians(all: readonly Measured[]): Measured {
  const middle = (name: Measure): number =>
    all.map((each) => each[name]).sort((a, b) => a - b)[all.length >> 1] ?? NaN;
  return Object.fromEntries(
    (Object.keys(MEASURES) as Measure[]).map((name) => [name, middle(name)]),
  ) as Record<Measure, number>;
}

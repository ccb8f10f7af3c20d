// What is measured on whole simulated frames, as on the frames of real films.
import { brightRegions } from './bright-regions.ts';
import type { Recipe } from './recipe.ts';
import { createRenderer, type PlumeTruth } from './render.ts';

/** What a frame shows: laser off, contour at low power, plume with hardly any particles, plume with spatter. */
export const SCENES = ['none', 'faint', 'normal', 'spatters'] as const;
type Scene = (typeof SCENES)[number];

/** Values of every frame in turn, or of every region. */
export interface SceneStatistics {
  readonly background: number[];
  readonly mean: Readonly<Record<Scene, number[]>>;
  /** Share of pixels at 255. */
  readonly saturated: Readonly<Record<Scene, number[]>>;
  /** Pixels of 128 or more that hang together, in frames at full power: the largest region, the others, their number, their aspect. */
  readonly meltPool: number[];
  readonly particleArea: number[];
  readonly particles: number[];
  readonly aspect: number[];
  /** Counts of the absolute differences of pixels below DARK to the next frame. */
  readonly darkDifferences: Float64Array;
}

const BRIGHT = 128;
/** A region of fewer pixels is noise or a grain of the bed. */
const SMALLEST = 3;
const DARK = 20;

const perScene = (): Record<Scene, number[]> => ({ none: [], faint: [], normal: [], spatters: [] });

/** Measures every frame of `recipes` but recoater passes. */
export function sceneStatistics(recipes: readonly Recipe[]): SceneStatistics {
  const found: SceneStatistics = {
    ...{ background: [], mean: perScene(), saturated: perScene() },
    ...{ meltPool: [], particleArea: [], particles: [], aspect: [] },
    darkDifferences: new Float64Array(256),
  };
  for (const recipe of recipes) measureRecording(recipe, found);
  return found;
}

function measureRecording(recipe: Recipe, found: SceneStatistics): void {
  const { frames, plume, render } = createRenderer(recipe);
  const bgr = new Uint8Array(3 * recipe.width * recipe.height);
  let before: Uint8Array | undefined;
  for (let index = 0; index < frames; index++) {
    render(index, bgr);
    const gray = grayOf(bgr);
    if (before) countDifferences(before, gray, found.darkDifferences);
    before = gray;
    const scene = sceneOf(plume(index), plume(index - 1));
    if (scene) measureFrame(gray, recipe.width, scene, found);
  }
}

/** None where spatter of the frame before still flies though the laser is off. */
function sceneOf(shown: PlumeTruth | undefined, before: PlumeTruth | undefined): Scene | undefined {
  if (shown === undefined) return before === undefined ? 'none' : undefined;
  if (shown.power < 0.9) return 'faint';
  return shown.type === 'calm' ? 'normal' : 'spatters';
}

function measureFrame(gray: Uint8Array, width: number, scene: Scene, found: SceneStatistics): void {
  const counts = new Float64Array(256);
  for (const value of gray) counts[value]!++;
  const sum = counts.reduce((total, count, value) => total + count * value, 0);
  found.background.push(quantileOfCounts(counts, 0.5));
  found.mean[scene].push(sum / gray.length);
  found.saturated[scene].push(counts[255]! / gray.length);
  if (scene !== 'normal' && scene !== 'spatters') return;
  const [pool, ...others] = brightRegions(gray, width, BRIGHT).filter(({ area }) => area >= SMALLEST);
  if (pool) found.meltPool.push(pool.area);
  found.particles.push(others.length);
  found.particleArea.push(...others.map(({ area }) => area));
  found.aspect.push(...others.map(({ aspect }) => aspect));
}

function grayOf(bgr: Uint8Array): Uint8Array {
  const gray = new Uint8Array(bgr.length / 3);
  for (let i = 0, from = 0; i < gray.length; i++, from += 3)
    gray[i] = Math.round(0.114 * bgr[from]! + 0.587 * bgr[from + 1]! + 0.299 * bgr[from + 2]!);
  return gray;
}

function countDifferences(before: Uint8Array, gray: Uint8Array, counts: Float64Array): void {
  for (let i = 0; i < gray.length; i++) if (before[i]! < DARK) counts[Math.abs(gray[i]! - before[i]!)]!++;
}

/** The smallest value that the share `q` of all counted ones do not exceed. */
export function quantileOfCounts(counts: Float64Array, q: number): number {
  let rest = q * counts.reduce((total, count) => total + count, 0);
  return counts.findIndex((count) => (rest -= count) <= 0);
}

// The report on real films: every statistic of the calibration file is in it as measured, and regions and verdicts are right.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sharedData } from '../util/testing/shared.ts';
import { brightRegions } from './bright-regions.ts';
import { filmMatches, STATISTICS } from './real-films.ts';
import { recipe } from './recipe.ts';
import { quantileOfCounts, sceneStatistics } from './scene-statistics.ts';

describe('bright regions', () => {
  it('hang together by sides and corners, not over the edge of a row; the largest comes first', () => {
    const rows = ['#....#', '......', '.##..#', '...#..'];
    const gray = Uint8Array.from(rows.join(''), (mark) => (mark === '#' ? 200 : 199));
    expect(brightRegions(gray, 6, 200)).toEqual([
      { area: 3, aspect: 1.5 },
      { area: 1, aspect: 1 },
      { area: 1, aspect: 1 },
      { area: 1, aspect: 1 },
    ]);
    expect(brightRegions(gray, 6, 201)).toEqual([]);
  });
});

it('quantiles of counted values', () => {
  const counts = Float64Array.of(50, 30, 20);
  expect([0, 0.5, 0.6, 0.81, 1].map((q) => quantileOfCounts(counts, q))).toEqual([0, 0, 1, 2, 2]);
});

/** Numbers anywhere in a JSON value, in order. */
function numbersIn(value: unknown): number[][] {
  if (typeof value === 'number') return [[value]];
  if (Array.isArray(value)) return [value as number[]];
  return Object.values(value as object).flatMap(numbersIn);
}

const FILM_KEYS = {
  lpbf: 'lpbf_meltpool_frames_512x512_8bit',
  weld: 'weld_robot_960x600',
  ded: 'ded_powder_634x474',
} as const;

it('holds every statistic of the calibration file, with its numbers', (context) => {
  const folder = sharedData();
  if (folder === undefined) return context.skip('the shared recordings are not on this machine');
  const file = JSON.parse(readFileSync(`${folder}/calibration.json`, 'utf8')) as Record<string, unknown>;
  for (const [film, key] of Object.entries(FILM_KEYS)) {
    const ours = STATISTICS.filter((each) => each.film === film).map(({ real }) => real);
    const once = (values: readonly number[]): number[] => [...new Set(values)];
    expect(ours.map(once)).toEqual(numbersIn(file[key]).map(once));
  }
});

describe('matches', () => {
  const given = recipe({ name: 'm', layerFlows: [0.3], burnFrames: 60, pauseFrames: 8, exposure: 1 });
  const scene = sceneStatistics([given]);

  it('name every statistic, and tell what fits, what is off and what cannot be compared', () => {
    const matches = filmMatches(scene, []);
    expect(matches.map(({ name }) => name)).toEqual(STATISTICS.map(({ name }) => name));
    expect(new Set(matches.map(({ verdict }) => verdict)).size).toBe(3);
    for (const { verdict, why, factor, simulated } of matches) {
      expect(why !== undefined).toBe(verdict === 'not comparable');
      expect(simulated === null && factor === null).toBe(verdict === 'not comparable');
    }
    const dark = matches.find(({ name }) => name === 'mean gray, laser off')!;
    expect(dark).toMatchObject({ film: 'lpbf', verdict: 'fits' });
    expect(dark.factor).toBeLessThan(1.5);
  });

  it('see melt pool, spatter and the light that grows from contour to spatter', () => {
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const { none, faint, spatters } = scene.mean;
    expect(mean(none)).toBeLessThan(mean(faint));
    expect(mean(faint)).toBeLessThan(mean(spatters));
    expect(Math.min(...scene.meltPool)).toBeGreaterThan(300);
    expect(mean(scene.particleArea)).toBeLessThan(mean(scene.meltPool) / 4);
    expect(mean(scene.particles)).toBeGreaterThan(1);
  });
});

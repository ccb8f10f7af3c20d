// Features of drawn crops whose truth is known.
import { expect, it } from 'vitest';
import { cropFeatures, FEATURE_COLUMNS, featureFields } from './crop-features.ts';
import type { Crop } from './crops.ts';

/** A crop of 64 × 48 in which `light(x, y)` says the gray. */
function drawn(light: (x: number, y: number) => number, colour: readonly number[] = [1, 1, 1]): Crop {
  const [width, height] = [64, 48];
  const bgr = new Uint8Array(width * height * 3);
  for (let i = 0; i < bgr.length; i++) {
    const pixel = Math.floor(i / 3);
    bgr[i] = Math.round(light(pixel % width, Math.floor(pixel / width)) * colour[i % 3]!);
  }
  const mean = bgr.reduce((a, b) => a + b, 0) / bgr.length;
  const box = { x: 10, y: 20, w: width + 3, h: height + 3, area: 1, hole: false, index: 0, parent: -1 };
  return { ...box, width, height, bgr, mean, max: Math.max(...bgr) };
}

/** A bar of half-length `long` and half-width `wide` about (32, 24), turned by `degrees`. */
const bar = (long: number, wide: number, degrees: number) => (x: number, y: number) => {
  const angle = (degrees * Math.PI) / 180;
  const [dx, dy] = [x - 32, y - 24];
  const u = dx * Math.cos(angle) + dy * Math.sin(angle);
  const v = dy * Math.cos(angle) - dx * Math.sin(angle);
  return Math.abs(u) <= long && Math.abs(v) <= wide ? 240 : 10;
};

it.each([0, 30, -60, 75])('measures a streak at %i degrees', (degrees) => {
  const found = cropFeatures(drawn(bar(18, 2, degrees)), 0);
  expect(found.streaks).toBe(1);
  expect(Math.abs(found.streakAngle - degrees)).toBeLessThan(1.5);
  expect(Math.abs(found.orientation - degrees)).toBeLessThan(1.5);
  expect(Math.abs(found.streakLength - 37)).toBeLessThan(2);
  expect(Math.abs(found.streakCurvature)).toBeLessThan(0.002);
  expect(found.eccentricity).toBeGreaterThan(0.98);
  expect(found.centroidX).toBeCloseTo(10 + 2 + 32, 0);
  expect(found.centroidY).toBeCloseTo(20 + 2 + 24, 0);
});

it('measures the curvature of an arc', () => {
  const arc = (x: number, y: number) =>
    Math.abs(y - 15 - 0.01 * (x - 32) ** 2) <= 1.2 && Math.abs(x - 32) < 25 ? 240 : 10;
  const { streaks, streakCurvature } = cropFeatures(drawn(arc), 0);
  expect(streaks).toBe(1);
  expect(streakCurvature).toBeGreaterThan(0.017);
  expect(streakCurvature).toBeLessThan(0.023);
});

it('sees a round spot as no streak, its colour and its saturation', () => {
  const spot = (x: number, y: number) => ((x - 32) ** 2 + (y - 24) ** 2 < 100 ? 250 : 0);
  const found = cropFeatures(drawn(spot, [0.2, 0.4, 1]), 0);
  expect(found).toMatchObject({ streaks: 0, streakLength: 0 });
  expect(found.eccentricity).toBeLessThan(0.2);
  expect(found.redShare).toBeCloseTo(1 / 1.6, 2);
  expect(found.blueShare).toBeCloseTo(0.2 / 1.6, 2);
  expect(found.saturated).toBeCloseTo(317 / (64 * 48), 2);
});

it('tells to which side of the flow the light leans', () => {
  const tail = (x: number, y: number) =>
    Math.abs(y - 24) > 3 ? 5 : x < 20 ? 5 : x < 24 ? 255 : x < 55 ? 120 : 5;
  const lean = (flow: number) => cropFeatures(drawn(tail), flow).downwind;
  expect(lean(0)).toBeGreaterThan(0.5);
  expect(lean(180)).toBeLessThan(-0.5);
  expect(Math.abs(lean(90))).toBeLessThan(0.1);
});

it('gives numbers for a crop of one colour and of one pixel', () => {
  const flat = featureFields(
    cropFeatures(
      drawn(() => 50),
      0,
    ),
  );
  expect(flat).toHaveLength(FEATURE_COLUMNS.length);
  expect(flat.every((field) => Number.isFinite(Number(field)))).toBe(true);
});

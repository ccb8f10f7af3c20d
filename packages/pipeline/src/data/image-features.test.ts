// What the features of a view say of a few plain images.
import { expect, it } from 'vitest';
import { imageFeatures } from './image-features.ts';

const SIDE = 8;
/** Gray levels by column. */
const image = (level: (x: number) => number) =>
  Array.from({ length: SIDE * SIDE }, (_, i) => level(i % SIDE) / 255);

it('tells light, contrast, sharpness and veil', () => {
  const clear = image((x) => (x < 3 ? 200 : 0));
  const dimmed = image((x) => (x < 3 ? 100 : 0));
  const veiled = image((x) => (x < 3 ? 100 : 20));
  const flat = image(() => 90);
  const images = Float32Array.from([...clear, ...dimmed, ...veiled, ...flat]);
  const { brightness, contrast, sharpness, veil } = imageFeatures(images, 4, { channels: 1, side: SIDE });
  expect(Array.from(brightness, (value) => Math.round(value))).toEqual([75, 38, 50, 90]);
  expect(contrast[0]).toBeCloseTo(2 * contrast[1]!, 4);
  expect(sharpness[0]).toBeCloseTo(sharpness[1]!, 6);
  expect(veil[0]).toBe(0);
  expect(veil[1]).toBe(0);
  expect(veil[2]).toBeCloseTo(20 / contrast[2]!, 6);
  expect([contrast[3], sharpness[3], veil[3]]).toEqual([0, 0, 0]);
});

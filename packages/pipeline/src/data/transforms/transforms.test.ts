// Transforms against digests that Pillow made, and the one-pass sample writers against the steps they merge.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centerCrop, cropOffset } from './crop.ts';
import { packedSize } from './pack.ts';
import type { PassOrder } from './resize.ts';
import { rotateNearest } from './rotate.ts';
import { rotationAngle, writeCentre, writeRotated } from './sample.ts';
import { cropDigests, noiseCrop, type CropDigests } from './testing/noise-crops.ts';

describe('transforms', () => {
  it.each<PassOrder>(['pillow-12', 'pillow-13'])('equal Pillow byte for byte: %s', (order) => {
    const file = join(import.meta.dirname, 'testing', `${order}.json`);
    const { crops } = JSON.parse(readFileSync(file, 'utf8')) as { crops: CropDigests[] };
    expect(crops.length).toBeGreaterThan(30);
    expect(crops.map((_, i) => cropDigests(i, order))).toEqual(crops);
  });

  it('round the crop offset half to even, as Python does', () => {
    const differences = [0, 1, 2, 3, 4, 5, 7, 8, 9];
    expect(differences.map((d) => cropOffset(20 + d, 20))).toEqual([0, 0, 1, 2, 2, 2, 4, 4, 4]);
  });

  it('keep a quarter of margin for the rotation', () => {
    expect([32, 28, 30, 224].map((side) => packedSize(side))).toEqual([40, 35, 37, 280]);
  });
});

const planes = noiseCrop(7);

/** Rotates, crops and scales in separate steps. */
function stepwise(size: number, crop: number, channels: number, degrees: number): number[] {
  return Array.from({ length: channels }, (_, c) => {
    const square = { width: size, height: size };
    const rotated = { ...square, data: new Uint8Array(size * size), offset: 0 };
    rotateNearest({ ...square, data: planes.bgr, offset: c * size * size }, degrees, rotated);
    const cut = { data: new Uint8Array(crop * crop), offset: 0, width: crop, height: crop };
    centerCrop(rotated, cut);
    return [...cut.data].map((v) => Math.fround(v / 255));
  }).flat();
}

describe('sample writers', () => {
  it('equal rotate, crop and divide for any angle, size and number of channels', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 39 }));
    const property = fc.property(
      sizes,
      fc.constantFrom(1, 3),
      fc.double({ min: -400, max: 400, noNaN: true }),
      ([size, less], channels, degrees) => {
        const shape = { channels, size, crop: Math.max(1, size - less) };
        const out = new Float32Array(channels * shape.crop ** 2 + 2);
        writeRotated(shape, planes.bgr, 0, out, 1, degrees);
        expect([...out]).toEqual([0, ...stepwise(size, shape.crop, channels, degrees), 0]);
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  it('leave the centre as it is without an angle', () => {
    const out = new Float32Array(3 * 32 * 32);
    writeCentre({ channels: 3, size: 40, crop: 32 }, planes.bgr, 0, out, 0);
    expect([...out]).toEqual(stepwise(40, 32, 3, 0));
  });

  it('draw angles from seed, epoch and row alone, within the bound and both ways', () => {
    const angles = Array.from({ length: 1000 }, (_, row) => rotationAngle(1, 2, row, 15));
    expect(rotationAngle(1, 2, 500, 15)).toBe(angles[500]);
    expect(rotationAngle(1, 3, 500, 15)).not.toBe(angles[500]);
    expect(Math.max(...angles)).toBeGreaterThan(14.5);
    expect(Math.min(...angles)).toBeLessThan(-14.5);
    expect(angles.every((a) => Math.abs(a) <= 15)).toBe(true);
  });
});

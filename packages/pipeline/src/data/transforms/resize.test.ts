// The resize kernel against the plain sums that it stands for, at any size and in both orders of the passes.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { integer, randomStream } from '../../util/random.ts';
import { resizeBilinear, type PassOrder } from './resize.ts';

interface Image {
  readonly width: number;
  readonly height: number;
  readonly at: (x: number, y: number) => number;
}

/** `ImagingResampleHorizontal_8bpc` of Pillow, sample by sample. */
function resizeRows({ width, height, at }: Image, to: number): Image {
  const scale = width / to;
  const support = Math.max(scale, 1);
  const data = Array.from({ length: to * height }, (_, i) => {
    const centre = ((i % to) + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(width, Math.trunc(centre + support + 0.5));
    const raw = Array.from({ length: end - first }, (_, j) =>
      Math.max(0, 1 - Math.abs((first + j - centre + 0.5) * (1 / support))),
    );
    const total = raw.reduce((a, b) => a + b, 0);
    const weights = raw.map((w) => Math.trunc((w / total) * 2 ** 22 + 0.5));
    const sum = weights.reduce((s, w, j) => s + w * at(first + j, Math.floor(i / to)), 2 ** 21);
    return sum >> 22;
  });
  return { width: to, height, at: (x, y) => data[y * to + x]! };
}

const turned = ({ width, height, at }: Image): Image => ({
  width: height,
  height: width,
  at: (x, y) => at(y, x),
});
const resizeColumns = (image: Image, to: number): Image => turned(resizeRows(turned(image), to));

function plainly(image: Image, width: number, height: number, order: PassOrder): Image {
  const across = (each: Image) => (each.width === width ? each : resizeRows(each, width));
  const down = (each: Image) => (each.height === height ? each : resizeColumns(each, height));
  const rows = image.height - height;
  const verticalFirst = order === 'pillow-13' && rows > 0 && rows > 2 * (image.width - width);
  return verticalFirst ? across(down(image)) : down(across(image));
}

it('gives the sums of Pillow for any size', () => {
  const side = fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 400 }));
  const out = fc.integer({ min: 1, max: 45 });
  const order = fc.constantFrom<PassOrder>('pillow-12', 'pillow-13');
  fc.assert(
    fc.property(side, side, out, out, order, fc.nat(), (width, height, w, h, passes, seed) => {
      const random = randomStream(seed);
      const flat = integer(random, 3) === 0;
      const data = Uint8Array.from({ length: 3 + width * height }, () => (flat ? 255 : integer(random, 256)));
      const from = { data, offset: 3, width, height };
      const to = { data: new Uint8Array(2 + w * h + 2), offset: 2, width: w, height: h };
      resizeBilinear(from, to, passes);
      const plain = plainly({ width, height, at: (x, y) => data[3 + y * width + x]! }, w, h, passes);
      const expected = Array.from({ length: w * h }, (_, i) => plain.at(i % w, Math.floor(i / w)));
      expect([...to.data]).toEqual([0, 0, ...expected, 0, 0]);
    }),
    { numRuns: 120 },
  );
});

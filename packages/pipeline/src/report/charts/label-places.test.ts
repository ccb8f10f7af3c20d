// Labels of points that lie close together.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { labelPlaces } from './label-places.ts';

it('puts a lone label right of its point', () => {
  expect(labelPlaces([{ x: 100, y: 50, width: 40 }])).toEqual([{ x: 110, y: 50 }]);
});

it('covers no label and no point, wherever a dozen points lie', () => {
  const point = fc.record({
    x: fc.integer({ min: 0, max: 30 }).map((step) => step * 20),
    y: fc.integer({ min: 0, max: 30 }).map((step) => step * 8),
    width: fc.integer({ min: 20, max: 120 }),
  });
  fc.assert(
    fc.property(fc.array(point, { minLength: 1, maxLength: 12 }), (points) => {
      const boxes = labelPlaces(points).map(({ x, y }, i) => ({ x, y, width: points[i]!.width }));
      for (const [i, a] of boxes.entries()) {
        for (const b of boxes.slice(i + 1)) {
          const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || Math.abs(a.y - b.y) >= 16;
          expect(apart).toBe(true);
        }
        for (const { x, y } of points)
          expect(x + 6 <= a.x || a.x + a.width <= x - 6 || Math.abs(a.y - y) >= 14).toBe(true);
      }
    }),
  );
});

// The order of numbers.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stableOrder } from './order.ts';

it('is ascending and stable', () => {
  const near = fc.integer({ min: -3, max: 3 }).map((step) => 1 + step * Number.EPSILON);
  const number = fc.oneof(
    near,
    fc.integer({ min: -5, max: 5 }),
    fc.double({ min: -1e300, max: 1e300, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(number, { maxLength: 60 }), (values) => {
      const expected = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);
      expect([...stableOrder(Float64Array.from(values))]).toEqual(expected);
    }),
  );
});

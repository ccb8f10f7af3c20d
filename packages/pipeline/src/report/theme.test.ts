// Axes of charts.
import { expect, it } from 'vitest';
import { logRange } from './theme.ts';

it.each([
  [0.033, 0.548, 0.03, 0.6],
  [0.02, 30.4, 0.01, 40],
  [1, 9.9, 0.9, 20],
  [61241, 5361025, 50000, 6000000],
])('a logarithmic axis of %d to %d goes from %d to %d', (least, most, min, max) => {
  expect(logRange(least, most)).toEqual({ min, max });
});

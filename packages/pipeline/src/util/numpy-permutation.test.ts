// numpy's permutation against numbers that numpy 2.4.6 printed.
import { expect, it } from 'vitest';
import { numpyPermutation } from './numpy-permutation.ts';

it.each([
  [42, [0, 17, 15, 1, 8, 5, 11, 3, 18, 16, 13, 2, 9, 19, 4, 12, 7, 10, 14, 6]],
  [0, [2, 8, 4, 9, 1, 6, 7, 3, 0, 5]],
  [4294967295, [11, 8, 5, 9, 1, 10, 6, 0, 4, 7, 2, 3]],
  [7, [0]],
  [7, []],
])('numpyPermutation(%i) equals RandomState(%i).permutation', (seed, expected) => {
  expect([...numpyPermutation(seed, expected.length)]).toEqual(expected);
});

it('numpyPermutation equals numpy over 100 000 rows', () => {
  const order = numpyPermutation(42, 100_000);
  expect([...order.slice(0, 6)]).toEqual([75721, 80184, 19864, 76699, 92991, 76434]);
  expect([...order.slice(-6)]).toEqual([82386, 6265, 54886, 76820, 860, 15795]);
  expect(order.reduce((sum, value, i) => sum + ((value * i) % 1_000_003), 0)).toBe(49_994_926_168);
});

// The normal distribution against values computed with 40 digits (mpmath).
import { describe, expect, it } from 'vitest';
import { inverseLogCdf, logCdf, logMass, truncatedQuantile } from './normal.ts';

describe('normal distribution', () => {
  it.each([
    [-40, -804.608442013754],
    [-10, -53.2312851505125],
    [-1, -1.84102164500926],
    [0, -0.693147180559945],
    [1, -0.17275377902345],
    [6, -9.86587645524376e-10],
  ])('ln P(X <= %f)', (x, expected) => {
    expect(Math.abs(logCdf(x) / expected - 1)).toBeLessThan(1e-13);
  });

  it.each([
    [-1, 1, -0.381715146302126],
    [-0.001, 0.002, -6.72808202351855],
    [5, 6, -15.0684460965295],
    [-6, -5, -15.0684460965295],
    [-30, 30, 0],
    [20, Infinity, -203.917155371097],
  ])('ln P(%f <= X <= %f)', (a, b, expected) => {
    expect(Math.abs(logMass(a, b) - expected)).toBeLessThan(1e-11);
  });

  it('inverts its distribution function', () => {
    for (const x of [-38, -9, -3, -0.5, 0, 0.5, 3, 5])
      expect(Math.abs(inverseLogCdf(logCdf(x)) - x)).toBeLessThan(1e-7);
  });

  it('has quantiles between the ends', () => {
    for (const [a, b] of [
      [-1, 2],
      [3, 4],
      [-9, -8],
      [-0.1, 0.1],
    ] as const) {
      expect(truncatedQuantile(0, a, b)).toBe(a);
      const [low, middle, high] = [0.01, 0.5, 0.99].map((q) => truncatedQuantile(q, a, b)) as [
        number,
        number,
        number,
      ];
      expect(a < low && low < middle && middle < high && high < b).toBe(true);
      expect(Math.exp(logMass(a, middle) - logMass(a, b))).toBeCloseTo(0.5, 9);
    }
  });
});

// Importances of functions whose variances are known.
import { describe, expect, it } from 'vitest';
import { categoricalDistribution, floatDistribution, intDistribution } from '../distributions.ts';
import { randomStream } from '../numeric/random.ts';
import { trialsOf } from '../samplers/testing/trials.ts';
import { parameterImportance } from './importance.ts';

const distributions = {
  a: floatDistribution(0, 1),
  b: floatDistribution(1e-3, 1, { log: true }),
  c: intDistribution(0, 10),
  d: categoricalDistribution(['x', 'y', 'z']),
};

function study(count: number, f: (a: number, b: number, c: number, d: string) => number) {
  const random = randomStream(3);
  return trialsOf(
    ...Array.from({ length: count }, () => {
      const params = {
        a: random(),
        b: 10 ** (-3 * random()),
        c: Math.floor(random() * 11),
        d: ['x', 'y', 'z'][Math.floor(random() * 3)]!,
      };
      const values = [f(params.a, params.b, params.c, params.d)];
      return { state: 'COMPLETE' as const, params, distributions, values };
    }),
  );
}

const shares = (...args: Parameters<typeof parameterImportance>) =>
  Object.fromEntries(parameterImportance(...args));

describe('parameter importance', () => {
  it('is the share of the variance that a parameter explains alone', () => {
    // Variances: 9/12, (log10: 3²/12 of slope 1/3 → 1/12), 0.
    const found = shares(study(300, (a, b) => 3 * a + Math.log10(b) / 3));
    expect(found['a']).toBeCloseTo(0.9, 1);
    expect(found['b']).toBeCloseTo(0.1, 1);
    expect(found['c']! + found['d']!).toBeLessThan(0.03);
    expect(Object.values(found).reduce((x, y) => x + y)).toBeCloseTo(1, 9);
  });

  it('sees choices and whole numbers', () => {
    // Variances: 2/9 for one choice of three, and 100/120 · 0.1 for whole numbers.
    const found = shares(study(300, (_a, _b, c, d) => (d === 'y' ? 1 : 0) + c / 20));
    expect(found['d']! / found['c']!).toBeGreaterThan(6);
    expect(found['d']! / found['c']!).toBeLessThan(13);
    expect(parameterImportance(study(300, (_a, _b, _c, d) => (d === 'y' ? 1 : 0)))[0]).toEqual(['d', 1]);
  });

  it('is the same every time, and says nothing where nothing can be said', () => {
    const trials = study(40, (a) => a);
    expect(parameterImportance(trials)).toEqual(parameterImportance(trials));
    expect(parameterImportance(trials.slice(0, 3))).toEqual([]);
    expect(parameterImportance(study(20, () => 1))).toEqual([]);
    const target = (trial: (typeof trials)[number]) => Number(trial.params['c']);
    expect(parameterImportance(trials, { target })[0]![0]).toBe('c');
  });
});

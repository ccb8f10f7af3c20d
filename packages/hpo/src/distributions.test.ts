// Search spaces: their rules, their internal values, their JSON.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  categoricalDistribution,
  contains,
  distributionFromJson,
  distributionToJson,
  floatDistribution,
  intDistribution,
  isSingle,
  requireCompatible,
  sameDistribution,
  toExternal,
  toInternal,
  type Distribution,
} from './distributions.ts';

const EXAMPLES: readonly Distribution[] = [
  floatDistribution(0, 1),
  floatDistribution(1e-5, 0.1, { log: true }),
  floatDistribution(0, 1, { step: 0.25 }),
  intDistribution(1, 9, { step: 2 }),
  intDistribution(1, 64, { log: true }),
  categoricalDistribution(['a', null, true, 1.5, NaN]),
];

describe('distributions', () => {
  it('lower the end to the last step, in decimal arithmetic', () => {
    expect(floatDistribution(0, 1, { step: 0.3 }).high).toBe(0.9);
    expect(floatDistribution(0.1, 0.35, { step: 0.05 }).high).toBe(0.35);
    expect(floatDistribution(1e-7, 1, { step: 1e-7 }).high).toBe(1);
    expect(floatDistribution(-1.5, 10, { step: 2.5 }).high).toBe(8.5);
    expect(intDistribution(1, 10, { step: 4 }).high).toBe(9);
  });

  it.each([
    () => floatDistribution(1, 0),
    () => floatDistribution(0, 1, { log: true }),
    () => floatDistribution(1, 2, { log: true, step: 0.5 }),
    () => floatDistribution(0, 1, { step: 0 }),
    () => floatDistribution(NaN, 1),
    () => intDistribution(0, 4, { log: true }),
    () => intDistribution(1, 4, { log: true, step: 2 }),
    () => intDistribution(0.5, 4),
    () => categoricalDistribution([]),
  ])('refuse what cannot be searched (%#)', (make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_DISTRIBUTION' }));
  });

  it.each(EXAMPLES)('keep their JSON: $name', (distribution) => {
    const back = distributionFromJson(distributionToJson(distribution));
    expect(back).toEqual(distribution);
    expect(sameDistribution(back, distribution)).toBe(true);
  });

  it('write what Optuna writes', () => {
    expect(EXAMPLES.slice(0, 5).map(distributionToJson)).toEqual([
      '{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}',
      '{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.00001, "high": 0.1, "log": true}}',
      '{"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.0, "high": 1.0, "log": false}}',
      '{"name": "IntDistribution", "attributes": {"low": 1, "high": 9, "log": false, "step": 2}}',
      '{"name": "IntDistribution", "attributes": {"low": 1, "high": 64, "log": true, "step": 1}}',
    ]);
  });

  it('read what Optuna wrote before version 3', () => {
    const old = (name: string, attributes: object) =>
      distributionFromJson(JSON.stringify({ name, attributes }));
    expect(old('UniformDistribution', { low: 0, high: 1 })).toEqual(floatDistribution(0, 1));
    expect(old('LogUniformDistribution', { low: 1, high: 2 })).toEqual(
      floatDistribution(1, 2, { log: true }),
    );
    expect(old('DiscreteUniformDistribution', { low: 0, high: 1, q: 0.5 })).toEqual(
      floatDistribution(0, 1, { step: 0.5 }),
    );
    expect(old('IntUniformDistribution', { low: 0, high: 4, step: 2 })).toEqual(
      intDistribution(0, 4, { step: 2 }),
    );
    expect(old('IntLogUniformDistribution', { low: 1, high: 4, step: 1 })).toEqual(
      intDistribution(1, 4, { log: true }),
    );
    expect(() => old('Other', {})).toThrow(expect.objectContaining({ code: 'INVALID_DISTRIBUTION' }));
  });

  it('turn every value they hold into a number and back', () => {
    const choices = categoricalDistribution(['a', null, true, 1.5, NaN]);
    for (const [i, choice] of choices.choices.entries())
      expect(toExternal(choices, toInternal(choices, choice))).toBe(choices.choices[i]);
    expect(() => toInternal(choices, 1)).toThrow('one of');
    expect(() => toInternal(floatDistribution(1, 2, { log: true }), 0)).toThrow('a number');
    expect(toExternal(intDistribution(0, 9), 3)).toBe(3);
  });

  it('know what they contain', () => {
    const stepped = floatDistribution(0, 1, { step: 0.1 });
    expect([0.3, 0.1 + 0.2, 0.35, 1.1, -0.1].map((value) => contains(stepped, value))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(contains(categoricalDistribution(['a']), 1)).toBe(false);
    fc.assert(
      fc.property(
        fc.integer({ min: -50, max: 50 }),
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 1, max: 9 }),
        (low, range, step) => {
          const distribution = intDistribution(low, low + range, { step });
          expect(contains(distribution, distribution.high)).toBe(true);
          expect(contains(distribution, distribution.high + step)).toBe(false);
          expect(isSingle(distribution)).toBe(range < step);
        },
      ),
    );
  });

  it('stay compatible over a study unless kind, log or choices change', () => {
    requireCompatible('x', floatDistribution(0, 1), floatDistribution(2, 3));
    const pairs: [Distribution, Distribution][] = [
      [floatDistribution(1, 2), intDistribution(1, 2)],
      [floatDistribution(1, 2), floatDistribution(1, 2, { log: true })],
      [categoricalDistribution([1, 2]), categoricalDistribution([2, 1])],
    ];
    for (const [a, b] of pairs) {
      expect(() => requireCompatible('x', a, b)).toThrow(
        expect.objectContaining({ code: 'INCOMPATIBLE_DISTRIBUTION' }),
      );
    }
  });
});

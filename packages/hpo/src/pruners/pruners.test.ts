// Every pruner: what they keep, what they stop, what they refuse.
import { describe, expect, it } from 'vitest';
import { trialsOf } from '../samplers/testing/trials.ts';
import type { Direction, TrialTemplate } from '../trial-record.ts';
import { hyperbandPruner } from './hyperband.ts';
import { noPruner } from './none.ts';
import { patientPruner } from './patient.ts';
import { medianPruner, percentilePruner } from './percentile.ts';
import type { Pruner } from './pruner.ts';
import { successiveHalvingPruner } from './successive-halving.ts';
import { thresholdPruner } from './threshold.ts';

const reports = (...values: number[]): Map<number, number> =>
  new Map(values.map((value, step) => [step, value]));
const done = (...values: number[]): TrialTemplate => ({
  values: [values.at(-1)!],
  intermediateValues: reports(...values),
});

/** The decision on a trial with the given reports after others have run. */
function decide(
  pruner: Pruner,
  intermediateValues: ReadonlyMap<number, number>,
  others: readonly TrialTemplate[] = [],
  direction: Direction = 'minimize',
) {
  const trials = trialsOf(...others, { intermediateValues });
  return pruner.decide({ studyName: 'study', direction, trials, trial: trials.at(-1)! });
}

const prunes = (...args: Parameters<typeof decide>): boolean => decide(...args).prune;

const ALL: Readonly<Record<string, () => Pruner>> = {
  none: noPruner,
  median: medianPruner,
  percentile: () => percentilePruner(25),
  threshold: () => thresholdPruner({ lower: -10, upper: 10 }),
  patient: () => patientPruner(medianPruner(), { patience: 1 }),
  'successive halving': successiveHalvingPruner,
  Hyperband: hyperbandPruner,
};

describe.each(Object.entries(ALL))('%s pruner', (_, make) => {
  const better = Array.from({ length: 8 }, () => done(1, 1, 1));

  it('keeps a trial that has reported nothing, or is the first', () => {
    expect(prunes(make(), new Map(), better)).toBe(false);
    expect(prunes(make(), reports(5, 5, 5))).toBe(false);
  });

  it('keeps the best trial, in both directions', () => {
    expect(prunes(make(), reports(0.5, 0.5, 0.5), better)).toBe(false);
    expect(prunes(make(), reports(5, 5, 5), better, 'maximize')).toBe(false);
  });
});

describe('percentile pruner', () => {
  const others = [1, 2, 3, 4, 5].map((value) => done(value, value));

  it('stops what is worse than the percentile at the same step', () => {
    expect(prunes(medianPruner(), reports(3), others)).toBe(false);
    expect(prunes(medianPruner(), reports(3.1), others)).toBe(true);
    expect(prunes(percentilePruner(25), reports(2.1), others)).toBe(true);
    expect(prunes(percentilePruner(25), reports(3.9), others, 'maximize')).toBe(true);
    expect(prunes(percentilePruner(25), reports(4), others, 'maximize')).toBe(false);
  });

  it('judges by the best report so far', () => {
    expect(prunes(medianPruner(), reports(1, 9), others)).toBe(false);
    expect(prunes(medianPruner(), reports(NaN), others)).toBe(true);
    expect(prunes(medianPruner(), reports(9, 9), [...others.slice(1), done(1, NaN)])).toBe(true);
  });

  it('waits for startup trials, warm-up, intervals and enough reports', () => {
    expect(prunes(medianPruner(), reports(9), others.slice(1))).toBe(false);
    expect(prunes(medianPruner({ warmupSteps: 1 }), reports(9), others)).toBe(false);
    expect(prunes(medianPruner({ warmupSteps: 1 }), reports(9, 9), others)).toBe(true);
    expect(prunes(medianPruner({ intervalSteps: 2 }), reports(9, 9), others)).toBe(false);
    expect(prunes(medianPruner({ minTrials: 6 }), reports(9), others)).toBe(false);
    expect(prunes(medianPruner(), reports(9, 9, 9), others)).toBe(false);
  });
});

describe('threshold pruner', () => {
  it('stops what leaves the interval', () => {
    const pruner = thresholdPruner({ lower: 0, upper: 1, warmupSteps: 1 });
    const at = (value: number) => prunes(pruner, reports(0.5, value));
    expect([0, 1, -0.1, 1.1, NaN].map(at)).toEqual([false, false, true, true, true]);
    expect(prunes(pruner, reports(9))).toBe(false);
  });
});

describe('patient pruner', () => {
  it('asks only when nothing has improved for a while', () => {
    const alone = patientPruner(undefined, { patience: 1 });
    expect(prunes(alone, reports(1, 2))).toBe(false);
    expect(prunes(alone, reports(1, 2, 2))).toBe(true);
    expect(prunes(alone, reports(2, 1, 2))).toBe(false);
    expect(prunes(alone, reports(2, 1, 1), [], 'maximize')).toBe(true);
    expect(prunes(patientPruner(undefined, { patience: 1, minDelta: 1 }), reports(1, 2, 2))).toBe(false);
    expect(prunes(patientPruner(noPruner(), { patience: 1 }), reports(1, 2, 2))).toBe(false);
  });
});

describe('successive halving pruner', () => {
  const pruner = (options = {}) =>
    successiveHalvingPruner({ minResource: 1, reductionFactor: 2, ...options });
  const rung = (value: number): TrialTemplate => ({
    values: [value],
    systemAttrs: { completed_rung_0: value },
  });

  it('lets the best share go on, and notes the rung', () => {
    const others = [1, 2, 3].map(rung);
    expect(decide(pruner(), new Map([[1, 2]]), others)).toEqual({
      prune: false,
      systemAttrs: { completed_rung_0: 2 },
    });
    expect(decide(pruner(), new Map([[1, 2.5]]), others)).toEqual({
      prune: true,
      systemAttrs: { completed_rung_0: 2.5 },
    });
    expect(prunes(pruner(), new Map([[1, 2.5]]), others, 'maximize')).toBe(false);
    expect(decide(pruner(), new Map([[4, 0]]), others).systemAttrs).toEqual({
      completed_rung_0: 0,
      completed_rung_1: 0,
      completed_rung_2: 0,
    });
    expect(prunes(pruner(), new Map([[1, NaN]]), others)).toBe(true);
  });

  it('waits for a rung and for its first trials', () => {
    expect(
      decide(pruner({ minEarlyStoppingRate: 1 }), new Map([[1, 9]]), [1, 2, 3].map(rung)).systemAttrs,
    ).toEqual({});
    expect(prunes(pruner({ bootstrapCount: 4 }), new Map([[1, 0]]), [1, 2, 3].map(rung))).toBe(true);
    expect(prunes(pruner({ bootstrapCount: 3 }), new Map([[1, 0]]), [1, 2, 3].map(rung))).toBe(false);
  });

  it('takes its unit from the first trial that completes', () => {
    const long = { values: [0], intermediateValues: new Map([[300, 0]]) };
    expect(decide(successiveHalvingPruner(), new Map([[2, 0]]), [long]).systemAttrs).toEqual({});
    expect(decide(successiveHalvingPruner(), new Map([[3, 0]]), [long]).systemAttrs).toEqual({
      completed_rung_0: 0,
    });
  });
});

describe('Hyperband pruner', () => {
  it('puts trials into the brackets that Optuna puts them into', () => {
    // optuna 5.0: HyperbandPruner(1, 27, 3)._get_bracket_id for trials 0…11 of a study named "study"
    const pruner = hyperbandPruner({ maxResource: 27 });
    const trials = trialsOf(...Array.from({ length: 12 }, () => ({})));
    const groups = trials.map((trial) =>
      pruner.peers!({ studyName: 'study', direction: 'minimize', trials, trial }).map(
        (other) => other.number,
      ),
    );
    const same = BRACKETS.map((bracket) =>
      BRACKETS.flatMap((other, number) => (other === bracket ? [number] : [])),
    );
    expect(groups).toEqual(same);
  });

  it('knows no brackets before a trial has completed', () => {
    const trials = trialsOf({}, {});
    expect(
      hyperbandPruner().peers!({ studyName: 's', direction: 'minimize', trials, trial: trials[0]! }),
    ).toBe(trials);
  });
});

const BRACKETS = [1, 0, 1, 0, 0, 1, 1, 0, 0, 3, 1, 2];

describe('options out of range', () => {
  it.each([
    () => percentilePruner(101),
    () => medianPruner({ startupTrials: -1 }),
    () => medianPruner({ intervalSteps: 0 }),
    () => medianPruner({ minTrials: 0 }),
    () => thresholdPruner({}),
    () => thresholdPruner({ lower: 2, upper: 1 }),
    () => patientPruner(undefined, { patience: -1 }),
    () => patientPruner(undefined, { patience: 1, minDelta: -1 }),
    () => successiveHalvingPruner({ minResource: 0 }),
    () => successiveHalvingPruner({ reductionFactor: 1 }),
    () => successiveHalvingPruner({ bootstrapCount: 1 }),
    () => hyperbandPruner({ minResource: 0 }),
    () => hyperbandPruner({ bootstrapCount: 1 }),
  ])('are refused (%#)', (make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

// Evaluation of many classes on figures that can be counted by hand.
import { describe, expect, it } from 'vitest';
import { brightnessProfile, CLASS_BASELINES, decideClassBaselines } from './class-baselines.ts';
import { evaluateClasses, strongestClassBaseline, type ClassEvaluationInput } from './class-evaluation.ts';

const one = (values: number[]) => ({ values: Float64Array.from(values), width: 1 });

/** Six test samples of three classes: decided 0 0 1 1 2 0. */
const train = { label: Uint8Array.of(0, 1, 1, 2), features: one([0, 10, 12, 20]) };
const input: ClassEvaluationInput<string> = {
  classes: ['a', 'b', 'c'],
  test: {
    label: Uint8Array.of(0, 0, 1, 1, 2, 2),
    probability: Float64Array.of(0.8, 0.1, 0.1, 0.5, 0.3, 0.2, 0.1, 0.7, 0.2, 0.2, 0.6, 0.2, 0.1, 0.1, 0.8, 0.6, 0.1, 0.3),
  },
  baselines: decideClassBaselines(train, 3, one([1, 8, 11, 30, 21, 5])),
  loss: 0.5,
  bootstrap: { seed: 1, resamples: 500 },
}; // prettier-ignore

describe('evaluateClasses', () => {
  const result = evaluateClasses(input);

  it('counts by class', () => {
    expect(result.confusion).toEqual([
      [2, 0, 0],
      [0, 2, 0],
      [1, 0, 1],
    ]);
    expect(result).toMatchObject({ samples: 6, loss: 0.5, accuracy: 5 / 6 });
    expect(result.balanced_accuracy).toBeCloseTo((1 + 1 + 0.5) / 3, 12);
    expect(result.per_class[0]).toEqual({ name: 'a', samples: 2, accuracy: 1, precision: 2 / 3 });
    expect(result.per_class[2]).toEqual({ name: 'c', samples: 2, accuracy: 0.5, precision: 1 });
  });

  it('gives an interval over single samples, the same for a seed', () => {
    const { estimate, low, high, clusters } = result.intervals.accuracy;
    expect([estimate, clusters]).toEqual([5 / 6, 6]);
    expect(low).toBeLessThan(5 / 6);
    expect(high).toBe(1);
    expect(evaluateClasses(input)).toEqual(result);
  });

  it('judges baselines fitted on train', () => {
    const [majority, nearest] = result.baselines;
    expect(majority).toMatchObject({ name: 'majority', accuracy: 2 / 6 });
    // Means 0, 11, 20: decisions a, b, b, c, c, a.
    expect(nearest).toMatchObject({ name: 'nearest_mean', accuracy: 3 / 6 });
    expect(nearest!.margin.estimate).toBeCloseTo(2 / 6, 12);
    expect(strongestClassBaseline(result).name).toBe('nearest_mean');
  });
});

describe('class baselines', () => {
  it('never decide for a class without training samples', () => {
    const decide = CLASS_BASELINES.nearest_mean.fit(one([1, 2]), Uint8Array.of(0, 2), 3);
    expect([...decide(one([0, 9]))]).toEqual([0, 2]);
  });

  it('see the mean brightness of rows and columns over all planes', () => {
    const planes = Uint8Array.of(99, 1, 2, 3, 4, 5, 6, 7, 8);
    expect([...brightnessProfile(planes, 1, 1, 2)]).toEqual([1.5, 3.5, 2, 3]);
    expect([...brightnessProfile(planes, 1, 2, 2)]).toEqual([3.5, 5.5, 4, 5]);
  });
});

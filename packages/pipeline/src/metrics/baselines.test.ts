// Tests of the trivial baselines and of the whole evaluation built on them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normal, randomStream, uniform } from '../util/random.ts';
import { BASELINES, type ShortcutFeatures } from './baselines.ts';
import { evaluate, type EvaluationInput } from './evaluation.ts';
import { applyLogistic, fitLogistic } from './logistic.ts';
import { applyThreshold, fitThreshold } from './threshold-rule.ts';

describe('threshold rule', () => {
  const rows = fc.array(
    fc.tuple(
      fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true, min: -1, max: 1 })),
      fc.integer({ min: 0, max: 1 }),
    ),
    { minLength: 1, maxLength: 30 },
  );

  it('is as good on train as the best of all cuts, tried one by one', () => {
    fc.assert(
      fc.property(rows, (list) => {
        const [feature, label] = [list.map((row) => row[0]), list.map((row) => row[1])];
        const n = list.length;
        const right = [-Infinity, ...feature].map(
          (cut) => list.filter(([x, y]) => Number(x > cut) === y).length,
        );
        const rule = fitThreshold(feature, label);
        expect(rule.trainAccuracy).toBe(Math.max(...right, ...right.map((count) => n - count)) / n);
        const decided = applyThreshold(rule, feature);
        expect(label.filter((y, i) => y === decided[i]).length / n).toBe(rule.trainAccuracy);
      }),
    );
  });

  it('cuts between neighbours that have no number between them', () => {
    const rule = fitThreshold([1, 1 + Number.EPSILON], [0, 1]);
    expect(rule).toEqual({ threshold: 1, above: true, trainAccuracy: 1 });
  });

  it('refuses an empty split', () => {
    expect(() => fitThreshold([], [])).toThrow(/at least one crop/);
  });
});

describe('logistic regression', () => {
  it('stays finite when the classes can be separated or a feature is constant', () => {
    const model = fitLogistic([[1, 2, 3, 4], [7, 7, 7, 7]], [0, 0, 1, 1]); // prettier-ignore
    expect(model.weights.every(Number.isFinite)).toBe(true);
    expect([...applyLogistic(model, [[0, 5], [7, 7]])].map((p) => p > 0.5)).toEqual([false, true]); // prettier-ignore
  });

  it('of one class only says that class', () => {
    const model = fitLogistic([[1, 2, 3]], [1, 1, 1]);
    expect(applyLogistic(model, [[2]])[0]).toBeGreaterThan(0.99);
  });
});

/** Twelve recordings in pairs; brightness gives half the label away, the model sees all of it, size says nothing. */
function crops(seed: number, recordings: number) {
  const random = randomStream(seed);
  const n = recordings * 60;
  const column = (value: (i: number) => number) => Float64Array.from({ length: n }, (_, i) => value(i));
  const label = Uint8Array.from({ length: n }, (_, i) => Math.floor(i / 60) % 2);
  const noise = () => column(() => 50 + 10 * normal(random));
  const features: ShortcutFeatures = {
    brightness: column((i) => 100 - 20 * label[i]! + 20 * normal(random)),
    area: noise(),
    width: noise(),
    height: noise(),
    jpeg_bytes: noise(),
  };
  return {
    label,
    features,
    probability: column((i) => (uniform(random) < 0.9 ? 0.9 * label[i]! + 0.05 : 0.5)),
    recording: Array.from({ length: n }, (_, i) => `build${Math.floor(i / 60)}`),
    frame: column((i) => i % 60),
  };
}

const input = (recordings: number): EvaluationInput => ({
  train: crops(1, 12),
  test: crops(2, recordings),
  bootstrap: { seed: 1, resamples: 200 },
  blockFrames: 10,
});

describe('evaluation', () => {
  const result = evaluate(input(10));
  const baseline = (name: string) => result.baselines.find((one) => one.name === name)!;

  it('judges every baseline with the model’s figures on the same resamples', () => {
    expect(result.baselines.map((one) => one.name)).toEqual(Object.keys(BASELINES));
    expect(baseline('majority').metrics).toMatchObject({ accuracy: 0.5, roc_auc: 0.5 });
    expect(baseline('brightness').metrics.accuracy).toBeGreaterThan(0.6);
    expect(baseline('brightness').rule).toMatch(/^high flow where mean brightness ≤ \d/);
    expect(baseline('width').metrics.accuracy).toBeLessThan(0.6);
    expect(baseline('all_shortcuts').metrics.roc_auc).toBeGreaterThan(0.7);
    expect(baseline('all_shortcuts').margin).toMatchObject({ better: true, clusters: 10 });
    expect(baseline('brightness').margin.estimate).toBeCloseTo(
      result.metrics.accuracy - baseline('brightness').metrics.accuracy,
      12,
    );
  });

  it('resamples recordings, or says why not', () => {
    expect(result.resampled).toEqual({ unit: 'recording', groups: 10 });
    expect(result.intervals.accuracy.estimate).toBe(result.metrics.accuracy);
    expect(result.intervals.roc_auc.estimate).toBeCloseTo(result.metrics.roc_auc, 12);
    const few = evaluate(input(2));
    expect(few.resampled).toMatchObject({ unit: 'time block', groups: 12 });
    expect(few.resampled.caution).toMatch(/Only 2 test recordings/);
  });

  it('gives the same document again', () => {
    expect(JSON.stringify(evaluate(input(10)))).toBe(JSON.stringify(result));
    expect(result.per_recording).toHaveLength(10);
  });
});

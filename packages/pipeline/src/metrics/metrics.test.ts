// Tests of the metrics: scikit-learn's numbers, and properties that hold for any crops.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accuracy, argmax, decide } from './accuracy.ts';
import { binaryMetrics, DECISION_METRICS, PROBABILITY_METRICS } from './binary.ts';
import { brierScore, expectedCalibrationError, reliabilityBins } from './calibration.ts';
import { confusionMatrix } from './confusion.ts';
import { groupBy, groupMetrics, positionGrid } from './groups.ts';
import { crossEntropyFromLogits, logLoss, logLossFromLogits } from './log-loss.ts';
import { averagePrecision } from './pr.ts';
import { classScores } from './precision-recall.ts';
import { rocAuc } from './roc.ts';
import { differences, type SklearnFile } from './testing/sklearn.ts';
import { quantile } from './values.ts';

const fixture = JSON.parse(
  readFileSync(join(import.meta.dirname, 'fixtures', 'sklearn.json'), 'utf8'),
) as SklearnFile;

/** Crops with many equal scores; both classes are there. */
const crops = fc
  .array(fc.record({ label: fc.integer({ min: 0, max: 1 }), score: fc.integer({ min: 0, max: 8 }) }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((rows) => [...rows, { label: 0, score: 3 }, { label: 1, score: 4 }])
  .map((rows) => ({ label: rows.map((row) => row.label), score: rows.map((row) => row.score) }));

describe('scikit-learn', () => {
  it.each(fixture.cases)('agrees on seed $seed', (one) => {
    expect(differences(one)).toEqual([]);
  });

  it('comparison notices a wrong figure', () => {
    const one = fixture.cases[0]!;
    expect(differences({ ...one, label: one.label.map((y) => 1 - y) }).length).toBeGreaterThan(5);
  });
});

describe('ROC', () => {
  it('area is the share of pairs in the right order, ties counting half', () => {
    fc.assert(
      fc.property(crops, ({ label, score }) => {
        const [ones, zeros] = [1, 0].map((y) => score.filter((_, i) => label[i] === y)) as [
          number[],
          number[],
        ];
        const pairs = ones.flatMap((a) => zeros.map((b) => (a > b ? 1 : a === b ? 0.5 : 0) as number));
        expect(rocAuc(label, score)).toBeCloseTo(pairs.reduce((s, v) => s + v, 0) / pairs.length, 12);
      }),
    );
  });

  it('area ignores monotone maps and turns round with the labels', () => {
    fc.assert(
      fc.property(crops, ({ label, score }) => {
        const area = rocAuc(label, score);
        expect(rocAuc(label, score.map((s) => Math.exp(s) - 7))).toBe(area); // prettier-ignore
        expect(rocAuc(label, score.map((s) => -s))).toBeCloseTo(1 - area, 12); // prettier-ignore
        expect(rocAuc(label.map((y) => 1 - y), score)).toBeCloseTo(1 - area, 12); // prettier-ignore
        expect(averagePrecision(label, score.map((s) => s ** 3))).toBe(averagePrecision(label, score)); // prettier-ignore
      }),
    );
  });

  it('is undefined with one class, and refuses NaN', () => {
    expect(rocAuc([1, 1], [0.2, 0.3])).toBeNaN();
    expect(() => rocAuc([1, 0], [NaN, 0])).toThrow(/NaN in row 0/);
    expect(() => rocAuc([1, 0], [1])).toThrow(/2 and 1/);
  });
});

describe('decisions', () => {
  it('cut strictly above the threshold; the first of equal classes wins', () => {
    expect([...decide([0.4, 0.5, 0.6])]).toEqual([0, 0, 1]);
    expect([...argmax([1, 3, 2, 5, 5, 0], 3)]).toEqual([1, 0]);
    expect(accuracy([0, 1, 2, 2], [0, 2, 2, 2])).toBe(0.75);
  });

  it('are counted by class for more than two classes', () => {
    const matrix = confusionMatrix([0, 1, 2, 2], [0, 2, 2, 1], 3);
    expect(matrix).toEqual([
      [1, 0, 0],
      [0, 0, 1],
      [0, 1, 1],
    ]);
    expect(classScores(matrix)[1]).toEqual({ precision: 0, recall: 0, f1: 0, support: 1 });
    expect(() => confusionMatrix([3], [0], 3)).toThrow(/0 … 2, got 3 and 0 in row 0/);
  });
});

describe('log loss', () => {
  it('cuts a confident mistake at 100 as torch does, and stays finite from logits', () => {
    expect(logLoss([1, 0], [0, 0])).toBe(50);
    expect(logLossFromLogits([0, 1], [800, 800])).toBe(400);
  });

  it('of two classes is the cross-entropy of [0, logit]', () => {
    const logit = [-2, 0.3, 4];
    const rows = logit.flatMap((z) => [0, z]);
    expect(crossEntropyFromLogits([0, 1, 1], rows, 2)).toBeCloseTo(logLossFromLogits([0, 1, 1], logit), 12);
  });
});

describe('calibration', () => {
  it('error is 0 for probabilities that come true and large for those that do not', () => {
    const label = [0, 0, 0, 1, 1, 1, 1, 0];
    const honest = [0.25, 0.25, 0.25, 0.25, 0.75, 0.75, 0.75, 0.75];
    expect(expectedCalibrationError(reliabilityBins(label, honest))).toBeCloseTo(0, 12);
    expect(expectedCalibrationError(reliabilityBins(label, honest.map((p) => 1 - p)))).toBeCloseTo(0.5, 12); // prettier-ignore
    expect(brierScore([0, 1], [0.5, 0.5])).toBe(0.25);
  });
});

describe('groups', () => {
  const scored = { label: [1, 1, 0, 0], probability: [0.9, 0.2, 0.4, 0.1], decision: [1, 0, 0, 0] };

  it('each have their own accuracy', () => {
    expect(groupMetrics(scored, groupBy(['b', 'b', 'a', 'a']))).toEqual([
      { name: 'b', crops: 2, shareOfClass1: 1, accuracy: 0.5, meanProbability: 0.55 },
      { name: 'a', crops: 2, shareOfClass1: 0, accuracy: 1, meanProbability: 0.25 },
    ]);
  });

  it('by position fall into cells of the picture', () => {
    const grid = positionGrid({ x: [0, 639.5, 640, 320], y: [0, 0, 360, 180] }, { width: 640, height: 360 });
    expect([...grid.group]).toEqual([0, 2, 8, 4]);
    expect(groupMetrics(scored, grid).map((row) => row.name)).toEqual([
      'row 1, column 1',
      'row 1, column 3',
      'row 2, column 2',
      'row 3, column 3',
    ]);
  });
});

describe('catalogue', () => {
  it('computes every figure it lists', () => {
    const figures = binaryMetrics({ label: [0, 1, 1], probability: [0.1, 0.8, 0.4], decision: [0, 1, 0] });
    expect(Object.keys(figures)).toEqual(Object.keys({ ...DECISION_METRICS, ...PROBABILITY_METRICS }));
    expect(Object.values(figures).every(Number.isFinite)).toBe(true);
  });

  it('quantiles are numpy’s', () => {
    expect([0, 0.25, 0.9, 1].map((q) => quantile([1, 2, 4, 8, 16], q))).toEqual([1, 2, 12.8, 16]);
  });
});

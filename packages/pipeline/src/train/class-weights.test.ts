// Tests of class weights: scikit-learn's formula on the training part alone.
import { describe, expect, it } from 'vitest';
import { composeConfig } from '../config/index.ts';
import type { Split } from '../data/splits/split.ts';
import { classWeights } from './class-weights.ts';

const data = (labels: number[], train: number[]) => ({
  labels: Uint8Array.from(labels),
  split: { train: Uint32Array.from(train) } as Split,
});
const weights = (value: string, ...rest: string[]) =>
  composeConfig({ overrides: [`training.class_weights=${value}`, ...rest] }).config;

describe('class weights', () => {
  // compute_class_weight('balanced', classes=[0, 1], y=[0, 0, 0, 1]) of scikit-learn 1.7: 0.66666667, 2.
  it('balanced: as scikit-learn, on the training rows alone', () => {
    const found = classWeights(weights('balanced'), data([0, 0, 0, 1, 1, 1], [0, 1, 2, 3]))!;
    expect(found[0]).toBeCloseTo(2 / 3, 12);
    expect(found[1]).toBe(2);
  });

  it('balanced over several classes', () => {
    const config = weights('balanced', 'model.architecture.num_classes=3', 'training.loss=cross_entropy');
    expect(classWeights(config, data([0, 1, 2, 2], [0, 1, 2, 3]))).toEqual([4 / 3, 4 / 3, 2 / 3]);
    expect(() => classWeights(config, data([0, 1, 2], [0, 1]))).toThrow(/class 2 has none/);
  });

  it('as given, or none', () => {
    expect(classWeights(weights('[1,3]'), data([0], [0]))).toEqual([1, 3]);
    expect(classWeights(weights('null'), data([0], [0]))).toBeUndefined();
    expect(() => weights('balance')).toThrow(
      /training\.class_weights must be balanced, a list of two or more numbers > 0 or null, got "balance"/,
    );
  });
});

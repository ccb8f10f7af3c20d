// Loss and accuracy from logits; expected losses are torch 2.15's BCEWithLogitsLoss and CrossEntropyLoss (reduction='sum').
import { describe, expect, it } from 'vitest';
import { countCorrect, sumLoss } from './score.ts';

describe('scores', () => {
  it('match torch for one logit', () => {
    const logits = Float32Array.of(0.5, -2, 30, -100);
    const labels = Float32Array.of(1, 1, 1, 0);
    expect(sumLoss(logits, labels)).toBeCloseTo(0.474077 + 2.126928, 5);
    expect(countCorrect(logits, labels)).toBe(3);
  });

  it('match torch for several', () => {
    const logits = Float32Array.of(1, 2, 3, 0, 0, 0);
    const labels = Float32Array.of(2, 0);
    expect(sumLoss(logits, labels)).toBeCloseTo(0.407606 + 1.098612, 5);
    expect(countCorrect(logits, labels)).toBe(2);
  });
});

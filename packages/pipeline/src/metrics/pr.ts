// Precision-recall curve and average precision.
import { rank } from './ranking.ts';
import type { Values } from './values.ts';

/** From the lowest threshold to the end point (recall 0, precision 1), which has no threshold. */
export interface PrCurve {
  readonly precision: Float64Array;
  readonly recall: Float64Array;
  readonly threshold: Float64Array;
}

/** Equals scikit-learn's `precision_recall_curve`. Recall is NaN without class-1 crops. */
export function prCurve(label: Values, score: Values): PrCurve {
  const { threshold, truePositives: tp, falsePositives: fp, positives } = rank(label, score);
  const precision = tp.map((n, i) => n / (n + fp[i]!)).reverse();
  const recall = tp.map((n) => n / positives).reverse();
  return {
    precision: Float64Array.from([...precision, 1]),
    recall: Float64Array.from([...recall, 0]),
    threshold: threshold.slice().reverse(),
  };
}

/** Σ (Rₙ − Rₙ₋₁) Pₙ over the thresholds, 0 … 1, equal to scikit-learn's `average_precision_score`. */
export function averagePrecision(label: Values, score: Values): number {
  const { truePositives: tp, falsePositives: fp, positives } = rank(label, score);
  let sum = 0;
  for (let i = 0; i < tp.length; i++) {
    sum += ((tp[i]! - (tp[i - 1] ?? 0)) / positives) * (tp[i]! / (tp[i]! + fp[i]!));
  }
  return sum;
}

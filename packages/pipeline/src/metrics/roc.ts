// Receiver operating characteristic and the area under it.
import { rank } from './ranking.ts';
import type { Values } from './values.ts';

/** Corners of the curve from (0, 0) to (1, 1). */
export interface RocCurve {
  readonly falsePositiveRate: Float64Array;
  readonly truePositiveRate: Float64Array;
  /** Score from which on a crop counts as class 1; the first is Infinity. */
  readonly threshold: Float64Array;
}

/** Equals scikit-learn's `roc_curve(drop_intermediate=False)`. Rates are NaN where a class has no crops. */
export function rocCurve(label: Values, score: Values): RocCurve {
  const ranking = rank(label, score);
  return {
    falsePositiveRate: Float64Array.from([0, ...ranking.falsePositives], (n) => n / ranking.negatives),
    truePositiveRate: Float64Array.from([0, ...ranking.truePositives], (n) => n / ranking.positives),
    threshold: Float64Array.from([Infinity, ...ranking.threshold]),
  };
}

/**
 * Chance that a random class-1 crop scores above a random class-0 crop, ties counting half (Mann and Whitney, 1947);
 * 0 … 1, equal to scikit-learn's `roc_auc_score`. NaN when only one class is there.
 */
export function rocAuc(label: Values, score: Values): number {
  const { truePositives: tp, falsePositives: fp, positives, negatives } = rank(label, score);
  let area = 0;
  for (let i = 0; i < tp.length; i++) {
    area += ((tp[i]! + (tp[i - 1] ?? 0)) / 2) * (fp[i]! - (fp[i - 1] ?? 0));
  }
  return area / (positives * negatives);
}

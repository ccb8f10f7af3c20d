// Precision, recall and F1 of each class, from a confusion matrix.
import type { ConfusionMatrix } from './confusion.ts';

/** Shares in 0 … 1. A quotient without a denominator is 0, as in scikit-learn with `zero_division=0`. */
export interface ClassScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Crops whose true class this is. */
  readonly support: number;
}

/** One entry per class, in class order; equals scikit-learn's `precision_recall_fscore_support(zero_division=0)`. */
export function classScores(matrix: ConfusionMatrix): ClassScores[] {
  return matrix.map((row, k) => {
    const right = row[k]!;
    const support = row.reduce((sum, count) => sum + count, 0);
    const decided = matrix.reduce((sum, other) => sum + other[k]!, 0);
    return {
      precision: share(right, decided),
      recall: share(right, support),
      f1: share(2 * right, support + decided),
      support,
    };
  });
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

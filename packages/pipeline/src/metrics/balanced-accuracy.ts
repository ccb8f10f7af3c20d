// Mean of the per-class recalls: a majority-class guesser gets 1 / classes.
import type { ConfusionMatrix } from './confusion.ts';
import { classScores } from './precision-recall.ts';
import { mean } from './values.ts';

/** 0 … 1; classes without crops are left out, as in scikit-learn's `balanced_accuracy_score`. NaN without crops. */
export function balancedAccuracy(matrix: ConfusionMatrix): number {
  const present = classScores(matrix).filter((scores) => scores.support > 0);
  return mean(present.map((scores) => scores.recall));
}

// Confusion matrix, for any number of classes.
import { sameLength, type Values } from './values.ts';

/** Counts by class: `matrix[truth][decision]`, as scikit-learn's `confusion_matrix`. */
export type ConfusionMatrix = readonly (readonly number[])[];

/** Counts crops by true class (rows) and decided class (columns); classes are 0 … `classes` − 1. */
export function confusionMatrix(label: Values, decision: Values, classes = 2): ConfusionMatrix {
  sameLength('confusionMatrix', label, decision);
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < label.length; i++) {
    const row = matrix[label[i]!];
    if (row?.[decision[i]!] === undefined) {
      throw new RangeError(
        `classes must be 0 … ${classes - 1}, got ${label[i]!} and ${decision[i]!} in row ${i}`,
      );
    }
    row[decision[i]!]!++;
  }
  return matrix;
}

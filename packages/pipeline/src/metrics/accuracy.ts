// Decisions from probabilities or logits, and the share of them that is right.
import { sameLength, type Values } from './values.ts';

/** Class 1 where `probability` is above `threshold` (strictly: 0.5 itself is class 0, as in the reference trainer). */
export function decide(probability: Values, threshold = 0.5): Uint8Array {
  return Uint8Array.from({ length: probability.length }, (_, i) => Number(probability[i]! > threshold));
}

/** Index of the largest of each row's `classes` scores, the first among equals (as numpy); `scores` is row-major. */
export function argmax(scores: Values, classes: number): Uint8Array {
  return Uint8Array.from({ length: scores.length / classes }, (_, row) => {
    let best = 0;
    for (let k = 1; k < classes; k++)
      if (scores[row * classes + k]! > scores[row * classes + best]!) best = k;
    return best;
  });
}

/** Share of crops whose decision equals the label, 0 … 1; NaN without crops. Any number of classes. */
export function accuracy(label: Values, decision: Values): number {
  sameLength('accuracy', label, decision);
  let right = 0;
  for (let i = 0; i < label.length; i++) right += Number(label[i] === decision[i]);
  return right / label.length;
}

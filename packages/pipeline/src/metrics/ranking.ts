// Crops ranked by score with equal scores taken together: the ground of ROC and precision-recall curves.
import { sameLength, type Values } from './values.ts';

/** Cumulative counts after each distinct score, from the highest score down. */
export interface Ranking {
  /** Distinct scores, descending. */
  readonly threshold: Float64Array;
  /** Class-1 crops with a score ≥ threshold. */
  readonly truePositives: Float64Array;
  /** Class-0 crops with a score ≥ threshold. */
  readonly falsePositives: Float64Array;
  readonly positives: number;
  readonly negatives: number;
}

/** Indices that sort `score` ascending. @throws {RangeError} when a score is NaN. */
export function ascendingOrder(score: Values): Uint32Array {
  for (let i = 0; i < score.length; i++) {
    if (Number.isNaN(score[i])) throw new RangeError(`scores must be numbers, got NaN in row ${i}`);
  }
  const order = Uint32Array.from({ length: score.length }, (_, i) => i);
  return order.sort((a, b) => score[a]! - score[b]! || a - b);
}

/** Ranks crops by `score`, where a higher score means class 1. Labels are 0 or 1. */
export function rank(label: Values, score: Values): Ranking {
  sameLength('rank', label, score);
  const order = ascendingOrder(score).reverse();
  const [threshold, tp, fp]: [number[], number[], number[]] = [[], [], []];
  let positives = 0;
  order.forEach((crop, i) => {
    positives += Number(label[crop] === 1);
    if (i + 1 < order.length && score[order[i + 1]!] === score[crop]) return;
    threshold.push(score[crop]!);
    tp.push(positives);
    fp.push(i + 1 - positives);
  });
  return {
    threshold: Float64Array.from(threshold),
    truePositives: Float64Array.from(tp),
    falsePositives: Float64Array.from(fp),
    positives,
    negatives: order.length - positives,
  };
}

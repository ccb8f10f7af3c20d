// A classifier of one number: class 1 on one side of a threshold. The strongest rule of its kind on the training crops.
import { ascendingOrder } from './ranking.ts';
import { sameLength, type Values } from './values.ts';

export interface ThresholdRule {
  readonly threshold: number;
  /** True: class 1 above the threshold; false: class 1 at or below it. */
  readonly above: boolean;
  /** Share of training crops the rule gets right. */
  readonly trainAccuracy: number;
}

/**
 * The threshold and direction with the highest training accuracy, exactly: every distinct way to cut the sorted values
 * is tried (O(n log n)), cuts lie half-way between neighbours, and the lowest cut wins among equals ("above" first).
 * Guessing one class always is among the candidates, so the rule is never worse than the majority class on train.
 * @throws {RangeError} without crops, or when a value is NaN.
 */
export function fitThreshold(feature: Values, label: Values): ThresholdRule {
  sameLength('fitThreshold', feature, label);
  if (feature.length === 0) throw new RangeError('fitThreshold: at least one crop is needed, got none');
  const order = ascendingOrder(feature);
  let positivesAbove = order.reduce((sum, crop) => sum + Number(label[crop] === 1), 0);
  let negativesBelow = 0;
  let best = { right: -1, threshold: 0, above: true };
  order.forEach((crop, i) => {
    if (label[crop] === 1) positivesAbove--;
    else negativesBelow++;
    const next = order[i + 1];
    if (next !== undefined && feature[next] === feature[crop]) return;
    const right = positivesAbove + negativesBelow;
    const threshold = next === undefined ? feature[crop]! : between(feature[crop]!, feature[next]!);
    if (right > best.right) best = { right, threshold, above: true };
    if (order.length - right > best.right) best = { right: order.length - right, threshold, above: false };
  });
  return { threshold: best.threshold, above: best.above, trainAccuracy: best.right / order.length };
}

/** Decides the class of each value. */
export function applyThreshold(rule: ThresholdRule, feature: Values): Uint8Array {
  return Uint8Array.from({ length: feature.length }, (_, i) =>
    Number(feature[i]! > rule.threshold === rule.above),
  );
}

/** Half-way between a < b, but never b itself, which must stay above the threshold. */
function between(a: number, b: number): number {
  const middle = a + (b - a) / 2;
  return middle < b ? middle : a;
}

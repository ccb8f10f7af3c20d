// Do probabilities mean what they say? Reliability bins, expected calibration error, Brier score.
import { sameLength, type Values } from './values.ts';

export interface ReliabilityBin {
  /** The bin holds probabilities in (from, to]; the first also holds 0. */
  readonly from: number;
  readonly to: number;
  readonly crops: number;
  /** Mean probability of class 1 in the bin; NaN when empty. */
  readonly meanProbability: number;
  /** Share of class-1 crops in the bin; NaN when empty. */
  readonly shareOfClass1: number;
}

/** Equal-width bins over the probability of class 1; non-empty bins equal scikit-learn's `calibration_curve`. */
export function reliabilityBins(label: Values, probability: Values, bins = 10): ReliabilityBin[] {
  sameLength('reliabilityBins', label, probability);
  const sums = Array.from({ length: bins }, () => ({ crops: 0, probability: 0, class1: 0 }));
  // The same floating-point edges as numpy's linspace, so that a probability on an edge falls to the same side.
  const edge = (k: number) => (k === bins ? 1 : k * (1 / bins));
  for (let i = 0; i < label.length; i++) {
    const p = probability[i]!;
    let k = Math.min(bins - 1, Math.max(0, Math.floor(p * bins)));
    if (k > 0 && p <= edge(k)) k--;
    else if (k < bins - 1 && p > edge(k + 1)) k++;
    sums[k]!.crops++;
    sums[k]!.probability += p;
    sums[k]!.class1 += label[i]!;
  }
  return sums.map((sum, k) => ({
    from: edge(k),
    to: edge(k + 1),
    crops: sum.crops,
    meanProbability: sum.probability / sum.crops,
    shareOfClass1: sum.class1 / sum.crops,
  }));
}

/**
 * Σ (crops in bin / crops) · |mean probability − share of class 1|, 0 … 1: the expected calibration error of
 * Naeini, Cooper and Hauskrecht (AAAI 2015), taken on the probability of class 1.
 */
export function expectedCalibrationError(bins: readonly ReliabilityBin[]): number {
  const total = bins.reduce((sum, bin) => sum + bin.crops, 0);
  return bins
    .filter((bin) => bin.crops > 0)
    .reduce((sum, bin) => sum + (bin.crops / total) * Math.abs(bin.meanProbability - bin.shareOfClass1), 0);
}

/** Mean squared error of the probabilities of class 1 (Brier, 1950), 0 … 1; 0.25 for a constant 0.5. */
export function brierScore(label: Values, probability: Values): number {
  sameLength('brierScore', label, probability);
  let sum = 0;
  for (let i = 0; i < label.length; i++) sum += (probability[i]! - label[i]!) ** 2;
  return sum / label.length;
}

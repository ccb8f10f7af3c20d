// The catalogue of figures for the two-class task: name → how it is computed from label, probability and decision.
import { accuracy } from './accuracy.ts';
import { balancedAccuracy } from './balanced-accuracy.ts';
import { brierScore, expectedCalibrationError, reliabilityBins } from './calibration.ts';
import { confusionMatrix } from './confusion.ts';
import { logLoss } from './log-loss.ts';
import { averagePrecision } from './pr.ts';
import { classScores } from './precision-recall.ts';
import { rocAuc } from './roc.ts';
import type { Values } from './values.ts';

/** The columns of scored crops: true class, probability (or any score) of class 1, decided class. */
export interface Scored {
  readonly label: Values;
  readonly probability: Values;
  readonly decision: Values;
}

const of1 = (s: Scored) => classScores(confusionMatrix(s.label, s.decision))[1]!;

/** Figures that need only decisions and an order: fit for baselines too, whose scores are no probabilities. */
export const DECISION_METRICS = {
  accuracy: (s: Scored) => accuracy(s.label, s.decision),
  balanced_accuracy: (s: Scored) => balancedAccuracy(confusionMatrix(s.label, s.decision)),
  precision: (s: Scored) => of1(s).precision,
  recall: (s: Scored) => of1(s).recall,
  f1: (s: Scored) => of1(s).f1,
  roc_auc: (s: Scored) => rocAuc(s.label, s.probability),
  average_precision: (s: Scored) => averagePrecision(s.label, s.probability),
} as const;

/** Figures that judge the probabilities themselves. */
export const PROBABILITY_METRICS = {
  log_loss: (s: Scored) => logLoss(s.label, s.probability),
  brier: (s: Scored) => brierScore(s.label, s.probability),
  ece: (s: Scored) => expectedCalibrationError(reliabilityBins(s.label, s.probability)),
} as const;

export type DecisionMetrics = Record<keyof typeof DECISION_METRICS, number>;
export type BinaryMetrics = DecisionMetrics & Record<keyof typeof PROBABILITY_METRICS, number>;

/** All of {@link DECISION_METRICS}. Ranking figures are NaN when only one class is there. */
export function decisionMetrics(scored: Scored): DecisionMetrics {
  return compute(DECISION_METRICS, scored);
}

/** All figures of the two-class task. */
export function binaryMetrics(scored: Scored): BinaryMetrics {
  return { ...decisionMetrics(scored), ...compute(PROBABILITY_METRICS, scored) };
}

function compute<K extends string>(
  catalogue: Record<K, (scored: Scored) => number>,
  scored: Scored,
): Record<K, number> {
  const names = Object.keys(catalogue) as K[];
  return Object.fromEntries(names.map((name) => [name, catalogue[name](scored)])) as Record<K, number>;
}

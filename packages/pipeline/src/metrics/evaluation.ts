// The whole evaluation of a two-class model on its test split: figures, intervals, groups and baselines, as one JSON document.
import { decide } from './accuracy.ts';
import { BASELINES, type BaselineName, type ShortcutFeatures } from './baselines.ts';
import {
  binaryMetrics,
  decisionMetrics,
  type BinaryMetrics,
  type DecisionMetrics,
  type Scored,
} from './binary.ts';
import {
  clusterBootstrap,
  pairedDifference,
  type BootstrapOptions,
  type Difference,
  type Interval,
} from './bootstrap.ts';
import { reliabilityBins, type ReliabilityBin } from './calibration.ts';
import { clusterBalancedAccuracy, clusterMean, clusterRocAuc } from './cluster-statistics.ts';
import { chooseClusters, type Clusters } from './clusters.ts';
import { confusionMatrix, type ConfusionMatrix } from './confusion.ts';
import { groupBy, groupMetrics, type GroupMetrics, type Grouping } from './groups.ts';
import { shortcutMeter, type ShortcutMeter } from './shortcut-meter.ts';
import type { Values } from './values.ts';

export interface EvaluationInput {
  readonly train: {
    readonly label: Values;
    readonly features: ShortcutFeatures;
    /** Recording of each crop, for the fingerprint. */
    readonly recording?: readonly string[];
  };
  readonly test: {
    readonly label: Values;
    /** Probability of class 1 from the model. */
    readonly probability: Values;
    readonly features: ShortcutFeatures;
    /** Recording of each crop. */
    readonly recording: readonly string[];
    /** Frame of each crop; where frames are not known, its row in the recording, which keeps the order in time. */
    readonly frame: Values;
    /** Place of each crop, such as {@link positionGrid} or the place of the part on the plate. */
    readonly position?: Grouping;
  };
  readonly bootstrap: BootstrapOptions;
  readonly blockFrames?: number;
}

export interface BaselineResult {
  readonly name: BaselineName;
  readonly title: string;
  readonly rule: string;
  readonly metrics: DecisionMetrics;
  readonly accuracy_interval: Interval;
  /** Accuracy in each recording, in the order of `per_recording`. */
  readonly per_recording_accuracy: readonly number[];
  /** Accuracy of the model minus that of the baseline, on the same resamples. */
  readonly margin: Difference;
}

export interface Evaluation {
  readonly crops: number;
  readonly metrics: BinaryMetrics;
  readonly confusion: ConfusionMatrix;
  readonly resampled: { readonly unit: Clusters['unit']; readonly groups: number; readonly caution?: string };
  readonly intervals: Record<'accuracy' | 'balanced_accuracy' | 'roc_auc', Interval>;
  readonly reliability: readonly ReliabilityBin[];
  readonly per_recording: readonly GroupMetrics[];
  readonly per_position: readonly GroupMetrics[];
  readonly baselines: readonly BaselineResult[];
  readonly shortcuts: ShortcutMeter;
}

/** Evaluates on test; baselines are fitted on train. Deterministic for a given seed. */
export function evaluate(input: EvaluationInput): Evaluation {
  const { label, probability, recording, frame, position } = input.test;
  const scored: Scored = { label, probability, decision: decide(probability) };
  const recordings = groupBy(recording);
  const clusters = chooseClusters(recordings.group, frame, { blockFrames: input.blockFrames, label });
  const baselines = judgeBaselines(input, scored, clusters, recordings);
  const limits = intervals(scored, clusters, input.bootstrap);
  return {
    crops: label.length,
    metrics: binaryMetrics(scored),
    confusion: confusionMatrix(label, scored.decision),
    resampled: {
      unit: clusters.unit,
      groups: clusters.count,
      ...(clusters.caution === undefined ? {} : { caution: clusters.caution }),
    },
    intervals: limits,
    reliability: reliabilityBins(label, probability),
    per_recording: groupMetrics(scored, recordings),
    per_position: position === undefined ? [] : groupMetrics(scored, position),
    baselines,
    shortcuts: shortcutMeter(baselines, limits.balanced_accuracy),
  };
}

/** 1 where a crop is decided right, else 0. */
export const hits = ({ label, decision }: Pick<Scored, 'label' | 'decision'>) =>
  Uint8Array.from({ length: label.length }, (_, i) => Number(label[i] === decision[i]));

function intervals(scored: Scored, clusters: Clusters, options: BootstrapOptions): Evaluation['intervals'] {
  const right = hits(scored);
  const of = (statistic: ReturnType<typeof clusterMean>) => clusterBootstrap(statistic, clusters, options);
  return {
    accuracy: of(clusterMean(right, clusters)),
    balanced_accuracy: of(clusterBalancedAccuracy(right, scored.label, clusters)),
    roc_auc: of(clusterRocAuc(scored.label, scored.probability, clusters)),
  };
}

/** Fits every baseline on train and compares the model with it on test. */
function judgeBaselines(
  input: EvaluationInput,
  model: Scored,
  clusters: Clusters,
  recordings: Grouping,
): BaselineResult[] {
  const ours = clusterMean(hits(model), clusters);
  return (Object.keys(BASELINES) as BaselineName[]).map((name) => {
    const { rule, scored } = scoreBaseline(input, name);
    const theirs = clusterMean(hits(scored), clusters);
    return {
      name,
      title: BASELINES[name].title,
      rule,
      metrics: decisionMetrics(scored),
      accuracy_interval: clusterBootstrap(theirs, clusters, input.bootstrap),
      per_recording_accuracy: groupMetrics(scored, recordings).map((group) => group.accuracy),
      margin: pairedDifference(ours, theirs, clusters, input.bootstrap),
    };
  });
}

/** What baselines look at. */
export interface BaselineInput {
  readonly train: EvaluationInput['train'];
  readonly test: Pick<EvaluationInput['test'], 'label' | 'features'>;
}

/** Fits one baseline on train and applies it to test; its `probability` is a score that ranks, not a probability. */
export function scoreBaseline(
  { train, test }: BaselineInput,
  name: BaselineName,
): { rule: string; scored: Scored } {
  const fitted = BASELINES[name].fit(train.features, train.label, train.recording);
  const { decision, score } = fitted.apply(test.features, test.label.length);
  return { rule: fitted.rule, scored: { label: test.label, probability: score, decision } };
}

/** The baseline with the highest test accuracy, the first among equals: the one a model has to beat. */
export function strongestBaseline(evaluation: Evaluation): BaselineResult {
  return evaluation.baselines.reduce((best, one) =>
    one.metrics.accuracy > best.metrics.accuracy ? one : best,
  );
}

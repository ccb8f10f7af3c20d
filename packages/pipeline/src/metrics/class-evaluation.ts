// The evaluation of a classifier of any number of classes: figures, intervals and baselines, as one JSON document.
import { accuracy, argmax } from './accuracy.ts';
import {
  clusterBootstrap,
  pairedDifference,
  type BootstrapOptions,
  type Difference,
  type Interval,
} from './bootstrap.ts';
import { meanRecall } from './class-baselines.ts';
import { clusterBalancedAccuracy, clusterMean } from './cluster-statistics.ts';
import type { Clusters } from './clusters.ts';
import { confusionMatrix, type ConfusionMatrix } from './confusion.ts';
import type { Values } from './values.ts';

/** What a baseline that was fitted on train decides on test. */
export interface DecidedBaseline<Name extends string> {
  readonly name: Name;
  readonly title: string;
  readonly rule: string;
  readonly decision: Values;
}

export interface ClassEvaluationInput<Name extends string> {
  readonly classes: readonly string[];
  readonly test: {
    readonly label: Values;
    /** Row-major [samples, classes]. */
    readonly probability: Values;
    /** What is resampled as a whole; left out where samples are independent. */
    readonly clusters?: Clusters;
  };
  readonly baselines: readonly DecidedBaseline<Name>[];
  /** Mean loss of the model on test, in nats per sample. */
  readonly loss: number;
  readonly bootstrap: BootstrapOptions;
}

export interface ClassRow {
  readonly name: string;
  readonly samples: number;
  /** Share of the class's samples that are decided right; NaN (null in JSON) without samples. */
  readonly accuracy: number;
  /** Share of the samples decided as this class that are of it; NaN where none is. */
  readonly precision: number;
}

export interface ClassBaselineResult<Name extends string = string> {
  readonly name: Name;
  readonly title: string;
  readonly rule: string;
  readonly accuracy: number;
  readonly accuracy_interval: Interval;
  /** Accuracy of the model minus that of the baseline, on the same resamples. */
  readonly margin: Difference;
}

export interface ClassEvaluation<Name extends string = string> {
  readonly samples: number;
  readonly accuracy: number;
  readonly balanced_accuracy: number;
  readonly loss: number;
  readonly intervals: Record<'accuracy' | 'balanced_accuracy', Interval>;
  readonly per_class: readonly ClassRow[];
  readonly confusion: ConfusionMatrix;
  readonly baselines: readonly ClassBaselineResult<Name>[];
}

/** Evaluates on test. Deterministic for a given seed. */
export function evaluateClasses<Name extends string>(
  input: ClassEvaluationInput<Name>,
): ClassEvaluation<Name> {
  const { classes, test, baselines, bootstrap } = input;
  const { label } = test;
  const clusters = test.clusters ?? { cluster: Int32Array.from(label, (_, i) => i), count: label.length };
  const decision = argmax(test.probability, classes.length);
  const confusion = confusionMatrix(label, decision, classes.length);
  const per_class = classRows(classes, confusion);
  const right = hitsOf(label, decision);
  const ours = clusterMean(right, clusters);
  const present = [...classes.keys()].filter((k) => per_class[k]!.samples > 0);
  return {
    samples: label.length,
    accuracy: accuracy(label, decision),
    balanced_accuracy: meanRecall(per_class.map((row) => row.accuracy)),
    loss: input.loss,
    intervals: {
      accuracy: clusterBootstrap(ours, clusters, bootstrap),
      balanced_accuracy: clusterBootstrap(
        clusterBalancedAccuracy(right, label, clusters, present),
        clusters,
        bootstrap,
      ),
    },
    per_class,
    confusion,
    baselines: baselines.map(({ decision: theirs, ...named }) => {
      const rival = clusterMean(hitsOf(label, theirs), clusters);
      return {
        ...named,
        accuracy: accuracy(label, theirs),
        accuracy_interval: clusterBootstrap(rival, clusters, bootstrap),
        margin: pairedDifference(ours, rival, clusters, bootstrap),
      };
    }),
  };
}

function classRows(classes: readonly string[], confusion: ConfusionMatrix): ClassRow[] {
  const sum = (counts: readonly number[]) => counts.reduce((total, n) => total + n, 0);
  return classes.map((name, k) => {
    const samples = sum(confusion[k]!);
    const decided = sum(confusion.map((row) => row[k]!));
    const right = confusion[k]![k]!;
    return { name, samples, accuracy: right / samples, precision: right / decided };
  });
}

const hitsOf = (label: Values, decision: Values) =>
  Uint8Array.from({ length: label.length }, (_, i) => Number(label[i] === decision[i]));

/** The baseline with the highest test accuracy, the first among equals. */
export function strongestClassBaseline<Name extends string>({
  baselines,
}: ClassEvaluation<Name>): ClassBaselineResult<Name> {
  return baselines.reduce((best, one) => (one.accuracy > best.accuracy ? one : best));
}

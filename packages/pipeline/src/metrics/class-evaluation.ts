// The evaluation of a classifier of independent samples, for any number of classes, as one JSON document.
import { accuracy, argmax } from './accuracy.ts';
import {
  clusterBootstrap,
  pairedDifference,
  type BootstrapOptions,
  type Difference,
  type Interval,
} from './bootstrap.ts';
import { CLASS_BASELINES, meanRecall, type ClassBaselineName, type Features } from './class-baselines.ts';
import { clusterMean } from './cluster-statistics.ts';
import { confusionMatrix, type ConfusionMatrix } from './confusion.ts';
import type { Values } from './values.ts';

export interface ClassEvaluationInput {
  readonly classes: readonly string[];
  readonly train: { readonly label: Values; readonly features: Features };
  readonly test: {
    readonly label: Values;
    /** Row-major [samples, classes]. */
    readonly probability: Values;
    readonly features: Features;
  };
  /** Mean loss of the model on test, in nats per sample. */
  readonly loss: number;
  readonly bootstrap: BootstrapOptions;
}

export interface ClassRow {
  readonly name: string;
  readonly images: number;
  /** Share of the class's images that are decided right; NaN (null in JSON) without images. */
  readonly accuracy: number;
  /** Share of the images decided as this class that are of it; NaN where none is. */
  readonly precision: number;
}

export interface ClassBaselineResult {
  readonly name: ClassBaselineName;
  readonly title: string;
  readonly rule: string;
  readonly accuracy: number;
  readonly accuracy_interval: Interval;
  /** Accuracy of the model minus that of the baseline, on the same resamples. */
  readonly margin: Difference;
}

export interface ClassEvaluation {
  readonly images: number;
  readonly accuracy: number;
  readonly balanced_accuracy: number;
  readonly loss: number;
  /** Resampled image by image: they are independent. */
  readonly accuracy_interval: Interval;
  readonly per_class: readonly ClassRow[];
  readonly confusion: ConfusionMatrix;
  readonly baselines: readonly ClassBaselineResult[];
}

/** Evaluates on test; baselines are fitted on train. Deterministic for a given seed. */
export function evaluateClasses(input: ClassEvaluationInput): ClassEvaluation {
  const { classes, test, bootstrap } = input;
  const decision = argmax(test.probability, classes.length);
  const confusion = confusionMatrix(test.label, decision, classes.length);
  const per_class = classRows(classes, confusion);
  const ours = hitsOf(test.label, decision);
  return {
    images: test.label.length,
    accuracy: accuracy(test.label, decision),
    balanced_accuracy: meanRecall(per_class.map((row) => row.accuracy)),
    loss: input.loss,
    accuracy_interval: clusterBootstrap(ours, { count: test.label.length }, bootstrap),
    per_class,
    confusion,
    baselines: judgeBaselines(input, ours),
  };
}

function classRows(classes: readonly string[], confusion: ConfusionMatrix): ClassRow[] {
  const sum = (counts: readonly number[]) => counts.reduce((total, n) => total + n, 0);
  return classes.map((name, k) => {
    const images = sum(confusion[k]!);
    const decided = sum(confusion.map((row) => row[k]!));
    const right = confusion[k]![k]!;
    return { name, images, accuracy: right / images, precision: right / decided };
  });
}

function hitsOf(label: Values, decision: Values) {
  const right = Uint8Array.from({ length: label.length }, (_, i) => Number(label[i] === decision[i]));
  const cluster = Int32Array.from(right, (_, i) => i);
  return clusterMean(right, { cluster, count: label.length });
}

function judgeBaselines(
  { classes, train, test, bootstrap }: ClassEvaluationInput,
  ours: ReturnType<typeof clusterMean>,
): ClassBaselineResult[] {
  const samples = test.label.length;
  return (Object.keys(CLASS_BASELINES) as ClassBaselineName[]).map((name) => {
    const { title, rule, fit } = CLASS_BASELINES[name];
    const decision = fit(train.features, train.label, classes.length)(test.features);
    const theirs = hitsOf(test.label, decision);
    return {
      ...{ name, title, rule, accuracy: accuracy(test.label, decision) },
      accuracy_interval: clusterBootstrap(theirs, { count: samples }, bootstrap),
      margin: pairedDifference(ours, theirs, { count: samples }, bootstrap),
    };
  });
}

/** The baseline with the highest test accuracy, the first among equals. */
export function strongestClassBaseline({ baselines }: ClassEvaluation): ClassBaselineResult {
  return baselines.reduce((best, one) => (one.accuracy > best.accuracy ? one : best));
}

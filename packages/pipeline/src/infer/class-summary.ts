// What every evaluation of a model of several classes comes down to, for machines and in a line.
import { strongestClassBaseline, type ClassEvaluation } from '../metrics/class-evaluation.ts';
import { percent, points } from '../report/numbers.ts';
import type { EvaluationSubject } from './evaluation-subject.ts';

/** The flat results of `train` and `evaluate` with --json, without those of one kind of data. */
export function classSummary({ run, path }: EvaluationSubject, evaluation: ClassEvaluation) {
  const { intervals, per_class } = evaluation;
  const rival = strongestClassBaseline(evaluation);
  return {
    run_dir: run.path,
    checkpoint: path,
    test_accuracy: evaluation.accuracy,
    test_accuracy_low: intervals.accuracy.low,
    test_accuracy_high: intervals.accuracy.high,
    test_balanced_accuracy: evaluation.balanced_accuracy,
    test_loss: evaluation.loss,
    test_class_accuracy: Object.fromEntries(per_class.map((row) => [row.name, row.accuracy])),
    classes: per_class.length,
    best_baseline: rival.name,
    best_baseline_accuracy: rival.accuracy,
    margin: rival.margin.estimate,
    margin_significant: rival.margin.better,
  };
}

export function rivalLine(evaluation: ClassEvaluation): string {
  const { title, accuracy, margin } = strongestClassBaseline(evaluation);
  const is = margin.better ? 'significant' : 'not significant';
  return `best trivial baseline: ${title.toLowerCase()} ${percent(accuracy)}; margin ${points(margin.estimate)} (${is})`;
}

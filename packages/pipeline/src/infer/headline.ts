// The few lines and figures that stand for an evaluation: the score, its interval, and everything that qualifies it.
import { orderWords } from '../data/index-order.ts';
import { leakWords } from '../data/splits/leak.ts';
import { strongestBaseline } from '../metrics/evaluation.ts';
import { count, decimal, percent, percentRange, points } from '../report/numbers.ts';
import { CAMERA } from '../report/measured.ts';
import type { RunEvaluation } from './run-evaluation.ts';

/** For people: never the accuracy alone. */
export function headline(evaluation: RunEvaluation): string[] {
  const { metrics, intervals, split, leak, index_order: order, resampled, crops } = evaluation;
  const rival = strongestBaseline(evaluation);
  const unit = `${resampled.groups} ${resampled.unit}s`;
  return [
    `test accuracy ${percent(metrics.accuracy)} on ${count(crops)} crops, ${percentRange(intervals.accuracy)} at 95 % (resampling ${unit}), ROC-AUC ${decimal(metrics.roc_auc)}`,
    `split ${split.kind}: ${leakWords({ test: leak })}`,
    ...(order === null ? [] : [orderWords(order)]),
    `best trivial baseline: ${rival.title.toLowerCase()} ${percent(rival.metrics.accuracy)}; margin ${points(rival.margin.estimate)} (${rival.margin.better ? 'significant' : 'not significant'})`,
    ...(evaluation.shortcuts.flagged ? [CAMERA[evaluation.shortcuts.verdict]] : []),
    `report ${evaluation.run_dir}/evaluation/report.html`,
  ];
}

/** For machines: the flat results of `train` and `evaluate` with --json. */
export function summaryOf(evaluation: RunEvaluation): Record<string, unknown> {
  const { metrics, intervals, split, leak, index_order } = evaluation;
  const rival = strongestBaseline(evaluation);
  return {
    run_dir: evaluation.run_dir,
    checkpoint: evaluation.checkpoint,
    test_accuracy: metrics.accuracy,
    test_accuracy_low: intervals.accuracy.low,
    test_accuracy_high: intervals.accuracy.high,
    test_loss: metrics.log_loss,
    test_roc_auc: metrics.roc_auc,
    split: split.kind,
    index_order: index_order?.kind ?? null,
    reference_shuffle: index_order?.reference_shuffle ?? null,
    leak_share: leak?.near_share ?? null,
    best_baseline: rival.name,
    best_baseline_accuracy: rival.metrics.accuracy,
    margin: rival.margin.estimate,
    margin_significant: rival.margin.better,
    shortcut_verdict: evaluation.shortcuts.verdict,
    shortcuts_not_beaten: evaluation.shortcuts.not_beaten,
  };
}

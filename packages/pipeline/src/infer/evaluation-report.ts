// Writes the evaluation of a run as a page and its charts.
import { join } from 'node:path';
import type { EvaluationInput } from '../metrics/evaluation.ts';
import { evaluationCharts, evaluationPage, type EvaluationReport } from '../report/evaluation-page.ts';
import type { SplitFacts } from '../report/measured.ts';
import type { Picture } from '../report/page.ts';
import type { EpochMetrics } from '../train/policies/policy.ts';
import { writeFileAtomic } from '../util/atomic.ts';
import type { RunEvaluation } from './run-evaluation.ts';

export interface ReportParts {
  readonly result: RunEvaluation;
  readonly input: EvaluationInput;
  readonly split: SplitFacts;
  readonly history: readonly EpochMetrics[];
  /** The epoch whose weights were evaluated. */
  readonly epoch: number;
  readonly pictures: readonly Picture[];
}

/** Writes `report.html` and one SVG per chart into `folder`. */
export function writeEvaluationReport(folder: string, parts: ReportParts): void {
  const report = reportOf(parts);
  const charts = evaluationCharts(report);
  for (const [name, svg] of Object.entries(charts)) writeFileAtomic(join(folder, `${name}.svg`), svg);
  writeFileAtomic(join(folder, 'report.html'), evaluationPage(report, charts));
}

function reportOf({ result, input, split, history, epoch, pictures }: ReportParts): EvaluationReport {
  return {
    title: 'Evaluation on the test split',
    subtitle: `${result.run_dir}, ${result.dataset['crops'] as number} crops from ${(result.dataset['files'] as string[]).length} files`,
    footer:
      'Made by spatter evaluate. All figures are in evaluation.json, all probabilities in predictions.csv.',
    evaluation: result,
    input,
    split,
    epochs: history,
    bestEpoch: epoch,
    pictures,
    facts: [
      ['Checkpoint', result.checkpoint],
      ['Data set', `SHA-256 ${result.dataset['hash'] as string}`],
      ['Split', JSON.stringify(result.split)],
    ],
  };
}

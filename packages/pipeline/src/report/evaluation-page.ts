// The page of `spatter evaluate`: how good the model is, how that was measured, and pictures of it.
import {
  scoreBaseline,
  strongestBaseline,
  type Evaluation,
  type EvaluationInput,
} from '../metrics/evaluation.ts';
import { mean } from '../metrics/values.ts';
import { averagePrecision, prCurve } from '../metrics/pr.ts';
import { rocAuc, rocCurve } from '../metrics/roc.ts';
import {
  baselinesChart,
  confusionChart,
  histogramChart,
  prChart,
  recordingsChart,
  reliabilityChart,
  rocChart,
  trainingChart,
  type EpochFigures,
} from './charts.ts';
import { CAMERA, measuredStatements, type SplitFacts } from './measured.ts';
import { count, decimal, percent, percentRange, pointsRange, points, signed } from './numbers.ts';
import { renderPage, type Picture, type Section, type Tile } from './page.ts';

export interface EvaluationReport {
  readonly title: string;
  readonly subtitle: string;
  readonly footer: string;
  readonly evaluation: Evaluation;
  /** What `evaluation` was computed from. */
  readonly input: EvaluationInput;
  readonly split: SplitFacts;
  readonly epochs?: readonly EpochFigures[];
  readonly bestEpoch?: number;
  /** Crops worth a look: the confident mistakes, for instance. */
  readonly pictures?: readonly Picture[];
  /** Names and values for the last table: model, device, versions, paths. */
  readonly facts?: readonly (readonly [name: string, value: string])[];
}

const CLASSES = ['low flow', 'high flow'];

/** Every chart of the evaluation as SVG, by file name without ending. */
export function evaluationCharts(report: EvaluationReport): Record<string, string> {
  const { evaluation, input, epochs } = report;
  const { label, probability } = input.test;
  return {
    baselines: baselines(evaluation),
    recordings: recordings(evaluation),
    ...curves(report),
    confusion: confusionChart(evaluation.confusion, CLASSES),
    histogram: histogramChart(label, probability),
    reliability: reliabilityChart(evaluation.reliability, evaluation.metrics.ece),
    ...(epochs === undefined || epochs.length === 0
      ? {}
      : { training: trainingChart(epochs, report.bestEpoch) }),
  };
}

/** The page; `charts` are those of {@link evaluationCharts}. */
export function evaluationPage(report: EvaluationReport, charts = evaluationCharts(report)): string {
  const { evaluation, split } = report;
  return renderPage({
    title: report.title,
    subtitle: report.subtitle,
    ...(evaluation.shortcuts.flagged
      ? { headline: { text: CAMERA[evaluation.shortcuts.verdict], tone: 'low' as const } }
      : {}),
    tiles: tiles(evaluation),
    measured: { title: 'How this was measured', statements: measuredStatements(split, evaluation) },
    sections: sections(report, charts),
    footer: report.footer,
  });
}

function baselines({ metrics, intervals, baselines: all }: Evaluation): string {
  const model = { name: 'Model', ...intervals.accuracy, accuracy: metrics.accuracy };
  const others = all.map((one) => ({
    name: one.title,
    ...one.accuracy_interval,
    accuracy: one.metrics.accuracy,
  }));
  return baselinesChart(model, others, intervals.accuracy.level);
}

function recordings(evaluation: Evaluation): string {
  const best = strongestBaseline(evaluation);
  const rows = evaluation.per_recording.map((row, i) => ({
    ...row,
    baseline: best.per_recording_accuracy[i]!,
  }));
  return recordingsChart(rows, best.title);
}

function curves({ evaluation, input }: EvaluationReport): { roc?: string; pr?: string } {
  const { label, probability } = input.test;
  const prevalence = mean(label);
  if (!(prevalence > 0 && prevalence < 1)) return {}; // undefined with one class
  const best = strongestBaseline(evaluation);
  const named = (name: string, score: ArrayLike<number>) => ({
    roc: { name, curve: rocCurve(label, score), auc: rocAuc(label, score) },
    pr: { name, curve: prCurve(label, score), averagePrecision: averagePrecision(label, score) },
  });
  const model = named('model', probability);
  const other = named(best.title, scoreBaseline(input, best.name).scored.probability);
  return { roc: rocChart(model.roc, other.roc), pr: prChart(model.pr, prevalence, other.pr) };
}

function tiles(evaluation: Evaluation): Tile[] {
  const { metrics, intervals, crops, resampled } = evaluation;
  const best = strongestBaseline(evaluation);
  return [
    { label: 'Accuracy', value: percent(metrics.accuracy), note: percentRange(intervals.accuracy) },
    {
      label: 'Points over best baseline',
      value: signed(best.margin.estimate),
      note: `${best.title}: ${percent(best.metrics.accuracy)}`,
      tone: best.margin.better ? 'high' : 'low',
    },
    { label: 'Balanced accuracy', value: percent(metrics.balanced_accuracy), note: percentRange(intervals.balanced_accuracy) }, // prettier-ignore
    { label: 'ROC area', value: decimal(metrics.roc_auc), note: 'chance is 0.500' },
    {
      label: 'Log loss',
      value: decimal(metrics.log_loss),
      note: `calibration error ${decimal(metrics.ece)}`,
    },
    { label: 'Test crops', value: count(crops), note: `${resampled.groups} ${resampled.unit}s` },
  ];
}

function sections(report: EvaluationReport, charts: Record<string, string>): Section[] {
  const { evaluation, pictures = [], facts = [] } = report;
  const figures = (names: readonly string[], wide = false) => ({
    kind: 'figures' as const,
    figures: names.flatMap((name) => (charts[name] === undefined ? [] : [{ svg: charts[name], wide }])),
  });
  const optional = (title: string, present: boolean, blocks: Section['blocks']) =>
    present ? [{ title, blocks }] : [];
  return [
    { title: 'Against trivial baselines', blocks: [figures(['baselines'], true), baselineTable(evaluation)] },
    { title: 'Recordings and positions', blocks: [figures(['recordings'], true), ...positions(evaluation)] },
    {
      title: 'Decisions and probabilities',
      blocks: [figures(['confusion', 'histogram', 'roc', 'pr', 'reliability'])],
    },
    ...optional('Training', charts['training'] !== undefined, [figures(['training'], true)]),
    ...optional('Crops', pictures.length > 0, [{ kind: 'gallery', pictures }]),
    ...optional('What was evaluated', facts.length > 0, [{ kind: 'table', columns: ['', ''], rows: facts }]),
  ];
}

function baselineTable(evaluation: Evaluation): Section['blocks'][number] {
  return {
    kind: 'table',
    columns: ['Baseline', 'Rule fitted on train', 'Accuracy', 'ROC area', 'Model is better by', 'Interval'],
    rows: evaluation.baselines.map((one) => [
      one.title,
      one.rule,
      percent(one.metrics.accuracy),
      decimal(one.metrics.roc_auc),
      points(one.margin.estimate),
      pointsRange(one.margin),
    ]),
  };
}

function positions({ per_position }: Evaluation): Section['blocks'] {
  if (per_position.length === 0) return [];
  const rows = per_position.map((row) => [
    row.name,
    count(row.crops),
    percent(row.shareOfClass1),
    percent(row.accuracy),
  ]);
  return [{ kind: 'table', columns: ['Position', 'Crops', 'High flow', 'Accuracy'], rows }];
}

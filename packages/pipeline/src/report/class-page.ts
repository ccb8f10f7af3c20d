// The page of `spatter evaluate` for a benchmark of labelled images.
import { strongestClassBaseline, type ClassEvaluation } from '../metrics/class-evaluation.ts';
import { baselinesChart, confusionChart, trainingChart, type EpochFigures } from './charts.ts';
import { count, decimal, percent, percentRange, points, pointsRange, signed } from './numbers.ts';
import { renderPage, type Picture, type Section, type Statement, type Tile } from './page.ts';

export interface ClassReport {
  readonly subtitle: string;
  readonly classes: readonly string[];
  readonly evaluation: ClassEvaluation;
  readonly measured: readonly Statement[];
  readonly epochs: readonly EpochFigures[];
  readonly bestEpoch: number;
  /** The confident mistakes. */
  readonly pictures: readonly Picture[];
  readonly facts: readonly (readonly [name: string, value: string])[];
}

/** Every chart as SVG, by file name without ending. */
export function classCharts({ evaluation, classes, epochs, bestEpoch }: ClassReport): Record<string, string> {
  const { accuracy, accuracy_interval, baselines, confusion } = evaluation;
  const rivals = baselines.map((one) => ({
    name: one.title,
    ...one.accuracy_interval,
    accuracy: one.accuracy,
  }));
  return {
    baselines: baselinesChart(
      { name: 'Model', ...accuracy_interval, accuracy },
      rivals,
      accuracy_interval.level,
    ),
    confusion: confusionChart(confusion, classes, 'images'),
    ...(epochs.length === 0 ? {} : { training: trainingChart(epochs, bestEpoch) }),
  };
}

/** The page; `charts` are those of {@link classCharts}. */
export function classPage(report: ClassReport, charts = classCharts(report)): string {
  return renderPage({
    title: 'Evaluation on the test split',
    subtitle: report.subtitle,
    tiles: tiles(report.evaluation),
    measured: { title: 'How this was measured', statements: report.measured },
    sections: sections(report, charts),
    footer:
      'Made by spatter evaluate. All figures are in evaluation.json, all probabilities in predictions.csv.',
  });
}

function tiles(evaluation: ClassEvaluation): Tile[] {
  const { accuracy, accuracy_interval, balanced_accuracy, loss, images, per_class } = evaluation;
  const best = strongestClassBaseline(evaluation);
  return [
    { label: 'Accuracy', value: percent(accuracy, 2), note: percentRange(accuracy_interval) },
    {
      label: 'Points over best baseline',
      value: signed(best.margin.estimate),
      note: `${best.title}: ${percent(best.accuracy)}`,
      tone: best.margin.better ? 'high' : 'low',
    },
    { label: 'Balanced accuracy', value: percent(balanced_accuracy, 2), note: 'mean over classes' },
    { label: 'Loss', value: decimal(loss), note: 'nats per image' },
    { label: 'Test images', value: count(images), note: `${per_class.length} classes` },
  ];
}

function sections(report: ClassReport, charts: Record<string, string>): Section[] {
  const { evaluation, pictures, facts } = report;
  const figure = (name: string): Section['blocks'] =>
    charts[name] === undefined ? [] : [{ kind: 'figures', figures: [{ svg: charts[name], wide: true }] }];
  const all: Section[] = [
    { title: 'Against trivial baselines', blocks: [...figure('baselines'), baselineTable(evaluation)] },
    { title: 'Classes', blocks: [...figure('confusion'), classTable(evaluation)] },
    { title: 'Training', blocks: figure('training') },
    { title: 'Surest mistakes', blocks: pictures.length === 0 ? [] : [{ kind: 'gallery', pictures }] },
    { title: 'What was evaluated', blocks: [{ kind: 'table', columns: ['', ''], rows: facts }] },
  ];
  return all.filter(({ blocks }) => blocks.length > 0);
}

function baselineTable({ baselines }: ClassEvaluation): Section['blocks'][number] {
  return {
    kind: 'table',
    columns: ['Baseline', 'Rule', 'Accuracy', 'Model is better by', 'Interval'],
    rows: baselines.map(({ title, rule, accuracy, margin }) => [
      ...[title, rule, percent(accuracy)],
      ...[points(margin.estimate), pointsRange(margin)],
    ]),
  };
}

function classTable({ per_class }: ClassEvaluation): Section['blocks'][number] {
  return {
    kind: 'table',
    columns: ['Class', 'Test images', 'Accuracy', 'Precision'],
    rows: per_class.map(({ name, images, accuracy, precision }) => [
      { text: name, tone: 'plain' },
      ...[count(images), percent(accuracy), percent(precision)],
    ]),
  };
}

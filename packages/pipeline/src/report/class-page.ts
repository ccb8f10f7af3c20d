// The page of `spatter evaluate` for labelled images, and for crops of three classes or more.
import { strongestClassBaseline, type ClassEvaluation } from '../metrics/class-evaluation.ts';
import { baselinesChart, confusionChart, trainingChart, type EpochFigures } from './charts.ts';
import { count, decimal, percent, percentRange, points, pointsRange, signed } from './numbers.ts';
import { renderPage, type Picture, type Section, type Statement, type Tile } from './page.ts';

export interface ClassReport {
  readonly subtitle: string;
  readonly unit: 'images' | 'crops';
  /** What limits the score most, over everything else. */
  readonly headline?: string;
  readonly classes: readonly string[];
  readonly evaluation: ClassEvaluation;
  /** Accuracy in each recording, where samples are of recordings. */
  readonly recordings?: readonly {
    readonly name: string;
    readonly crops: number;
    /** Number of classes that its test crops are of. */
    readonly classes: number;
    readonly accuracy: number;
  }[];
  readonly measured: readonly Statement[];
  readonly epochs: readonly EpochFigures[];
  readonly bestEpoch: number;
  /** The confident mistakes. */
  readonly pictures: readonly Picture[];
  readonly facts: readonly (readonly [name: string, value: string])[];
}

/** Every chart as SVG, by file name without ending. */
export function classCharts({
  evaluation,
  classes,
  unit,
  epochs,
  bestEpoch,
}: ClassReport): Record<string, string> {
  const { accuracy, intervals, baselines, confusion } = evaluation;
  const rivals = baselines.map((one) => ({
    name: one.title,
    ...one.accuracy_interval,
    accuracy: one.accuracy,
  }));
  return {
    baselines: baselinesChart(
      { name: 'Model', ...intervals.accuracy, accuracy },
      rivals,
      intervals.accuracy.level,
    ),
    confusion: confusionChart(confusion, classes, unit),
    ...(epochs.length === 0 ? {} : { training: trainingChart(epochs, bestEpoch) }),
  };
}

/** The page; `charts` are those of {@link classCharts}. */
export function classPage(report: ClassReport, charts = classCharts(report)): string {
  return renderPage({
    title: 'Evaluation on the test split',
    subtitle: report.subtitle,
    ...(report.headline === undefined ? {} : { headline: { text: report.headline, tone: 'low' as const } }),
    tiles: tiles(report),
    measured: { title: 'How this was measured', statements: report.measured },
    sections: sections(report, charts),
    footer:
      'Made by spatter evaluate. All figures are in evaluation.json, all probabilities in predictions.csv.',
  });
}

function tiles({ evaluation, unit }: ClassReport): Tile[] {
  const { accuracy, intervals, balanced_accuracy, loss, samples, per_class } = evaluation;
  const best = strongestClassBaseline(evaluation);
  return [
    { label: 'Accuracy', value: percent(accuracy, 2), note: percentRange(intervals.accuracy) },
    {
      label: 'Points over best baseline',
      value: signed(best.margin.estimate),
      note: `${best.title}: ${percent(best.accuracy)}`,
      tone: best.margin.better ? 'high' : 'low',
    },
    {
      label: 'Balanced accuracy',
      value: percent(balanced_accuracy, 2),
      note: percentRange(intervals.balanced_accuracy),
    },
    { label: 'Loss', value: decimal(loss), note: `nats per ${unit.slice(0, -1)}` },
    { label: `Test ${unit}`, value: count(samples), note: `${per_class.length} classes` },
  ];
}

function sections(report: ClassReport, charts: Record<string, string>): Section[] {
  const { evaluation, unit, pictures, facts, recordings = [] } = report;
  const figure = (name: string): Section['blocks'] =>
    charts[name] === undefined ? [] : [{ kind: 'figures', figures: [{ svg: charts[name], wide: true }] }];
  const all: Section[] = [
    { title: 'Against trivial baselines', blocks: [...figure('baselines'), baselineTable(evaluation)] },
    { title: 'Classes', blocks: [...figure('confusion'), classTable(evaluation, unit)] },
    { title: 'Recordings', blocks: recordings.length === 0 ? [] : [recordingTable(recordings)] },
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

function classTable({ per_class }: ClassEvaluation, unit: string): Section['blocks'][number] {
  return {
    kind: 'table',
    columns: ['Class', `Test ${unit}`, 'Accuracy', 'Precision'],
    rows: per_class.map(({ name, samples, accuracy, precision }) => [
      { text: name, tone: 'plain' },
      ...[count(samples), percent(accuracy), percent(precision)],
    ]),
  };
}

function recordingTable(recordings: NonNullable<ClassReport['recordings']>): Section['blocks'][number] {
  const rows = recordings.map(({ name, crops, accuracy }) => [name, count(crops), percent(accuracy)]);
  return { kind: 'table', columns: ['Recording', 'Test crops', 'Accuracy'], rows };
}

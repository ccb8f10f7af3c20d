// The page of `spatter sweep report`: what was searched, what was found, and what decides.
import {
  sweepFrontChart,
  sweepHistoryChart,
  sweepImportanceChart,
  sweepParallelChart,
  sweepSliceChart,
} from './charts.ts';
import { renderPage, type Cell, type Figure, type Section, type Statement, type Tile } from './page.ts';
import {
  completed,
  figure,
  lastPart,
  type SweepObjective,
  type SweepParam,
  type SweepTrial,
} from './sweep-trials.ts';

/** A row of the table, besides what is in its trial. */
export interface SweepRow extends SweepTrial {
  readonly epochs: number | null;
  readonly seconds: number | null;
  readonly run_dir: string | null;
  readonly error: string | null;
}

export interface SweepReport {
  readonly study: string;
  readonly objectives: readonly SweepObjective[];
  readonly params: readonly SweepParam[];
  readonly trials: readonly SweepRow[];
  readonly front: readonly number[];
  readonly chosen: number | null;
  /** Per objective: parameters and their shares, largest first; empty where too little is known. */
  readonly importance: readonly (readonly (readonly [param: string, share: number])[])[];
  /** How the search was made, and what its figures cannot say. */
  readonly measured: readonly Statement[];
  /** Overrides of the chosen trial, as the command line takes them. */
  readonly overrides: readonly string[];
}

/** The page as HTML text. */
export function sweepPage(report: SweepReport): string {
  const { study, objectives, trials, params } = report;
  return renderPage({
    title: `Sweep ${study}`,
    subtitle: `${trials.length} trials · ${objectives.map(({ name, direction }) => `${direction} ${name}`).join(', ')} · ${params.length} parameters`,
    tiles: tiles(report),
    measured: { title: 'How this was searched', statements: report.measured },
    sections: [...findings(report), table(report)],
    footer:
      'Made by spatter sweep report. The same figures are in trials.csv; the study opens in optuna-dashboard.',
  });
}

function tiles({ trials, objectives, chosen, front }: SweepReport): Tile[] {
  const best = trials.find(({ number }) => number === chosen);
  const count = (state: SweepTrial['state']) => trials.filter((trial) => trial.state === state).length;
  const title = objectives.length === 1 ? 'Best' : 'Chosen';
  return [
    ...objectives.map(({ name, unit }, i) => ({
      label: `${title} ${name}`,
      value: best?.values ? figure(best.values[i]!) : '–',
      note: unit,
      tone: 'high' as const,
    })),
    { label: `${title} trial`, value: chosen === null ? '–' : String(chosen), note: best?.run_dir ?? '' },
    {
      label: 'Completed',
      value: String(count('COMPLETE')),
      note: `${count('PRUNED')} pruned, ${count('FAIL')} failed`,
    },
    ...(objectives.length > 1 ? [{ label: 'On the front', value: String(front.length) }] : []),
  ];
}

function findings(report: SweepReport): Section[] {
  const { objectives, trials, importance, params, chosen, overrides } = report;
  if (completed(trials).length === 0)
    return [
      { title: 'Nothing yet', blocks: [{ kind: 'text', text: 'No trial has completed. Look again later.' }] },
    ];
  const histories = objectives.map((objective, i) => ({ svg: sweepHistoryChart(trials, objective, i, objectives.length === 1), wide: objectives.length === 1 })); // prettier-ignore
  const shares = importance.flatMap((each, i) => (each.length === 0 ? [] : [{ svg: sweepImportanceChart(objectives[i]!.name, i, each) }])); // prettier-ignore
  const slices = params.map((param, i) => ({
    svg: sweepSliceChart(trials, param, objectives[0]!, `slice-${i}`),
  }));
  const chosenRows = overrides.map((line) => [
    line.slice(0, line.indexOf('=')),
    line.slice(line.indexOf('=') + 1),
  ]);
  return [
    {
      title:
        chosen === null
          ? 'The best'
          : `Trial ${chosen}: ${objectives.length === 1 ? 'the best' : 'the chosen one'}`,
      blocks: [{ kind: 'table', columns: ['key', 'value'], rows: chosenRows }],
    },
    ...(objectives.length > 1 ? [section('Front', fronts(report))] : []),
    section('History', histories),
    section('What decides', [...shares, parallel(report)]),
    section('Slices', slices),
  ];
}

const section = (title: string, figures: readonly Figure[]): Section => ({
  title,
  blocks: [{ kind: 'figures', figures }],
});

const fronts = (report: SweepReport): Figure[] =>
  report.objectives.slice(1).map((_, i) => ({
    svg: sweepFrontChart(report, i + 1),
    wide: true,
    caption:
      'Chosen is the point of the front nearest to the ideal, each objective scaled to the extent of the front.',
  }));

const parallel = ({ trials, params, objectives, chosen }: SweepReport): Figure => ({
  svg: sweepParallelChart(trials, params, objectives, chosen),
  wide: true,
});

function table({ trials, objectives, params, front }: SweepReport): Section {
  const columns = ['trial', 'state', ...objectives.map(({ name }) => name), ...params.map(({ name }) => lastPart(name)), 'epochs', 'seconds', 'run']; // prettier-ignore
  const sign = objectives[0]!.direction === 'maximize' ? -1 : 1;
  const rank = ({ state, values }: SweepRow) => (state === 'COMPLETE' ? sign * values![0]! : Infinity);
  const sorted = [...trials].sort((a, b) => rank(a) - rank(b) || a.number - b.number);
  const rows = sorted.map((trial): Cell[] => [
    trial.number,
    stateCell(trial, front),
    ...objectives.map((_, i) => (trial.values ? figure(trial.values[i]!) : '–')),
    ...params.map(({ name }) => paramCell(trial.params[name])),
    trial.epochs ?? '–',
    trial.seconds === null ? '–' : trial.seconds.toFixed(1),
    trial.run_dir ?? '–',
  ]);
  return { title: 'Trials', blocks: [{ kind: 'table', columns, rows }] };
}

const paramCell = (value: number | string | undefined): Cell =>
  value === undefined ? '–' : typeof value === 'number' ? figure(value) : value;

function stateCell({ number, state, error }: SweepRow, front: readonly number[]): Cell {
  if (front.includes(number)) return { text: front.length === 1 ? 'best' : 'front', tone: 'high' };
  if (state === 'FAIL') return { text: error === null ? 'failed' : `failed: ${error}`, tone: 'low' };
  return {
    text: { COMPLETE: 'complete', PRUNED: 'pruned', RUNNING: 'running', WAITING: 'waiting' }[state],
    tone: 'muted',
  };
}

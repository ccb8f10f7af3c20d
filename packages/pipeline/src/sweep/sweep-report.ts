// From a study to its page: parameters as axes, importances, and the words that say how it was searched.
import { parameterImportance, type FrozenTrial, type ParamValue, type Study } from '@spatter/hpo';
import { sweepPage, type SweepReport } from '../report/sweep-page.ts';
import type { Statement } from '../report/page.ts';
import { isLeaking } from '../report/score-basis.ts';
import type { SweepParam } from '../report/sweep-trials.ts';
import { OBJECTIVES } from './objectives.ts';
import type { SweepPlan } from './plan.ts';
import { overrideLine, type Searched } from './search-space.ts';
import { summarise, type SweepSummary, type TrialRow } from './summary.ts';
import { trialBasis } from './trial-attributes.ts';

/** What a sweep's report says, and its page. */
export interface MadeReport {
  readonly summary: SweepSummary;
  readonly importance: SweepReport['importance'];
  readonly html: string;
}

/** Draws the study as it stands now. */
export async function reportSweep(study: Study, plan: SweepPlan): Promise<MadeReport> {
  const summary = await summarise(study, plan);
  const trials = await study.trials();
  const importance = summary.objectives.map((_, i) =>
    parameterImportance(trials, { target: (trial) => trial.values![i]! }),
  );
  const { objectives, rows, front, chosen } = summary;
  const html = sweepPage({
    study: study.name,
    objectives: objectives.map(({ name, direction }) => ({ name, direction, unit: OBJECTIVES[name].unit })),
    params: plan.searched.map((each) => paramOf(each, trials)),
    trials: rows.map((row) => ({ ...row, params: labelled(row.params, plan.searched) })),
    front,
    chosen: chosen?.number ?? null,
    importance,
    measured: statements(plan, summary),
    overrides:
      chosen === null ? [] : Object.entries(chosen.params).map(([key, value]) => overrideLine(key, value)),
  });
  return { summary, importance, html };
}

function paramOf({ key, distribution }: Searched, trials: readonly FrozenTrial[]): SweepParam {
  if (distribution.name === 'CategoricalDistribution')
    return { name: key, log: false, whole: false, range: null, choices: distribution.choices.map(String) };
  const { low, high, log, name } = distribution;
  // Values that were queued by hand may lie outside of what is searched.
  const used = trials.flatMap(({ params }) => (key in params ? [Number(params[key])] : []));
  const range = [Math.min(low, ...used), Math.max(high, ...used)] as const;
  return { name: key, log: log && low < high, whole: name === 'IntDistribution', range, choices: null };
}

/** Choices become their labels, numbers stay. */
function labelled(params: Readonly<Record<string, ParamValue>>, searched: readonly Searched[]) {
  const isChoice = new Set(
    searched
      .filter(({ distribution }) => distribution.name === 'CategoricalDistribution')
      .map(({ key }) => key),
  );
  return Object.fromEntries(
    Object.entries(params).map(([key, value]) => [
      key,
      typeof value === 'number' && !isChoice.has(key) ? value : String(value),
    ]),
  );
}

/** The splits of the trials with their leak into the validation part; a search may have tried several. */
function leakStatement(rows: readonly TrialRow[]): Statement {
  const told = rows.filter(({ split }) => split !== null);
  if (told.length === 0) return { topic: 'Leak', text: 'The trials did not record their split.', warn: true };
  const bases = [...new Set(told.map(trialBasis))];
  const leaking = told.some(({ val_leak_share: leak }) => isLeaking(leak));
  const text = `On the validation part: ${bases.join('; ')}. The leak is the share of validation crops with a training crop near in time in the same recording.`;
  return { topic: 'Leak', text, warn: leaking };
}

function statements(
  { settings, searched, overrides }: SweepPlan,
  { counts, objectives, rows }: SweepSummary,
): Statement[] {
  const { sampler, pruner, seed } = settings;
  const conditional = searched.some(({ when }) => when !== null);
  return [
    {
      topic: 'Search',
      text: `sampler ${sampler.name}, pruner ${objectives.length > 1 ? 'none (several objectives)' : pruner.name}, seed ${seed}`,
    },
    {
      topic: 'Data',
      text: 'Every value was measured on the validation split. The best of many trials looks better there than it is: evaluate the chosen run once on the test split, which no trial has seen.',
      warn: true,
    },
    leakStatement(rows),
    {
      topic: 'Importance',
      text: `fANOVA (Hutter et al., 2014): share of the variance that each parameter explains alone, over the whole search space, from a random forest on the ${counts.complete} completed trials${conditional ? '; only parameters that every trial has' : ''}. With few trials it is a hint, no finding.`,
    },
    ...(objectives.some(({ name }) => name === 'latency_ms')
      ? [
          {
            topic: 'Latency',
            text: 'Median time of one crop on one CPU thread of the machine that ran the trial. Trials that ran side by side slow each other down.',
            warn: true,
          },
        ]
      : []),
    { topic: 'Fixed', text: overrides.join(' ') },
  ];
}

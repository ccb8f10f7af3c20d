// The tree-structured Parzen estimator: draws from a density of the good trials what a density of the bad ones does not expect.
import { isSingle, toExternal, type ParamValue } from '../distributions.ts';
import { requireArgument } from '../errors.ts';
import { parsePythonJson, toPythonJson, type Json } from '../python-json.ts';
import { commonSpace, groupedSpaces, type SearchSpace } from '../search-space.ts';
import { isFinished, type Direction, type FrozenTrial, type Params } from '../trial-record.ts';
import { buildMixture, defaultWeights, sampleMixture } from './parzen.ts';
import { logDensity } from './parzen-density.ts';
import { uniformValue } from './random.ts';
import { observed, type Sampler, type SamplingContext } from './sampler.ts';
import { splitTrials, type Split } from './tpe-split.ts';
import { TrialTable } from './tpe-table.ts';

export interface TpeOptions {
  /** Trials that are drawn at random before the first model. Default 10. */
  readonly startupTrials?: number;
  /** Points drawn from the good trials' density per suggestion. Default 24. */
  readonly candidates?: number;
  /** How many of n ended trials count as good. Default: a tenth, at most 25 for one objective. */
  readonly gamma?: (endedTrials: number) => number;
  /** Samples the parameters that all trials share together. Default: for one objective only. */
  readonly multivariate?: boolean;
  /** Samples conditional parameters together with those of the same condition. Needs `multivariate`. Default false. */
  readonly group?: boolean;
  /** Counts running trials as bad, so that parallel workers keep apart. Default true. */
  readonly constantLiar?: boolean;
}

type Settings = Required<Omit<TpeOptions, 'gamma' | 'multivariate'>> &
  Pick<TpeOptions, 'gamma' | 'multivariate'>;

/**
 * TPE with the defaults of Optuna 5 (Bergstra et al., 2011; Watanabe, 2023, arXiv:2304.11127), for one objective, several
 * (Ozaki et al., 2022) and constraints. With `mersenneTwister` streams it suggests what Optuna's `TPESampler` does.
 */
export function tpeSampler(options: TpeOptions = {}): Sampler {
  const settings: Settings = {
    startupTrials: 10,
    candidates: 24,
    group: false,
    constantLiar: true,
    ...options,
  };
  const { startupTrials, candidates, group, multivariate } = settings;
  requireArgument(startupTrials >= 0, `startupTrials must not be negative, but got ${startupTrials}`);
  requireArgument(candidates >= 1, `candidates must be at least 1, but got ${candidates}`);
  requireArgument(!group || multivariate !== false, 'group needs multivariate');
  const historyOf = rememberedHistory(settings);
  return {
    sampleJoint(context) {
      if (!isMultivariate(settings, context)) return {};
      const history = historyOf(context);
      if (history.ended < startupTrials) return {};
      const ended = observed(context.trials);
      const spaces = group ? groupedSpaces(ended) : [commonSpace(ended)];
      const chosen = spaces.map((space) => suggest(settings, context, history, searchable(space)));
      const params = Object.assign({}, ...chosen) as Params;
      return { params, systemAttrs: settings.constantLiar ? sharedParams(params) : {} };
    },
    sampleOne(context, param, distribution) {
      const history = historyOf(context);
      if (history.ended < startupTrials) return uniformValue(distribution, context.random);
      return suggest(settings, context, history, { [param]: distribution })[param]!;
    },
  };
}

function isMultivariate({ multivariate, group }: Settings, { directions }: SamplingContext): boolean {
  return multivariate ?? (group || directions.length === 1);
}

function searchable(space: SearchSpace): SearchSpace {
  return Object.fromEntries(Object.entries(space).filter(([, distribution]) => !isSingle(distribution)));
}

/** What a trial may learn from: how many have ended, and which count as good and as bad. */
interface History extends Split {
  readonly ended: number;
  readonly table: TrialTable;
}

/** A trial's history, the same for all its parameters. */
function rememberedHistory(settings: Settings): (context: SamplingContext) => History {
  const [joint, alone] = [new TrialTable(knownParams), new TrialTable((trial) => trial.params)];
  let last: { trials: readonly FrozenTrial[]; number: number; history: History } | undefined;
  return (context) => {
    const { trials, trial } = context;
    if (last?.trials !== trials || last.number !== trial.number) {
      const table = isMultivariate(settings, context) ? joint : alone;
      last = { trials, number: trial.number, history: look(settings, context, table) };
    }
    return last.history;
  };
}

function look(
  settings: Settings,
  { trials, trial, directions }: SamplingContext,
  table: TrialTable,
): History {
  table.read(trials);
  const [ended, running] = [new Uint32Array(trials.length), new Uint32Array(trials.length)];
  let [ends, runs] = [0, 0];
  for (const { state, number } of trials) {
    if (number === trial.number) continue;
    if (state === 'COMPLETE' || state === 'PRUNED') ended[ends++] = number;
    else if (state === 'RUNNING') running[runs++] = number;
  }
  const split = splitTrials(
    table,
    ended.subarray(0, ends),
    directions,
    goodCount(settings, directions, ends),
  );
  if (!settings.constantLiar || runs === 0) return { ...split, ended: ends, table };
  const above = Uint32Array.from([...split.above, ...running.subarray(0, runs)]).sort();
  return { below: split.below, above, ended: ends, table };
}

/** The candidate that is likeliest among the good trials compared with the bad ones. */
function suggest(
  settings: Settings,
  { directions, random }: SamplingContext,
  history: History,
  space: SearchSpace,
): Record<string, ParamValue> {
  const names = Object.keys(space);
  if (names.length === 0) return {};
  const distributions = Object.values(space);
  const columns = names.map((name) => history.table.column(name));
  const [below, above] = [observations(columns, history.below), observations(columns, history.above)];
  const weightsBelow =
    directions.length > 1 ? new Float64Array(below[0]!.length).fill(1) : defaultWeights(below[0]!.length);
  const likely = buildMixture(distributions, below, weightsBelow);
  const unlikely = buildMixture(distributions, above, defaultWeights(above[0]!.length));
  const samples = sampleMixture(likely, random, settings.candidates);
  const [gain, loss] = [logDensity(likely, samples), logDensity(unlikely, samples)];
  const best = argmax(gain.map((log, i) => log - loss[i]!));
  return Object.fromEntries(
    names.map((name, p) => [name, toExternal(distributions[p]!, samples[p]![best]!)]),
  );
}

function goodCount({ gamma }: Settings, directions: readonly Direction[], ended: number): number {
  if (gamma !== undefined) return gamma(ended);
  const tenth = Math.ceil(0.1 * ended);
  return directions.length > 1 ? tenth : Math.min(tenth, 25);
}

function argmax(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Internal values of those trials that have every parameter, one array per parameter. */
function observations(columns: readonly Float64Array[], numbers: Uint32Array): Float64Array[] {
  const observed = columns.map(() => new Float64Array(numbers.length));
  let rows = 0;
  for (const number of numbers) {
    let p = 0;
    for (; p < columns.length; p++) {
      const value = columns[p]![number]!;
      if (Number.isNaN(value)) break;
      observed[p]![rows] = value;
    }
    if (p === columns.length) rows++;
  }
  return observed.map((values) => values.subarray(0, rows));
}

const SHARED = 'tpe:relative_params';
/** Optuna's limit for one system attribute. */
const ATTRIBUTE_LENGTH = 2045;

/** Parameters sampled together, as the system attributes in which workers show them before the trial has used them. */
function sharedParams(params: Params): Record<string, Json> {
  if (Object.keys(params).length === 0) return {};
  const text = toPythonJson(params);
  const pieces = text.match(new RegExp(`[^]{1,${ATTRIBUTE_LENGTH}}`, 'g')) ?? [];
  return Object.fromEntries(pieces.map((piece, i) => [`${SHARED}:${i}`, piece]));
}

/** A trial's parameters; a running trial's include those it has been given but not used yet. */
function knownParams(trial: FrozenTrial): Params {
  if (isFinished(trial.state)) return trial.params;
  let text = '';
  for (let i = 0; ; i++) {
    const piece = trial.systemAttrs[`${SHARED}:${i}`];
    if (typeof piece !== 'string') break;
    text += piece;
  }
  if (text === '') return trial.params;
  try {
    return { ...(parsePythonJson(text) as Params), ...trial.params };
  } catch {
    // Another worker is still writing the pieces.
    return trial.params;
  }
}

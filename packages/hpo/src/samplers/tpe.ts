// The tree-structured Parzen estimator: draws from a density of the good trials what a density of the bad ones does not expect.
import { isSingle, toExternal, toInternal } from '../distributions.ts';
import type { Distribution, ParamValue } from '../distributions.ts';
import { requireArgument } from '../errors.ts';
import { parsePythonJson, toPythonJson, type Json } from '../python-json.ts';
import { commonSpace, groupedSpaces, type SearchSpace } from '../search-space.ts';
import { isFinished, type FrozenTrial, type Params } from '../trial-record.ts';
import { buildMixture, defaultWeights, sampleMixture } from './parzen.ts';
import { logDensity } from './parzen-density.ts';
import { uniformValue } from './random.ts';
import { observed, type Sampler, type SamplingContext } from './sampler.ts';
import { splitTrials } from './tpe-split.ts';

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
  return {
    sampleJoint(context) {
      const ended = observed(context.trials);
      if (!isMultivariate(settings, context) || ended.length < startupTrials) return {};
      const spaces = group ? groupedSpaces(ended) : [commonSpace(ended)];
      const params = Object.assign(
        {},
        ...spaces.map((space) => suggest(settings, context, searchable(space))),
      ) as Params;
      return { params, systemAttrs: settings.constantLiar ? sharedParams(params) : {} };
    },
    sampleOne(context, param, distribution) {
      if (observed(context.trials).length < startupTrials) return uniformValue(distribution, context.random);
      return suggest(settings, context, { [param]: distribution })[param]!;
    },
  };
}

function isMultivariate({ multivariate, group }: Settings, { directions }: SamplingContext): boolean {
  return multivariate ?? (group || directions.length === 1);
}

function searchable(space: SearchSpace): SearchSpace {
  return Object.fromEntries(Object.entries(space).filter(([, distribution]) => !isSingle(distribution)));
}

/** The candidate that is likeliest among the good trials compared with the bad ones. */
function suggest(
  settings: Settings,
  context: SamplingContext,
  space: SearchSpace,
): Record<string, ParamValue> {
  const names = Object.keys(space);
  if (names.length === 0) return {};
  const distributions = Object.values(space);
  const others = context.trials.filter(({ number }) => number !== context.trial.number);
  const running = settings.constantLiar ? others.filter((trial) => trial.state === 'RUNNING') : [];
  const ended = observed(others);
  const good = splitTrials(ended, context.directions, goodCount(settings, context, ended.length));
  const several = context.directions.length > 1;
  const byNumber = (a: FrozenTrial, b: FrozenTrial) => a.number - b.number;
  const values = (trials: readonly FrozenTrial[]) =>
    observations(trials, space, isMultivariate(settings, context));
  const below = values(good.below);
  const above = values(running.length === 0 ? good.above : [...good.above, ...running].sort(byNumber));
  const weightsBelow = several
    ? new Float64Array(below[0]!.length).fill(1)
    : defaultWeights(below[0]!.length);
  const likely = buildMixture(distributions, below, weightsBelow);
  const unlikely = buildMixture(distributions, above, defaultWeights(above[0]!.length));
  const samples = sampleMixture(likely, context.random, settings.candidates);
  const [gain, loss] = [logDensity(likely, samples), logDensity(unlikely, samples)];
  const best = argmax(gain.map((log, i) => log - loss[i]!));
  return Object.fromEntries(
    names.map((name, p) => [name, toExternal(distributions[p]!, samples[p]![best]!)]),
  );
}

function goodCount({ gamma }: Settings, { directions }: SamplingContext, ended: number): number {
  if (gamma !== undefined) return gamma(ended);
  const tenth = Math.ceil(0.1 * ended);
  return directions.length > 1 ? tenth : Math.min(tenth, 25);
}

function argmax(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Internal values of the trials that have every parameter of the space, one array per parameter. */
function observations(trials: readonly FrozenTrial[], space: SearchSpace, joint: boolean): Float64Array[] {
  const entries = Object.entries(space);
  const columns = entries.map(() => new Float64Array(trials.length));
  let rows = 0;
  for (const trial of trials) {
    const params = joint ? knownParams(trial) : trial.params;
    let p = 0;
    for (; p < entries.length; p++) {
      const [name, distribution] = entries[p]!;
      const value = params[name];
      if (value === undefined) break;
      columns[p]![rows] = internalValue(distribution, value);
    }
    if (p === entries.length) rows++;
  }
  return columns.map((column) => column.subarray(0, rows));
}

/** `toInternal` without its checks, which a hot loop over stored trials does not need. */
function internalValue(distribution: Distribution, value: ParamValue): number {
  return typeof value === 'number' && distribution.name !== 'CategoricalDistribution'
    ? value
    : toInternal(distribution, value);
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

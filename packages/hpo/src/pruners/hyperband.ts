// Hyperband: several successive halvings that start to stop trials at different rungs.
import { crc32 } from 'node:zlib';
import { requireArgument } from '../errors.ts';
import { lastStep, type FrozenTrial } from '../trial-record.ts';
import { KEEP, type Pruner, type PruningContext } from './pruner.ts';
import { successiveHalvingPruner } from './successive-halving.ts';

export interface HyperbandOptions {
  /** Steps before the first rung. Default 1. */
  readonly minResource?: number;
  /** The steps a whole trial has. Default 'auto': taken from the first trial that completes. */
  readonly maxResource?: number | 'auto';
  /** One in this many goes on at each rung. Default 3. */
  readonly reductionFactor?: number;
  /** Trials that must have reached a rung before any goes on. Default 0. */
  readonly bootstrapCount?: number;
}

interface Bracket {
  readonly budget: number;
  readonly pruner: Pruner;
}

/**
 * Hyperband (Li et al., 2018, JMLR 18), as Optuna's `HyperbandPruner`: a trial's bracket follows from the study's name
 * and the trial's number, and each bracket's trials compete, and are learnt from, among themselves.
 */
export function hyperbandPruner(options: HyperbandOptions = {}): Pruner {
  const { minResource = 1, maxResource = 'auto', reductionFactor = 3, bootstrapCount = 0 } = options;
  requireArgument(minResource >= 1, `minResource must be at least 1, but got ${minResource}`);
  requireArgument(reductionFactor >= 2, `reductionFactor must be at least 2, but got ${reductionFactor}`);
  requireArgument(
    bootstrapCount === 0 || maxResource !== 'auto',
    'bootstrapCount needs a maxResource that is a number',
  );
  let brackets: readonly Bracket[] | undefined;
  const ready = ({ trials }: PruningContext) => {
    const longest = maxResource === 'auto' ? longestTrial(trials) : maxResource;
    if (longest === undefined) return undefined;
    return (brackets ??= makeBrackets(longest, { minResource, reductionFactor, bootstrapCount }));
  };
  const peersIn = (all: readonly Bracket[], context: PruningContext, bracket: number) =>
    context.trials.filter((other) => bracketOf(context.studyName, other, all) === bracket);
  return {
    decide(context) {
      const all = ready(context);
      if (all === undefined) return KEEP;
      const bracket = bracketOf(context.studyName, context.trial, all);
      return all[bracket]!.pruner.decide({ ...context, trials: peersIn(all, context, bracket) });
    },
    peers(context) {
      const all = brackets ?? ready(context);
      if (all === undefined) return context.trials;
      return peersIn(all, context, bracketOf(context.studyName, context.trial, all));
    },
  };
}

type Settings = Required<Omit<HyperbandOptions, 'maxResource'>>;

function makeBrackets(longest: number, settings: Settings): Bracket[] {
  const { minResource, reductionFactor, bootstrapCount } = settings;
  const count = Math.floor(Math.log(longest / minResource) / Math.log(reductionFactor)) + 1;
  return Array.from({ length: Math.max(1, count) }, (_, id) => {
    const rungs = count - 1 - id;
    const pruner = successiveHalvingPruner({
      minResource,
      reductionFactor,
      minEarlyStoppingRate: id,
      bootstrapCount,
    });
    return { budget: Math.ceil((count * reductionFactor ** rungs) / (rungs + 1)), pruner };
  });
}

function bracketOf(studyName: string, trial: FrozenTrial, brackets: readonly Bracket[]): number {
  const total = brackets.reduce((sum, bracket) => sum + bracket.budget, 0);
  let place = crc32(`${studyName}_${trial.number}`) % total;
  return brackets.findIndex((bracket) => (place -= bracket.budget) < 0);
}

function longestTrial(trials: readonly FrozenTrial[]): number | undefined {
  const steps = trials.flatMap((trial) => (trial.state === 'COMPLETE' ? (lastStep(trial) ?? []) : []));
  return steps.length === 0 ? undefined : Math.max(...steps) + 1;
}

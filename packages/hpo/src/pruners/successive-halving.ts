// Asynchronous successive halving: at each rung only the best share of the trials goes on.
import { requireArgument } from '../errors.ts';
import type { Json } from '../python-json.ts';
import { lastStep, type Direction, type FrozenTrial } from '../trial-record.ts';
import { KEEP, type Pruner, type PruningContext, type PruningDecision } from './pruner.ts';

export interface SuccessiveHalvingOptions {
  /** Steps before the first rung. Default 'auto': a hundredth of the longest completed trial, at least 1. */
  readonly minResource?: number | 'auto';
  /** One in this many goes on at each rung. Default 4. */
  readonly reductionFactor?: number;
  /** The first rung lies this many rungs further. Default 0. */
  readonly minEarlyStoppingRate?: number;
  /** Trials that must have reached a rung before any goes on. Default 0. */
  readonly bootstrapCount?: number;
}

type Settings = Required<Omit<SuccessiveHalvingOptions, 'minResource'>> & { minResource: number };

/** Asynchronous successive halving (Li et al., 2020, "A system for massively parallel hyperparameter tuning"), as Optuna's `SuccessiveHalvingPruner`. */
export function successiveHalvingPruner(options: SuccessiveHalvingOptions = {}): Pruner {
  const { minResource = 'auto', reductionFactor = 4, minEarlyStoppingRate = 0, bootstrapCount = 0 } = options;
  requireArgument(
    minResource === 'auto' || minResource >= 1,
    `minResource must be 'auto' or at least 1, but got ${minResource}`,
  );
  requireArgument(reductionFactor >= 2, `reductionFactor must be at least 2, but got ${reductionFactor}`);
  requireArgument(
    minEarlyStoppingRate >= 0,
    `minEarlyStoppingRate must not be negative, but got ${minEarlyStoppingRate}`,
  );
  requireArgument(bootstrapCount >= 0, `bootstrapCount must not be negative, but got ${bootstrapCount}`);
  requireArgument(
    bootstrapCount === 0 || minResource !== 'auto',
    'bootstrapCount needs a minResource that is a number',
  );
  let resource = minResource === 'auto' ? undefined : minResource;
  return {
    decide(context) {
      resource ??= estimateMinResource(context.trials);
      if (resource === undefined) return KEEP;
      return climb(context, { minResource: resource, reductionFactor, minEarlyStoppingRate, bootstrapCount });
    },
  };
}

/** Passes every rung that the trial has reached, until it is stopped or has to train on. */
function climb(context: PruningContext, settings: Settings): PruningDecision {
  const { trial, trials, direction } = context;
  const step = lastStep(trial);
  if (step === undefined) return KEEP;
  const value = trial.intermediateValues.get(step)!;
  const passed: Record<string, Json> = {};
  for (let rung = firstOpenRung(trial); ; rung++) {
    const due = settings.minResource * settings.reductionFactor ** (settings.minEarlyStoppingRate + rung);
    if (step < due) return { prune: false, systemAttrs: passed };
    if (Number.isNaN(value)) return { prune: true, systemAttrs: passed };
    passed[rungKey(rung)] = value;
    const rivals = trials.flatMap((other) =>
      other.id === trial.id ? [] : (other.systemAttrs[rungKey(rung)] ?? []),
    );
    const competing = [...(rivals as number[]), value];
    const tooFew = competing.length <= settings.bootstrapCount;
    if (tooFew || !isPromotable(value, competing, settings.reductionFactor, direction)) {
      return { prune: true, systemAttrs: passed };
    }
  }
}

function isPromotable(
  value: number,
  competing: number[],
  reductionFactor: number,
  direction: Direction,
): boolean {
  const place = Math.max(0, Math.floor(competing.length / reductionFactor) - 1);
  competing.sort((a, b) => a - b);
  return direction === 'maximize' ? value >= competing.at(-(place + 1))! : value <= competing[place]!;
}

function firstOpenRung(trial: FrozenTrial): number {
  let rung = 0;
  while (rungKey(rung) in trial.systemAttrs) rung++;
  return rung;
}

function rungKey(rung: number): string {
  return `completed_rung_${rung}`;
}

function estimateMinResource(trials: readonly FrozenTrial[]): number | undefined {
  const steps = trials.flatMap((trial) => (trial.state === 'COMPLETE' ? (lastStep(trial) ?? []) : []));
  return steps.length === 0 ? undefined : Math.max(1, Math.floor(Math.max(...steps) / 100));
}

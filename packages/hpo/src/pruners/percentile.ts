// Stops a trial that is worse than a percentile of the completed ones at the same step.
import { requireArgument } from '../errors.ts';
import { lastStep } from '../trial-record.ts';
import { KEEP, PRUNE, best, isFirstInInterval, type Pruner, type PruningContext } from './pruner.ts';

export interface PercentileOptions {
  /** No pruning before this many trials have completed. Default 5. */
  readonly startupTrials?: number;
  /** No pruning before this step. Default 0. */
  readonly warmupSteps?: number;
  /** Steps between two decisions. Default 1. */
  readonly intervalSteps?: number;
  /** Completed trials that must have reported at the step. Default 1. */
  readonly minTrials?: number;
}

/** Keeps the best `percentile` per cent, 0…100 (Optuna's `PercentilePruner`). */
export function percentilePruner(percentile: number, options: PercentileOptions = {}): Pruner {
  const { startupTrials = 5, warmupSteps = 0, intervalSteps = 1, minTrials = 1 } = options;
  requireArgument(
    percentile >= 0 && percentile <= 100,
    `percentile must lie in 0…100, but got ${percentile}`,
  );
  requireArgument(startupTrials >= 0, `startupTrials must not be negative, but got ${startupTrials}`);
  requireArgument(warmupSteps >= 0, `warmupSteps must not be negative, but got ${warmupSteps}`);
  requireArgument(intervalSteps >= 1, `intervalSteps must be at least 1, but got ${intervalSteps}`);
  requireArgument(minTrials >= 1, `minTrials must be at least 1, but got ${minTrials}`);
  return {
    decide(context) {
      const { trial, trials, direction } = context;
      const completed = trials.filter((other) => other.state === 'COMPLETE');
      const step = lastStep(trial);
      if (completed.length === 0 || completed.length < startupTrials) return KEEP;
      if (step === undefined || step < warmupSteps) return KEEP;
      if (!isFirstInInterval(step, trial.intermediateValues.keys(), warmupSteps, intervalSteps)) return KEEP;
      const own = best(trial.intermediateValues.values(), direction);
      if (Number.isNaN(own)) return PRUNE;
      const bar = barAt(step, { ...context, trials: completed }, percentile, minTrials);
      return (direction === 'maximize' ? own < bar : own > bar) ? PRUNE : KEEP;
    },
  };
}

/** Keeps the better half (Optuna's `MedianPruner`). */
export function medianPruner(options: PercentileOptions = {}): Pruner {
  return percentilePruner(50, options);
}

/** The percentile of what completed trials reported at a step; NaN, which no value is worse than, when too few did. */
function barAt(step: number, context: PruningContext, percentile: number, minTrials: number): number {
  const values = context.trials.flatMap((other) => other.intermediateValues.get(step) ?? []);
  if (values.length < minTrials) return NaN;
  const real = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return quantile(real, (context.direction === 'maximize' ? 100 - percentile : percentile) / 100);
}

/** Linear interpolation between sorted values, NumPy's default. */
function quantile(sorted: readonly number[], fraction: number): number {
  if (sorted.length === 0) return NaN;
  const place = fraction * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return below === above ? below : below + (above - below) * (place % 1);
}

// Stops a trial whose last value leaves an interval.
import { requireArgument } from '../errors.ts';
import { lastStep } from '../trial-record.ts';
import { KEEP, PRUNE, isFirstInInterval, type Pruner } from './pruner.ts';

export interface ThresholdOptions {
  /** Values below are stopped. */
  readonly lower?: number;
  /** Values above are stopped. */
  readonly upper?: number;
  /** No pruning before this step. Default 0. */
  readonly warmupSteps?: number;
  /** Steps between two decisions. Default 1. */
  readonly intervalSteps?: number;
}

/** Stops trials that report NaN or a value outside [lower, upper] (Optuna's `ThresholdPruner`). */
export function thresholdPruner(options: ThresholdOptions): Pruner {
  const { lower = -Infinity, upper = Infinity, warmupSteps = 0, intervalSteps = 1 } = options;
  requireArgument(options.lower !== undefined || options.upper !== undefined, 'lower or upper must be given');
  requireArgument(lower <= upper, `lower <= upper must hold, but got ${lower} and ${upper}`);
  requireArgument(warmupSteps >= 0, `warmupSteps must not be negative, but got ${warmupSteps}`);
  requireArgument(intervalSteps >= 1, `intervalSteps must be at least 1, but got ${intervalSteps}`);
  return {
    decide({ trial }) {
      const step = lastStep(trial);
      if (step === undefined || step < warmupSteps) return KEEP;
      if (!isFirstInInterval(step, trial.intermediateValues.keys(), warmupSteps, intervalSteps)) return KEEP;
      const value = trial.intermediateValues.get(step)!;
      return value >= lower && value <= upper ? KEEP : PRUNE;
    },
  };
}

// What every pruner does. Pruners are pure: they decide, the trial stores and acts.
import type { Json } from '../python-json.ts';
import type { Direction, FrozenTrial } from '../trial-record.ts';

/** What a pruner may look at. `trial` has reported at least one value. */
export interface PruningContext {
  readonly studyName: string;
  readonly direction: Direction;
  readonly trials: readonly FrozenTrial[];
  readonly trial: FrozenTrial;
}

/** Whether to stop the trial, and system attributes to store with it. */
export interface PruningDecision {
  readonly prune: boolean;
  readonly systemAttrs?: Readonly<Record<string, Json>>;
}

/** Stops unpromising trials early. Matches Optuna's `BasePruner`, with the effects returned instead of performed. */
export interface Pruner {
  decide(context: PruningContext): PruningDecision;
  /** The trials that samplers should learn from for this trial. Default: all. */
  peers?(context: PruningContext): readonly FrozenTrial[];
}

export const KEEP: PruningDecision = { prune: false };
export const PRUNE: PruningDecision = { prune: true };

/** The best of some values; NaN when all are NaN. */
export function best(values: Iterable<number>, direction: Direction): number {
  const real = [...values].filter((value) => !Number.isNaN(value));
  if (real.length === 0) return NaN;
  return direction === 'maximize' ? Math.max(...real) : Math.min(...real);
}

/** Whether `step` is the first reported one in its interval of `intervalSteps` after `warmupSteps`. */
export function isFirstInInterval(
  step: number,
  reported: Iterable<number>,
  warmupSteps: number,
  intervalSteps: number,
): boolean {
  const start = Math.floor((step - warmupSteps) / intervalSteps) * intervalSteps + warmupSteps;
  const before = [...reported].filter((other) => other !== step);
  return Math.max(-1, ...before) < start;
}

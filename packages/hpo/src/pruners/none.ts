// Never stops a trial.
import { KEEP, type Pruner } from './pruner.ts';

/** Lets every trial run to its end (Optuna's `NopPruner`). */
export function noPruner(): Pruner {
  return { decide: () => KEEP };
}

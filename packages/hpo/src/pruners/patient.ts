// Lets a trial stagnate for a while before another pruner may stop it.
import { requireArgument } from '../errors.ts';
import { KEEP, PRUNE, best, type Pruner } from './pruner.ts';

export interface PatientOptions {
  /** Reports without improvement that are tolerated. */
  readonly patience: number;
  /** How much better a value must be to count as an improvement. Default 0. */
  readonly minDelta?: number;
}

/** Asks `inner` only when the last `patience` + 1 reports did not improve; without `inner`, stops then (Optuna's `PatientPruner`). */
export function patientPruner(inner: Pruner | undefined, { patience, minDelta = 0 }: PatientOptions): Pruner {
  requireArgument(patience >= 0, `patience must not be negative, but got ${patience}`);
  requireArgument(minDelta >= 0, `minDelta must not be negative, but got ${minDelta}`);
  return {
    decide(context) {
      const { trial, direction } = context;
      const steps = [...trial.intermediateValues.keys()].sort((a, b) => a - b);
      if (steps.length <= patience + 1) return KEEP;
      const values = steps.map((step) => trial.intermediateValues.get(step)!);
      const before = best(values.slice(0, -patience - 1), direction);
      const after = best(values.slice(-patience - 1), direction);
      const stagnates = direction === 'minimize' ? before + minDelta < after : before - minDelta > after;
      if (!stagnates) return KEEP;
      return inner === undefined ? PRUNE : inner.decide(context);
    },
    ...(inner?.peers && { peers: inner.peers.bind(inner) }),
  };
}

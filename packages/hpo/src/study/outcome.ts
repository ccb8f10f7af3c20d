// What becomes of a trial when it is told: its final state and values.
import { requireArgument } from '../errors.ts';
import { lastStep, type FrozenTrial } from '../trial-record.ts';

export type FinalState = 'COMPLETE' | 'PRUNED' | 'FAIL';

export interface Outcome {
  readonly state: FinalState;
  readonly values?: readonly number[];
}

/**
 * The final state for told values (Optuna's `Study.tell`). Without a state, acceptable values complete the trial and any
 * others fail it. A pruned trial's value is its last report. Throws INVALID_ARGUMENT when state and values do not fit.
 */
export function outcomeOf(
  trial: FrozenTrial,
  objectives: number,
  told: number | readonly number[] | undefined,
  state?: FinalState,
): Outcome {
  const values = told === undefined ? undefined : typeof told === 'number' ? [told] : told;
  const acceptable = values !== undefined && areAcceptable(values, objectives);
  if (state === undefined) return acceptable ? { state: 'COMPLETE', values } : { state: 'FAIL' };
  if (state === 'COMPLETE') {
    requireArgument(
      acceptable,
      `${objectives} values that are not NaN must be told, but got ${String(values)}`,
    );
    return { state, values: values! };
  }
  requireArgument(values === undefined, `no values may be told with state ${state}`);
  const step = state === 'PRUNED' ? lastStep(trial) : undefined;
  const last = step === undefined ? [] : [trial.intermediateValues.get(step)!];
  return areAcceptable(last, objectives) ? { state, values: last } : { state };
}

function areAcceptable(values: readonly unknown[], objectives: number): boolean {
  return (
    values.length === objectives && values.every((value) => typeof value === 'number' && !Number.isNaN(value))
  );
}

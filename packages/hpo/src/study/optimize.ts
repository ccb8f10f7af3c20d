// The loop that runs trials: ask, call the objective, tell.
import { HpoError, requireArgument } from '../errors.ts';
import type { FrozenTrial } from '../trial-record.ts';
import type { Storage } from '../storages/storage.ts';
import type { FinalState } from './outcome.ts';
import { startHeartbeat, type HeartbeatOptions } from './stale.ts';
import { TrialPruned, type Trial } from './trial.ts';

/** Computes a trial's value or values. Throw {@link TrialPruned} to end it early. */
export type Objective = (trial: Trial) => number | readonly number[] | Promise<number | readonly number[]>;

/** What the loop needs of a study. */
export interface Optimizable {
  readonly storage: Storage;
  readonly heartbeat: HeartbeatOptions | undefined;
  readonly isStopped: boolean;
  askWithin(limit: number, options: { sign: boolean }): Promise<Trial | undefined>;
  tell(
    trial: Trial,
    values?: number | readonly number[],
    options?: { state?: FinalState },
  ): Promise<FrozenTrial>;
  failStaleTrials(): Promise<readonly number[]>;
}

type ErrorClass = abstract new (...args: never[]) => Error;

export interface OptimizeOptions<S extends Optimizable> {
  /** Trials that this call runs. Default: no limit. */
  readonly trials?: number;
  /** Trials that the study holds in the end, whoever runs them; retries of failed ones are not counted. Default: no limit. */
  readonly studyTrials?: number;
  /** No trial starts after this time. Default: no limit. */
  readonly timeoutSeconds?: number;
  /** Trials that run at the same time in this process. Default 1. */
  readonly concurrency?: number;
  /** Errors that fail a trial without ending the loop. Any other error fails the trial and is thrown. */
  readonly catch?: readonly ErrorClass[];
  /** Called after each trial, in order. */
  readonly callbacks?: readonly ((study: S, trial: FrozenTrial) => void | Promise<void>)[];
  /** Aborting starts no more trials. */
  readonly signal?: AbortSignal;
}

/** Runs trials of `study`. Rejects with the first error that is not caught, after the running trials have ended. */
export async function optimize<S extends Optimizable>(
  study: S,
  objective: Objective,
  options: OptimizeOptions<S>,
): Promise<void> {
  const { trials = Infinity, timeoutSeconds = Infinity, concurrency = 1, signal } = options;
  requireArgument(concurrency >= 1, `concurrency must be at least 1, but got ${concurrency}`);
  const end = performance.now() + timeoutSeconds * 1000;
  let started = 0;
  let ended = false;
  const mayStart = (): boolean =>
    !ended && !study.isStopped && signal?.aborted !== true && started < trials && performance.now() < end;
  const work = async (): Promise<void> => {
    while (mayStart()) {
      started++;
      try {
        ended = !(await runTrial(study, objective, options)) || ended;
      } catch (error) {
        ended = true;
        throw error;
      }
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: concurrency }, work));
  const failure = workers.find((worker) => worker.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

interface Attempt {
  readonly values?: number | readonly number[];
  readonly state?: FinalState;
  readonly error?: unknown;
}

/** Runs one trial; false when the study has all its trials. */
async function runTrial<S extends Optimizable>(
  study: S,
  objective: Objective,
  options: OptimizeOptions<S>,
): Promise<boolean> {
  await study.failStaleTrials();
  const trial = await study.askWithin(options.studyTrials ?? Infinity, {
    sign: study.heartbeat !== undefined,
  });
  if (trial === undefined) return false;
  const stopHeartbeat = startHeartbeat(study.storage, trial.id, study.heartbeat);
  const attempt = await tryObjective(objective, trial).finally(stopHeartbeat);
  if (isLost(attempt.error)) return true;
  const ended = await tellUnlessLost(study, trial, attempt);
  if (ended === undefined) return true;
  if (attempt.state === 'FAIL' && !(options.catch ?? []).some((kind) => attempt.error instanceof kind))
    throw attempt.error;
  for (const callback of options.callbacks ?? []) await callback(study, ended);
  return true;
}

async function tryObjective(objective: Objective, trial: Trial): Promise<Attempt> {
  try {
    return { values: await objective(trial) };
  } catch (error) {
    return { state: error instanceof TrialPruned ? 'PRUNED' : 'FAIL', error };
  }
}

/** Another worker has ended the trial because this one was silent for too long: its result no longer counts. */
function isLost(error: unknown): boolean {
  return error instanceof HpoError && error.code === 'TRIAL_FINISHED';
}

async function tellUnlessLost(
  study: Optimizable,
  trial: Trial,
  { values, state }: Attempt,
): Promise<FrozenTrial | undefined> {
  try {
    return await study.tell(trial, values, state === undefined ? {} : { state });
  } catch (error) {
    if (isLost(error)) return undefined;
    throw error;
  }
}

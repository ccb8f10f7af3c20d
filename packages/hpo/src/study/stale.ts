// Heartbeats: workers sign that they live; trials of dead ones fail and may be queued again.
import type { Storage } from '../storages/storage.ts';
import type { FrozenTrial, TrialTemplate } from '../trial-record.ts';

export interface HeartbeatOptions {
  /** Seconds between two signs of life. */
  readonly intervalSeconds: number;
  /** Seconds of silence after which a trial counts as dead. Default: twice the interval. */
  readonly graceSeconds?: number;
  /**
   * Seconds after which a trial that was never signed counts as dead too: its worker may have died before its first
   * sign. For studies whose workers all sign. Default: never, as in Optuna.
   */
  readonly unsignedSeconds?: number;
  /** Queue a dead trial's parameters again, at most `max` times (default: without limit). Default: do not. */
  readonly retry?: { readonly max?: number; readonly inheritIntermediateValues?: boolean };
}

/** Signs for a trial, whose first heartbeat is recorded, on every interval until the returned function is called. */
export function startHeartbeat(storage: Storage, trialId: number, options?: HeartbeatOptions): () => void {
  const { heartbeats } = storage;
  if (options === undefined || heartbeats === undefined) return () => undefined;
  const beat = (): void => {
    // A sign that fails is not an end: the next may succeed, and the grace period covers a few.
    heartbeats.record(trialId).catch(() => undefined);
  };
  const timer = setInterval(beat, options.intervalSeconds * 1000);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

/** Fails the study's dead trials and queues their retries. Gives the numbers of the trials that this call failed. */
export async function failStale(
  storage: Storage,
  studyId: number,
  options: HeartbeatOptions,
): Promise<number[]> {
  const grace = options.graceSeconds ?? 2 * options.intervalSeconds;
  const failed: number[] = [];
  for (const id of (await storage.heartbeats?.stale(studyId, grace, options.unsignedSeconds)) ?? []) {
    const trial = (await storage.trials(studyId)).find((other) => other.id === id);
    if (trial === undefined) continue;
    if (await storage.failTrial(id, options.retry && retryOf(trial, options.retry)))
      failed.push(trial.number);
  }
  return failed;
}

/** A waiting copy of a failed trial, as Optuna's `RetryHeartbeatStaleTrialCallback` makes it; undefined past the limit. */
export function retryOf(
  trial: FrozenTrial,
  limits: NonNullable<HeartbeatOptions['retry']>,
): TrialTemplate | undefined {
  const before = trial.systemAttrs['retry_history'];
  const history = [...(Array.isArray(before) ? (before as number[]) : []), trial.number];
  if (limits.max !== undefined && history.length > limits.max) return undefined;
  const { params, distributions, userAttrs } = trial;
  const systemAttrs = { failed_trial: trial.number, ...trial.systemAttrs, retry_history: history };
  const intermediateValues = limits.inheritIntermediateValues
    ? trial.intermediateValues
    : new Map<number, number>();
  return { state: 'WAITING', params, distributions, userAttrs, systemAttrs, intermediateValues };
}

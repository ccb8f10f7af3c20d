// Who runs a trial, written with it, so that a worker's death can be noticed at once where it can be known.
import { hostname } from 'node:os';
import type { FrozenTrial, Json } from '@spatter/hpo';
import { isRunning } from '../util/atomic.ts';

export interface WorkerIdentity {
  readonly host: string;
  readonly pid: number;
  /** Index of this process in a Kubernetes Indexed Job, or null. */
  readonly index: number | null;
}

/** The attribute of a trial that holds who runs it. */
export const WORKER = 'worker';

/** @param completionIndex `JOB_COMPLETION_INDEX` of an Indexed Job's pod, which nothing else has. */
export function workerIdentity(completionIndex: string | undefined): WorkerIdentity {
  const isIndex = completionIndex !== undefined && /^\d+$/.test(completionIndex);
  return { host: hostname(), pid: process.pid, index: isIndex ? Number(completionIndex) : null };
}

/** `trial` is its number: a trial that is tried again begins with all that the first try has written, and is not yet signed. */
export const identityAttr = ({ host, pid, index }: WorkerIdentity, trial: number): Json => ({
  host,
  pid,
  index,
  trial,
});

/**
 * Whether the worker of a running trial certainly no longer works on it: it had this process's own place (the same index
 * of a job, or the same process number, which a restarted container gets again), or its process is gone from this machine.
 * @param ours trials that this process runs.
 */
export function isAbandoned(trial: FrozenTrial, me: WorkerIdentity, ours: ReadonlySet<number>): boolean {
  const worker = trial.userAttrs[WORKER] as (WorkerIdentity & { readonly trial?: number }) | undefined;
  if (trial.state !== 'RUNNING' || worker?.trial !== trial.number || ours.has(trial.number)) return false;
  if (me.index !== null && worker.index === me.index) return true;
  return worker.host === me.host && (worker.pid === me.pid || !isRunning(worker.pid));
}

// Tracking of runs: one interface, several places to keep them.
import { resolve } from 'node:path';
import { openStore, type OpenStoreOptions } from './open.ts';
import { newId } from './run-id.ts';
import type { TrackingStore } from './store.ts';
import { Tracker, type TrackerOptions } from './tracker.ts';

export { runSurroundings } from './surroundings.ts';
export { syncSpool } from './spool/sync.ts';
export { openStore };
export { serverAccess } from './mlflow/server-access.ts';
export type { DatasetInput, MetricPoint, RunQuery, RunRecord, RunStatus, TrackingStore } from './store.ts';
export { Tracker, type ParamValue, type RunStart, type TrackedRun } from './tracker.ts';

/** Where runs wait for a server that is away, in the working directory. */
export const DEFAULT_SPOOL = 'mlflow-spool';

export interface OpenTrackerOptions extends OpenStoreOptions, Omit<TrackerOptions, 'newId'> {
  /** Where runs wait for a server; default {@link DEFAULT_SPOOL}. */
  readonly spool?: string;
}

/**
 * Opens a tracker on the store at `uri`, or one that logs nowhere when `uri` is null. Never throws: a store that cannot be
 * opened is reported to `onTrouble`, and nothing is logged.
 *
 * @example A sweep with its trials, in any process that knows the sweep's id:
 *   const tracker = await openTracker('sqlite:///mlflow.db', { now: Date.now, onTrouble: warn });
 *   const sweep = tracker.startRun({ experiment: 'lr', name: 'tpe' });
 *   const trial = tracker.startRun({ experiment: 'lr', name: 'trial 0', parent: sweep.id });
 *   trial.logParams({ 'training.optimizer.lr': 0.01 });
 *   trial.logMetrics({ val_accuracy: 0.9 }, 1);
 *   await trial.end('FINISHED');
 *   await sweep.end('FINISHED');
 *   await tracker.close();
 */
export async function openTracker(uri: string | null, options: OpenTrackerOptions): Promise<Tracker> {
  const { onTrouble } = options;
  try {
    return new Tracker(uri === null ? null : await openForRuns(uri, options), { ...options, newId });
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    onTrouble(`tracking: ${what} (the work itself goes on)`);
    return new Tracker(null, { ...options, newId });
  }
}

/** Runs reach a server by way of a spool. */
async function openForRuns(uri: string, options: OpenTrackerOptions): Promise<TrackingStore> {
  const store = await openStore(uri, options);
  if (!/^https?:/.test(uri)) return store;
  const { RelayStore } = await import('./spool/relay-store.ts');
  return new RelayStore(resolve(options.spool ?? DEFAULT_SPOOL), store, options.onTrouble);
}

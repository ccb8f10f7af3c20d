// Tracking of runs: one interface, several places to keep them.
import { openStore } from './open.ts';
import { newId } from './run-id.ts';
import { Tracker, type TrackerOptions } from './tracker.ts';

export { runSurroundings } from './surroundings.ts';
export { openStore };
export type { DatasetInput, MetricPoint, RunQuery, RunRecord, RunStatus, TrackingStore } from './store.ts';
export { Tracker, type ParamValue, type RunStart, type TrackedRun } from './tracker.ts';

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
export async function openTracker(
  uri: string | null,
  options: Omit<TrackerOptions, 'newId'>,
): Promise<Tracker> {
  try {
    return new Tracker(uri === null ? null : await openStore(uri, options), { ...options, newId });
  } catch (error) {
    const failed = new Tracker(null, { ...options, newId });
    options.onTrouble(
      `tracking: ${error instanceof Error ? error.message : String(error)} (the work itself goes on)`,
    );
    return failed;
  }
}

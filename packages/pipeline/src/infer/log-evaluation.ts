// Logs the evaluation or the export of a run to its tracked run.
import { join } from 'node:path';
import type { TrackedRun } from '../tracking/index.ts';
import type { RunDirectory } from '../train/run-directory.ts';
import { trackedIn, type Tracking } from '../train/tracked-run.ts';

/** Logs figures, the words among them as tags, and the pictures and tables of `evaluation/`. Does nothing for a run that was never tracked. */
export async function logEvaluation(
  tracking: Tracking,
  run: RunDirectory,
  summary: Readonly<Record<string, unknown>>,
): Promise<void> {
  await withTrackedRun(tracking, run, (tracked) => {
    const values = Object.entries(summary);
    const figures = values.filter((entry): entry is [string, number] => typeof entry[1] === 'number');
    tracked.logMetrics(Object.fromEntries(figures), 0);
    const words = values.filter(([key, value]) => typeof value === 'string' && key !== 'run_dir');
    tracked.setTags(Object.fromEntries(words.map(([key, value]) => [`evaluation.${key}`, String(value)])));
    tracked.logArtifacts(join(run.path, 'evaluation'), 'evaluation');
  });
}

/** Logs the folder of an exported model as the artifact `model`. */
export async function logExport(tracking: Tracking, run: RunDirectory, folder: string): Promise<void> {
  await withTrackedRun(tracking, run, (tracked) => tracked.logArtifacts(folder, 'model'));
}

async function withTrackedRun(
  { tracker }: Tracking,
  run: RunDirectory,
  log: (tracked: TrackedRun) => void,
): Promise<void> {
  const known = trackedIn(run.path);
  const tracked = known === null ? null : await tracker.continueRun(known.run_id);
  if (tracked === null) return;
  log(tracked);
  await tracked.flush();
}

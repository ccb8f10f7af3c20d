// The tracking of a command: which store, from the run, the config and the environment as MLflow names it.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { openTracker, runSurroundings, serverAccess } from '../tracking/index.ts';
import type { RunDirectory } from '../train/run-directory.ts';
import { trackedIn, type Tracking } from '../train/tracked-run.ts';

/** Where MLflow itself keeps runs when nobody says otherwise. */
const DEFAULT_URI = 'sqlite:///mlflow.db';

/** Runs `work` with the tracking of `run`, and closes the store after it. `source` is the command, such as `spatter train`. */
export async function withTracking<T>(
  run: RunDirectory,
  source: string,
  work: (tracking: Tracking) => Promise<T>,
): Promise<T> {
  const tracker = await openTracker(storeOf(run), {
    now: Date.now,
    onTrouble: warn,
    access: () => serverAccess(process.env, homedir()),
  });
  const experiment = process.env['MLFLOW_EXPERIMENT_NAME'];
  const tags = tracker.address === null ? {} : runSurroundings(source);
  try {
    return await work({ tracker, tags, ...(experiment === undefined ? {} : { experiment }) });
  } finally {
    await tracker.close();
  }
}

/** Where the run already is tracked, while that is there; else as the config, the environment or MLflow's default say. */
function storeOf({ path, config: { tracking } }: RunDirectory): string | null {
  if (!tracking.enabled) return null;
  const recorded = trackedIn(path)?.uri;
  const file = recorded?.replace(/^sqlite:\/\/\//, '');
  if (recorded !== undefined && (file === recorded || existsSync(file!))) return recorded;
  return trackingUri(tracking.uri);
}

/** The store that commands use: `uri` where given, else MLFLOW_TRACKING_URI, else `mlflow.db` in the working directory. */
export function trackingUri(uri: string | null): string {
  return uri ?? (process.env['MLFLOW_TRACKING_URI'] || DEFAULT_URI);
}

const warn = (line: string): void => void process.stderr.write(`spatter: ${line}\n`);

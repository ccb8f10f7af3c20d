// The tracking of a command: which store, from the run, the config and the environment as MLflow names it.
import { existsSync } from 'node:fs';
import { openTracker, runSurroundings, type ServerAccess } from '../tracking/index.ts';
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
    access: serverAccess(),
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

/** What the environment says about a server, in the names of MLflow's own client. */
export function serverAccess(): ServerAccess {
  const { env } = process;
  return {
    username: env['MLFLOW_TRACKING_USERNAME'],
    password: env['MLFLOW_TRACKING_PASSWORD'],
    token: env['MLFLOW_TRACKING_TOKEN'],
    insecureTls: /^(true|1)$/i.test(env['MLFLOW_TRACKING_INSECURE_TLS'] ?? ''),
    certificate: env['MLFLOW_TRACKING_SERVER_CERT_PATH'],
  };
}

const warn = (line: string): void => void process.stderr.write(`spatter: ${line}\n`);

// Stores by their address, as MLflow writes it.
import { existsSync } from 'node:fs';
import { SpatterError } from '../util/errors.ts';
import type { ServerAccess } from './mlflow/connection.ts';
import type { TrackingStore } from './store.ts';

export interface OpenStoreOptions {
  /** Milliseconds since 1970; the age of what has to be made. */
  readonly now: () => number;
  /** Says how to reach a server; asked when one is opened. */
  readonly access?: () => ServerAccess;
  /** Refuses to make a database that is missing. */
  readonly mustExist?: boolean;
}

type Opener = (address: string, options: OpenStoreOptions) => Promise<TrackingStore>;

const openFile =
  (prefix: string): Opener =>
  async (address, { now, mustExist = false }) => {
    const path = address.slice(prefix.length);
    if (mustExist && !existsSync(path))
      throw new SpatterError(
        'FILE_NOT_FOUND',
        `there is no tracking database ${path}`,
        'name another with --uri, or train first',
      );
    const { openLocalStore } = await import('./local/local-store.ts');
    return openLocalStore(path, now());
  };

const openServer: Opener = async (address, { access }) => {
  const { openMlflowStore } = await import('./mlflow/mlflow-store.ts');
  return openMlflowStore(address, access?.());
};

const openSpool: Opener = async (address) => {
  const { openSpoolStore } = await import('./spool/spool-store.ts');
  return openSpoolStore(address.slice('spool:'.length));
};

/** The catalogue: what an address starts or ends with, and what opens it. */
const OPENERS: readonly (readonly [RegExp, Opener])[] = [
  [/^sqlite:\/\/\/./, openFile('sqlite:///')],
  [/^https?:\/\/./, openServer],
  [/^spool:./, openSpool],
  [/^[^:]+\.db$/, openFile('')],
];

/**
 * Opens `sqlite:///mlflow.db` (in the working directory; four slashes for a path from the root), `http://HOST:PORT` or
 * `spool:FOLDER`.
 * @throws {SpatterError} TRACKING_REFUSED for another address or a file that is no tracking database.
 */
export async function openStore(address: string, options: OpenStoreOptions): Promise<TrackingStore> {
  const open = OPENERS.find(([pattern]) => pattern.test(address))?.[1];
  if (open !== undefined) return open(address, options);
  const message = `tracking.uri must be sqlite:///FILE.db, http://HOST:PORT or spool:FOLDER, got ${address}`;
  throw new SpatterError('TRACKING_REFUSED', message, 'correct the address');
}

// Stores by their address, as MLflow writes it.
import { SpatterError } from '../util/errors.ts';
import type { TrackingStore } from './store.ts';

export interface OpenStoreOptions {
  /** Milliseconds since 1970; the age of what has to be made. */
  readonly now: () => number;
}

type Opener = (address: string, options: OpenStoreOptions) => Promise<TrackingStore>;

const openFile =
  (prefix: string): Opener =>
  async (address, { now }) => {
    const { openLocalStore } = await import('./local/local-store.ts');
    return openLocalStore(address.slice(prefix.length), now());
  };

/** The catalogue: what an address starts or ends with, and what opens it. */
const OPENERS: readonly (readonly [RegExp, Opener])[] = [
  [/^sqlite:\/\/\/./, openFile('sqlite:///')],
  [/^[^:]+\.db$/, openFile('')],
];

/**
 * Opens `sqlite:///mlflow.db` (in the working directory; four slashes for a path from the root).
 * @throws {SpatterError} TRACKING_REFUSED for another address or a file that is no tracking database.
 */
export async function openStore(address: string, options: OpenStoreOptions): Promise<TrackingStore> {
  const open = OPENERS.find(([pattern]) => pattern.test(address))?.[1];
  if (open !== undefined) return open(address, options);
  const message = `tracking.uri must be sqlite:///FILE.db, got ${address}`;
  throw new SpatterError('TRACKING_REFUSED', message, 'correct the address');
}

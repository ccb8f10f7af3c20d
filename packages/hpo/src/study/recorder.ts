// Writes a running trial's changes in order, several at a time, so that suggesting a value need not wait for the disk.
import type { Storage, TrialUpdate } from '../storages/storage.ts';

/** Queues changes of one trial. They are written, merged into one update, when the caller next waits for anything but promises. */
export class TrialRecorder {
  readonly #storage: Storage;
  readonly #trialId: number;
  #pending: TrialUpdate | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(storage: Storage, trialId: number) {
    this.#storage = storage;
    this.#trialId = trialId;
  }

  record(update: TrialUpdate): void {
    if (this.#pending === undefined) setImmediate(() => void this.#drain());
    this.#pending = this.#pending === undefined ? update : merged(this.#pending, update);
  }

  /** Resolves when all is stored; rejects with the first failure, also on every later call. */
  async flush(): Promise<void> {
    await this.#drain();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #drain(): Promise<void> {
    if (this.#pending !== undefined) this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const update = this.#pending;
    this.#pending = undefined;
    if (update === undefined || this.#failure !== undefined) return;
    try {
      await this.#storage.updateTrial(this.#trialId, update);
    } catch (error) {
      this.#failure = { error };
    }
  }
}

function merged(a: TrialUpdate, b: TrialUpdate): TrialUpdate {
  return {
    ...a,
    ...b,
    params: { ...a.params, ...b.params },
    userAttrs: { ...a.userAttrs, ...b.userAttrs },
    systemAttrs: { ...a.systemAttrs, ...b.systemAttrs },
    intermediateValues: new Map([...(a.intermediateValues ?? []), ...(b.intermediateValues ?? [])]),
  };
}

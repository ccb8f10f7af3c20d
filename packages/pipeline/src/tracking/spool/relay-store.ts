// What training logs to a server through: everything is spooled first and sent beside the work, so a server that is away delays nothing.
import { SpatterError } from '../../util/errors.ts';
import type {
  Batch,
  DatasetInput,
  MetricPoint,
  NewRun,
  RunQuery,
  RunRecord,
  RunStatus,
  TrackingStore,
} from '../store.ts';
import { SpoolStore } from './spool-store.ts';
import { removeIfEmpty, syncRun, type Synced } from './sync.ts';

/** Pause before a server that did not answer is asked again: from, to, in milliseconds. */
const PAUSE = { first: 1000, longest: 60_000 };

/** Writes to the spool in `folder` and sends from there to `server`. Reads ask the server. */
export class RelayStore implements TrackingStore {
  readonly address: string;
  readonly #spool: SpoolStore;
  readonly #server: TrackingStore;
  readonly #onTrouble: (line: string) => void;
  /** Runs of which something waits. */
  readonly #runs = new Set<string>();
  /** Every run logged here. */
  readonly #logged = new Set<string>();
  readonly #total: Synced = { runs: 0, entries: 0, refused: [], busy: 0 };
  #sending: Promise<void> | null = null;
  #pause = PAUSE.first;
  #waitUntil = 0;
  #said = false;

  constructor(folder: string, server: TrackingStore, onTrouble: (line: string) => void) {
    this.#spool = new SpoolStore(folder);
    this.#server = server;
    this.#onTrouble = onTrouble;
    this.address = server.address;
  }

  createRun(run: NewRun): Promise<void> {
    return this.#written(run.id, this.#spool.createRun(run));
  }

  logBatch(run: string, batch: Batch): Promise<void> {
    return this.#written(run, this.#spool.logBatch(run, batch));
  }

  logDataset(run: string, dataset: DatasetInput): Promise<void> {
    return this.#written(run, this.#spool.logDataset(run, dataset));
  }

  logArtifact(run: string, path: string, name: string): Promise<void> {
    return this.#written(run, this.#spool.logArtifact(run, path, name));
  }

  updateRun(run: string, status: RunStatus, endTime: number | null): Promise<void> {
    return this.#written(run, this.#spool.updateRun(run, status, endTime));
  }

  /** While the server is away a run counts as there: what is logged of it waits. */
  async run(id: string): Promise<RunRecord | undefined> {
    try {
      await this.#sending;
      return (await this.#server.run(id)) ?? (await this.#spool.run(id));
    } catch (error) {
      this.#away(error);
      return (await this.#spool.run(id)) ?? unknownRun(id);
    }
  }

  runs(query: RunQuery): Promise<RunRecord[]> {
    return this.#server.runs(query);
  }

  history(run: string, key: string): Promise<MetricPoint[]> {
    return this.#server.history(run, key);
  }

  artifacts(run: string): Promise<string[]> {
    return this.#server.artifacts(run);
  }

  readArtifact(run: string, name: string): Promise<Buffer> {
    return this.#server.readArtifact(run, name);
  }

  /** Sends what still waits, unless the server is away. */
  async close(): Promise<void> {
    await this.#sending;
    for (const run of this.#logged) this.#runs.add(run);
    await this.#send();
    removeIfEmpty(this.#spool.folder);
    if (this.#total.refused.length > 0) this.#onTrouble(`tracking: not accepted: ${this.#total.refused[0]!}`);
    await this.#server.close();
  }

  async #written(run: string, work: Promise<void>): Promise<void> {
    await work;
    this.#runs.add(run);
    this.#logged.add(run);
    if (this.#sending !== null || performance.now() < this.#waitUntil) return;
    this.#sending = this.#send().finally(() => (this.#sending = null));
  }

  async #send(): Promise<void> {
    try {
      while (this.#runs.size > 0) {
        const [run] = this.#runs as Iterable<string>;
        this.#runs.delete(run!);
        try {
          await syncRun(this.#spool.journal(run!), this.#server, this.#total, true);
        } catch (error) {
          this.#runs.add(run!);
          throw error;
        }
      }
      this.#pause = PAUSE.first;
    } catch (error) {
      this.#away(error);
    }
  }

  #away(error: unknown): void {
    this.#waitUntil = performance.now() + this.#pause;
    this.#pause = Math.min(2 * this.#pause, PAUSE.longest);
    if (this.#said) return;
    this.#said = true;
    const what = error instanceof SpatterError ? error.message : String(error);
    this.#onTrouble(
      `tracking: ${what}; runs wait in ${this.#spool.folder}, send them later with: spatter tracking sync --uri ${this.address} --spool ${this.#spool.folder}`,
    );
  }
}

const unknownRun = (id: string): RunRecord => ({
  id,
  experiment: '',
  name: '',
  status: 'RUNNING',
  startTime: 0,
  endTime: null,
  parent: null,
  params: {},
  tags: {},
  metrics: {},
  datasets: [],
});

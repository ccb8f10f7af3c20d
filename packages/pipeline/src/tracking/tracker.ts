// The tracker: what training, sweeps and evaluation log through. Never throws, never blocks a step, warns once when a store fails.
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SpatterError } from '../util/errors.ts';
import type { DatasetInput, MetricPoint, RunStatus, TrackingStore } from './store.ts';

/** A run to begin. */
export interface RunStart {
  readonly experiment: string;
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Id of the run that this one is a part of, such as the sweep of a trial. */
  readonly parent?: string;
}

/** Values of params: `null` is written `null`, lists and maps as JSON. */
export type ParamValue =
  string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>;

/**
 * A run being logged. The methods return at once and never throw; what they log is written in their order, metrics in
 * batches. Wait for `end` or `flush` before the process ends.
 */
export interface TrackedRun {
  /** 32 hexadecimal digits; MLflow's run id in a local store. */
  readonly id: string;
  logParams(params: Readonly<Record<string, ParamValue>>): void;
  /** Logs values of one step. */
  logMetrics(values: Readonly<Record<string, number>>, step: number): void;
  setTags(tags: Readonly<Record<string, string>>): void;
  logDataset(dataset: DatasetInput): void;
  /** Logs a file, or every file of a folder, as `folder/<name>`; a path that does not exist is passed over. */
  logArtifacts(path: string, folder?: string): void;
  /** Writes what is waiting. */
  flush(): Promise<void>;
  /** Sets the last state of the run and writes everything. More may be logged afterwards. */
  end(status: Exclude<RunStatus, 'RUNNING'>): Promise<void>;
}

export interface TrackerOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Makes 32 hexadecimal digits that no other run has. */
  readonly newId: () => string;
  /** Gets one line, once, when something could not be logged. */
  readonly onTrouble: (line: string) => void;
}

/** Most points that wait, and the longest they do, in milliseconds. */
const WAITING = { points: 500, time: 2000 };

type Work = (store: TrackingStore) => Promise<void>;

/** Logs runs to `store`; with null it logs nowhere, at no cost. */
export class Tracker {
  readonly #store: TrackingStore | null;
  readonly #options: TrackerOptions;
  #queue: Promise<void> = Promise.resolve();
  readonly #runs: QueuedRun[] = [];
  #warned = false;
  #gone = false;

  constructor(store: TrackingStore | null, options: TrackerOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Where runs go, for people; null when they go nowhere. */
  get address(): string | null {
    return this.#store?.address ?? null;
  }

  startRun({ experiment, name, tags = {}, parent }: RunStart): TrackedRun {
    const id = this.#options.newId();
    const startTime = this.#options.now();
    const part = parent === undefined ? {} : { parent };
    void this.#do((store) => store.createRun({ id, experiment, name, startTime, tags, ...part }));
    return this.#run(id, new Map());
  }

  /**
   * Goes on logging a run that was started before; null when the store has no such run. `status` RUNNING marks it as under
   * way again, and passes over points of steps that a metric already has: a training resumed from an older checkpoint logs
   * no step twice.
   */
  async continueRun(id: string, status?: 'RUNNING'): Promise<TrackedRun | null> {
    const steps = new Map<string, number>();
    const found = { missing: false };
    await this.#do(async (store) => {
      const known = await store.run(id);
      found.missing = known === undefined;
      if (status === undefined || known === undefined) return;
      for (const { key, step } of Object.values(known.metrics)) steps.set(key, step);
      await store.updateRun(id, status, null);
    });
    return found.missing ? null : this.#run(id, steps);
  }

  /** Writes what is waiting and closes the store. */
  async close(): Promise<void> {
    for (const run of this.#runs) void run.flush();
    await this.#queue;
    this.#gone = false;
    await this.#do((store) => store.close());
  }

  #run(id: string, known: ReadonlyMap<string, number>): TrackedRun {
    const run = new QueuedRun(id, known, this.#options.now, (work) => this.#do(work));
    this.#runs.push(run);
    return run;
  }

  /** One thing after the other; after a store went away, nothing more. Resolves when all is done so far. */
  #do(work: Work): Promise<void> {
    const store = this.#store;
    if (store === null) return this.#queue;
    this.#queue = this.#queue
      .then(() => (this.#gone ? undefined : work(store)))
      .catch((error: unknown) => this.#trouble(error));
    return this.#queue;
  }

  #trouble(error: unknown): void {
    const explained = error instanceof SpatterError ? error : undefined;
    if (explained?.code !== 'TRACKING_REFUSED') this.#gone = true;
    if (this.#warned) return;
    this.#warned = true;
    const what = explained === undefined ? String(error) : `${explained.message}; ${explained.hint}`;
    this.#options.onTrouble(`tracking: ${what} (the work itself goes on)`);
  }
}

/** A run whose metrics wait for each other and whose work goes through the tracker's queue. */
class QueuedRun implements TrackedRun {
  readonly id: string;
  readonly #known: ReadonlyMap<string, number>;
  readonly #now: () => number;
  readonly #enqueue: (work: Work) => Promise<void>;
  #waiting: MetricPoint[] = [];
  #flushed: number;

  /** @param known the last step that each metric already has. */
  constructor(
    id: string,
    known: ReadonlyMap<string, number>,
    now: () => number,
    enqueue: (work: Work) => Promise<void>,
  ) {
    this.id = id;
    this.#known = known;
    this.#now = now;
    this.#enqueue = enqueue;
    this.#flushed = now();
  }

  logMetrics(values: Readonly<Record<string, number>>, step: number): void {
    const time = this.#now();
    for (const [key, value] of Object.entries(values))
      if (step > (this.#known.get(key) ?? -Infinity)) this.#waiting.push({ key, value, step, time });
    if (this.#waiting.length >= WAITING.points || time - this.#flushed >= WAITING.time) void this.flush();
  }

  logParams(params: Readonly<Record<string, ParamValue>>): void {
    void this.#inOrder((store) => store.logBatch(this.id, { params: texts(params) }));
  }

  setTags(tags: Readonly<Record<string, string>>): void {
    void this.#inOrder((store) => store.logBatch(this.id, { tags }));
  }

  logDataset(dataset: DatasetInput): void {
    void this.#inOrder((store) => store.logDataset(this.id, dataset));
  }

  logArtifacts(path: string, folder = ''): void {
    void this.#inOrder((store) => logFiles(store, this.id, path, folder));
  }

  flush(): Promise<void> {
    const metrics = this.#waiting;
    [this.#waiting, this.#flushed] = [[], this.#now()];
    return this.#enqueue(async (store) => {
      if (metrics.length > 0) await store.logBatch(this.id, { metrics });
    });
  }

  end(status: Exclude<RunStatus, 'RUNNING'>): Promise<void> {
    const time = this.#now();
    return this.#inOrder((store) => store.updateRun(this.id, status, time));
  }

  #inOrder(work: Work): Promise<void> {
    void this.flush();
    return this.#enqueue(work);
  }
}

/** Params as the texts that are stored. */
function texts(params: Readonly<Record<string, ParamValue>>): Record<string, string> {
  const text = (value: ParamValue) => (typeof value === 'string' ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [key, text(value)]));
}

async function logFiles(store: TrackingStore, run: string, path: string, folder: string): Promise<void> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (found.isFile()) {
    await store.logArtifact(run, path, joined(folder, basename(path)));
    return;
  }
  for (const { name } of readdirSync(path, { withFileTypes: true })) {
    const inside = join(path, name);
    const under = statSync(inside).isDirectory() ? joined(folder, name) : folder;
    await logFiles(store, run, inside, under);
  }
}

const joined = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

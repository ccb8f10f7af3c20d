// Runs video jobs one after another, each in its own process, and keeps the store true to what happened.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import { isOpen, type Job, type JobStore } from './job-store.ts';

export interface JobProgress {
  readonly frames: number;
  readonly of: number | null;
}

export interface JobOutcome {
  readonly verdict: Record<string, unknown>;
  /** Names of the files in the job's folder, by what they are. */
  readonly files: Record<string, string>;
}

/** A failure that the user of a job can act on. */
export class JobFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'JobFailure';
    this.code = code;
  }
}

/** Judges the video of a job. Rejects with a {@link JobFailure}, or with the signal's reason when that is aborted. */
export type RunJob = (
  job: { readonly video: string; readonly name: string; readonly out: string },
  onProgress: (progress: JobProgress) => void,
  signal: AbortSignal,
) => Promise<JobOutcome>;

export interface QueueOptions {
  readonly store: JobStore;
  readonly run: RunJob;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly jobMs: number;
  readonly jobsKept: number;
}

const NO_PROGRESS: JobProgress = { frames: 0, of: null };

export class JobQueue {
  readonly #options: QueueOptions;
  readonly #progress = new Map<string, JobProgress>();
  #running: { readonly id: string; readonly abort: AbortController; readonly done: Promise<void> } | null =
    null;
  #closed = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Jobs waiting or running. */
  get open(): number {
    return this.#options.store.list().filter(isOpen).length;
  }

  progressOf(id: string): JobProgress {
    return this.#progress.get(id) ?? NO_PROGRESS;
  }

  /** Starts the next waiting job unless one runs. Call after adding one. */
  start(): void {
    if (this.#closed || this.#running !== null) return;
    const job = this.#options.store.list().find(({ state }) => state === 'queued');
    if (job === undefined) return;
    const abort = new AbortController();
    this.#running = { id: job.id, abort, done: this.#work(job, abort.signal) };
  }

  /** Stops a waiting or running job; its files go, its record stays. */
  async cancel(id: string): Promise<void> {
    const { store } = this.#options;
    const job = store.get(id);
    if (job === undefined || !isOpen(job)) return;
    this.#finish(job, { state: 'cancelled' });
    if (this.#running?.id !== id) return;
    this.#running.abort.abort(new Error('cancelled'));
    await this.#running.done;
  }

  /** Stops the running job, which begins anew when a server opens the store again. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#running?.abort.abort(new Error('the server stops'));
    await this.#running?.done;
  }

  async #work(job: Job, signal: AbortSignal): Promise<void> {
    const { store, log, now, jobMs } = this.#options;
    const running: Job = { ...job, state: 'running', started_at: new Date(now()).toISOString() };
    store.save(running);
    log.info('job started', { job: job.id });
    try {
      const both = AbortSignal.any([signal, AbortSignal.timeout(jobMs)]);
      const outcome = await this.#run(job, both);
      if (!signal.aborted) this.#finish(running, { state: 'done', ...outcome });
    } catch (error) {
      if (!signal.aborted) this.#finish(running, { state: 'failed', problem: this.#problemOf(error) });
    }
    this.#running = null;
    this.start();
  }

  #run({ id, video }: Job, signal: AbortSignal): Promise<JobOutcome> {
    const { store, run } = this.#options;
    const onProgress = (progress: JobProgress) => this.#progress.set(id, progress);
    return run({ video: store.videoPath(id), name: video, out: store.pathOf(id) }, onProgress, signal);
  }

  #problemOf(error: unknown): { code: string; detail: string } {
    if (error instanceof JobFailure) return { code: error.code, detail: error.message };
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      return { code: 'TIMEOUT', detail: `the work may take ${this.#options.jobMs / 1000} s` };
    }
    this.#options.log.error('job failed unexpectedly', { error: String(error) });
    return { code: 'UNEXPECTED', detail: 'a fault of the server; its log has the details' };
  }

  #finish(job: Job, change: Partial<Job>): void {
    const { store, log, now } = this.#options;
    store.save({ ...job, ...change, finished_at: new Date(now()).toISOString() });
    rmSync(store.videoPath(job.id), { force: true });
    log.info('job finished', { job: job.id, state: change.state, problem: change.problem });
    this.#forgetOldest();
  }

  #forgetOldest(): void {
    const { store, jobsKept } = this.#options;
    const finished = store.list().filter((job) => !isOpen(job));
    for (const { id } of finished.slice(0, Math.max(0, finished.length - jobsKept))) {
      store.remove(id);
      this.#progress.delete(id);
    }
  }
}

/** Path of the file `name` of a finished job, or undefined. */
export function jobFile(store: JobStore, job: Job, name: string): string | undefined {
  const file = Object.hasOwn(job.files, name) ? job.files[name] : undefined;
  return file === undefined ? undefined : join(store.pathOf(job.id), file);
}

// Many videos over the cores: one thread takes the next video as soon as it is done with one. A failing video stops none of the others.
import { Worker } from 'node:worker_threads';
import { SpatterError, type ErrorCode } from '../util/errors.ts';
import { silentProgress, type Progress, type ProgressFactory } from '../util/progress.ts';
import { workerUrl } from '../util/worker.ts';
import { extractToFiles, type ExtractSummary } from './extract-files.ts';
import type { ExtractOptions } from './extract-options.ts';

/** One video, the folder of its files, and how. Each video of a list writes files of its own. */
export interface ExtractJob {
  readonly video: string;
  readonly folder: string;
  readonly options: Omit<ExtractOptions, 'progress' | 'threads'>;
}

/** What became of a job. */
export type Outcome =
  | { readonly video: string; readonly summary: ExtractSummary }
  | { readonly video: string; readonly error: Error };

/** What a thread tells its owner. */
export type ExtractMessage =
  | { readonly kind: 'open'; readonly frames: number }
  | { readonly kind: 'frames'; readonly done: number }
  | { readonly kind: 'done'; readonly summary: ExtractSummary }
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode | null;
      readonly message: string;
      readonly hint: string;
    };

export interface ManyOptions {
  /** Videos at once. The files do not depend on it. */
  readonly workers: number;
  /** Processors of the machine; shared out as decoding threads. */
  readonly processors: number;
  readonly progress?: ProgressFactory;
  /** Told of each outcome as it comes. */
  readonly ended?: (outcome: Outcome) => void;
}

/** Extracts `jobs`; outcomes in the order of the jobs. Never rejects: failures are outcomes. */
export async function extractMany(jobs: readonly ExtractJob[], options: ManyOptions): Promise<Outcome[]> {
  const outcomes = new Array<Outcome>(jobs.length);
  const count = Math.max(1, Math.min(options.workers, jobs.length));
  const end = (index: number, outcome: Outcome): void => {
    outcomes[index] = outcome;
    options.ended?.(outcome);
  };
  if (count === 1) {
    for (const [i, job] of jobs.entries()) end(i, await extractHere(job, options.progress));
    return outcomes;
  }
  const queue = [...jobs.entries()];
  const threads = Math.max(1, Math.floor(options.processors / count));
  const totals = new Totals((options.progress ?? silentProgress)('extract', 0, 'frames'), jobs.length);
  const work = async (): Promise<void> => {
    const crew = new Crew(threads, totals);
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      end(next[0], await crew.extract(next[1]));
      totals.ended();
    }
    await crew.leave();
  };
  await Promise.all(Array.from({ length: count }, work));
  totals.stop();
  return outcomes;
}

async function extractHere(job: ExtractJob, progress: ProgressFactory | undefined): Promise<Outcome> {
  try {
    const options = { ...job.options, ...(progress === undefined ? {} : { progress }) };
    return { video: job.video, summary: await extractToFiles(job.video, job.folder, options) };
  } catch (error) {
    return { video: job.video, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** One bar for all threads. */
class Totals {
  readonly #bar: Progress;
  readonly #videos: number;
  #frames = 0;
  #done = 0;
  #ended = 0;

  constructor(bar: Progress, videos: number) {
    this.#bar = bar;
    this.#videos = videos;
  }

  expect(frames: number): void {
    this.#frames += frames;
    this.#bar.setTotal(this.#frames);
  }

  advance(frames: number): void {
    this.#done += frames;
    this.#bar.update(this.#done, this.#note());
  }

  ended(): void {
    this.#ended++;
    this.#bar.update(this.#done, this.#note());
  }

  stop(): void {
    this.#bar.stop();
  }

  #note(): string {
    return `${this.#ended} of ${this.#videos} videos`;
  }
}

/** One thread at a time; a new one when it was lost. */
class Crew {
  readonly #threads: number;
  readonly #totals: Totals;
  #worker: Worker | undefined;
  /** Settles the job in hand. */
  #settle: (result: { summary: ExtractSummary } | { error: Error }) => void = () => {};

  constructor(threads: number, totals: Totals) {
    this.#threads = threads;
    this.#totals = totals;
  }

  extract(job: ExtractJob): Promise<Outcome> {
    this.#worker ??= this.#start();
    this.#worker.postMessage({ ...job, options: { ...job.options, threads: this.#threads } });
    return new Promise((resolve) => {
      this.#settle = (result) => resolve({ video: job.video, ...result });
    });
  }

  async leave(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(workerUrl(import.meta.url, './extract.worker.ts'));
    const lost = (error: Error): void => {
      this.#worker = undefined;
      this.#settle({ error });
    };
    worker.on('error', lost);
    worker.on('exit', (code) => lost(new Error(`the extracting thread ended with code ${code}`)));
    worker.on('message', (message: ExtractMessage) => this.#receive(message));
    return worker;
  }

  #receive(message: ExtractMessage): void {
    if (message.kind === 'open') this.#totals.expect(message.frames);
    else if (message.kind === 'frames') this.#totals.advance(message.done);
    else this.#settle(message.kind === 'done' ? message : { error: errorOf(message) });
  }
}

function errorOf(message: Extract<ExtractMessage, { kind: 'failed' }>): Error {
  if (message.code === null) return new Error(message.message);
  return new SpatterError(message.code, message.message, message.hint);
}

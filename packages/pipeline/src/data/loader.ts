// Serves batches from a worker thread that works ahead by a few batches and waits when nobody takes them.
import { Worker } from 'node:worker_threads';
import { SpatterError, fromSystemError } from '../util/errors.ts';
import { workerUrl } from '../util/worker.ts';
import { batchCount, type Batch, type BatchSpec } from './batch.ts';
import type { BatchReply, BatchRequest } from './loader.worker.ts';

export interface LoaderOptions extends Omit<BatchSpec, 'dropLast'> {
  /** Default false. */
  readonly dropLast?: boolean;
  /** Batches made ahead, at least 1; default 2. */
  readonly prefetch?: number;
}

export interface Loader {
  /** Batches per epoch. */
  readonly length: number;
  /** Crops per epoch. */
  readonly samples: number;
  /** [channels, height, width] of one sample. */
  readonly shape: readonly [number, number, number];
  /**
   * The batches of `epoch` from `startBatch` on. Bytes depend only on the loader's options, `epoch` and the batch's
   * number. One iteration at a time: a new one ends the last.
   * @throws whatever failed in the worker, at the next batch.
   */
  epoch(epoch: number, startBatch?: number): AsyncGenerator<Batch, void, undefined>;
  /** Ends the worker; without it the worker still does not keep the process alive. */
  close(): Promise<void>;
}

/** @throws {SpatterError} DATA_EMPTY without rows. */
export function createLoader({ prefetch = 2, dropLast = false, ...options }: LoaderOptions): Loader {
  const spec: BatchSpec = { ...options, dropLast };
  const { cache, rows, batchSize, transform } = spec;
  const length = batchCount(spec);
  if (length === 0) {
    throw new SpatterError(
      'DATA_EMPTY',
      `a loader needs crops for at least one batch of ${batchSize}, got ${rows.length}`,
      'use more data or smaller batches',
    );
  }
  const line = new WorkerLine(spec);
  return {
    length,
    samples: dropLast ? length * batchSize : rows.length,
    shape: [cache.channels, transform.resize, transform.resize],
    epoch: (epoch, startBatch = 0) => line.batches(epoch, startBatch, length, prefetch),
    close: () => line.close(),
  };
}

interface Waiter {
  resolve(batch: Batch): void;
  reject(error: unknown): void;
}

/** The line to one worker: requests out, batches back in order. The worker starts with the first epoch. */
class WorkerLine {
  readonly #spec: BatchSpec;
  readonly #ready: Batch[] = [];
  readonly #spare: ArrayBuffer[] = [];
  #worker: Worker | undefined;
  #task = 0;
  #waiter: Waiter | undefined;
  #failure: Error | undefined;

  constructor(spec: BatchSpec) {
    this.#spec = spec;
  }

  async *batches(epoch: number, start: number, end: number, prefetch: number): AsyncGenerator<Batch, void> {
    const task = this.#begin();
    const ask = (index: number): void => {
      if (index < end) this.#request({ task, epoch, index, memory: this.#spare.pop() });
    };
    for (let i = start; i < start + prefetch; i++) ask(i);
    for (let i = start; i < end && task === this.#task; i++) {
      const batch = await this.#next();
      ask(i + prefetch);
      yield batch;
      if (batch.x.buffer.byteLength > 0) this.#spare.push(batch.x.buffer);
    }
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#fail(new Error('the loader was closed'));
    await worker?.terminate();
  }

  /** Starts a new iteration: what an abandoned one still has under way will be dropped on arrival. */
  #begin(): number {
    this.#recycle(this.#ready.splice(0));
    this.#settle((waiter) => waiter.reject(new Error('another epoch was started on this loader')));
    return ++this.#task;
  }

  #recycle(batches: readonly Batch[]): void {
    for (const { x } of batches) this.#spare.push(x.buffer);
  }

  #request(request: BatchRequest): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#worker ??= this.#start();
    const { memory } = request;
    this.#worker.postMessage(request, memory === undefined ? [] : [memory]);
  }

  #start(): Worker {
    const worker = new Worker(workerUrl(import.meta.url, './loader.worker.ts'), {
      workerData: this.#spec,
      execArgv: [],
    });
    worker.on('message', (reply: BatchReply) => this.#arrived(reply));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', (code) => this.#fail(new Error(`the loader's worker ended with code ${code}`)));
    worker.unref();
    return worker;
  }

  #arrived({ task, batch }: BatchReply): void {
    if (task !== this.#task) this.#recycle([batch]);
    else if (this.#waiter === undefined) this.#ready.push(batch);
    else this.#settle((waiter) => waiter.resolve(batch));
  }

  /** The next batch in order; while one is awaited, the worker holds the process. */
  #next(): Promise<Batch> {
    const ready = this.#ready.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#worker?.ref();
    return new Promise((resolve, reject) => (this.#waiter = { resolve, reject }));
  }

  #fail(cause: unknown): void {
    const error = fromSystemError(cause, this.#spec.cache.path);
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#settle((waiter) => waiter.reject(this.#failure));
    this.#worker = undefined;
  }

  #settle(answer: (waiter: Waiter) => void): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    this.#worker?.unref();
    if (waiter !== undefined) answer(waiter);
  }
}

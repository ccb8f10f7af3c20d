// One loaded model: serving threads, the batches that keep them busy, and a short way for a few small images.
import { Worker } from 'node:worker_threads';
import type { ExportedModel } from '../export/exported-model.ts';
import { workerUrl } from '../util/worker.ts';
import { BatchQueue, type Waiting } from './batch-queue.ts';
import type { Deadline } from './deadline.ts';
import { Inference, type ImageResult } from './inference.ts';
import type { BatchRequest, WorkerReply, WorkerStart } from './inference.worker.ts';
import { isSmall, stay } from './short-way.ts';

export interface EngineOptions {
  /** Threads that decode and classify. */
  readonly workers: number;
  /** Threads of the network's operators in each of them. */
  readonly operatorThreads: number;
  /** Images in a batch. */
  readonly batchSize: number;
  /** How long a batch may wait for more images while a thread is free, milliseconds. */
  readonly batchWaitMs: number;
  /** Told the size of every batch. */
  readonly onBatch?: (size: number) => void;
  /** Told when a thread died; it is replaced. */
  readonly onFailure?: (error: Error) => void;
}

/** A second batch waits in the thread while it works on the first, so that it never idles between two. */
const BATCHES_PER_WORKER = 2;

interface Member {
  readonly worker: Worker;
  readonly batches: Map<number, readonly Waiting<ImageResult>[]>;
}

export class Engine {
  readonly model: ExportedModel;
  readonly #options: EngineOptions;
  readonly #queue: BatchQueue<ImageResult>;
  readonly #members: Member[] = [];
  #nextBatch = 0;
  #scheduled = false;
  #underWay = 0;
  #batches = true;
  #runMs = Infinity;
  #gathered: Waiting<ImageResult>[] = [];
  /** Small images that came together when some last did. */
  #lastTurn = 1;
  #here: Inference | null = null;
  #closing: (() => void) | null = null;

  private constructor(model: ExportedModel, options: EngineOptions) {
    this.model = model;
    this.#options = options;
    this.#queue = new BatchQueue(options.batchSize, options.batchWaitMs);
  }

  /** Starts the threads; resolves when each has opened the model. */
  static async start(model: ExportedModel, options: EngineOptions): Promise<Engine> {
    const engine = new Engine(model, options);
    try {
      await Promise.all(Array.from({ length: options.workers }, () => engine.#hire()));
      await engine.#openHere();
    } catch (error) {
      await engine.close();
      throw error;
    }
    return engine;
  }

  /** Whether images of several requests run together; else one by one, because together they differ in the last bits. */
  get batches(): boolean {
    return this.#batches;
  }

  /** Images that wait for a thread. */
  get queued(): number {
    return this.#queue.length;
  }

  /** One result per image, in order. Images whose `deadline` passes before their turn are dropped and reject. */
  classify(images: readonly Uint8Array[], deadline?: Deadline): Promise<ImageResult[]> {
    if (deadline !== undefined && deadline.reason !== null) return Promise.reject(deadline.reason);
    const small = this.#here !== null && images.length === 1 && isSmall(images[0]!);
    return Promise.all(images.map((each) => this.#submit(each, small, deadline)));
  }

  /** Waits for everything under way, then stops the threads. */
  async close(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#closing = resolve));
    await Promise.all(this.#members.splice(0).map(({ worker }) => worker.terminate()));
    const here = this.#here;
    this.#here = null;
    await here?.close();
  }

  /** Opens the model on this thread too, where the network is so small that the way to another thread costs more than it. */
  async #openHere(): Promise<void> {
    if (stay(1, this.#runMs)) this.#here = await Inference.open(this.model, 1);
  }

  #submit(image: Uint8Array, small: boolean, deadline: Deadline | undefined): Promise<ImageResult> {
    return this.#counted(
      new Promise<ImageResult>((resolve, reject) => {
        const abandoned = () => deadline !== undefined && deadline.reason !== null;
        const waiting = { image, since: performance.now(), resolve, reject, abandoned };
        deadline?.whenPassed(reject);
        if (small && this.#isAlone()) {
          void this.#counted(this.#judgeHere(this.#here!, [waiting]));
          return;
        }
        if (small) this.#gathered.push(waiting);
        else this.#queue.add(waiting);
        this.#schedule();
      }),
    );
  }

  /** Nothing is under way, and in the last turn with a small image there was no other: waiting for company is in vain. */
  #isAlone(): boolean {
    return this.#underWay === 0 && this.#lastTurn <= 1;
  }

  /** Counts `work` as under way until it is settled. */
  #counted<T>(work: Promise<T>): Promise<T> {
    this.#underWay++;
    return work.finally(() => {
      if (--this.#underWay === 0) this.#closing?.();
    });
  }

  /** Looks at the queue after everything that arrives in the same turn of the event loop has joined it. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#judgeGathered();
      this.#dispatch();
    });
  }

  /** What is small and came in this turn of the event loop is judged here, or joins the queue where it is a crowd. */
  #judgeGathered(): void {
    const gathered = this.#gathered.filter((each) => !each.abandoned());
    this.#gathered = [];
    if (gathered.length === 0) return;
    this.#lastTurn = gathered.length;
    if (stay(gathered.length, this.#runMs)) void this.#counted(this.#judgeHere(this.#here!, gathered));
    else for (const each of gathered) this.#queue.add(each);
  }

  async #judgeHere(here: Inference, batch: readonly Waiting<ImageResult>[]): Promise<void> {
    this.#options.onBatch?.(batch.length);
    try {
      const results = await here.classify(batch.map(({ image }) => image));
      batch.forEach(({ resolve }, i) => resolve(results[i]!));
    } catch (error) {
      for (const { reject } of batch) reject(error as Error);
    }
  }

  #dispatch(): void {
    for (let member = this.#freeMember(); member !== undefined; member = this.#freeMember()) {
      const due = this.#queue.dueIn(performance.now());
      if (due === Infinity) return;
      if (due > 0) {
        setTimeout(() => this.#dispatch(), due);
        return;
      }
      const batch = this.#queue.take();
      if (batch.length > 0) this.#send(member, batch);
    }
  }

  #freeMember(): Member | undefined {
    const [first] = [...this.#members].sort((a, b) => a.batches.size - b.batches.size);
    return first !== undefined && first.batches.size < BATCHES_PER_WORKER ? first : undefined;
  }

  #send({ worker, batches }: Member, batch: readonly Waiting<ImageResult>[]): void {
    const id = this.#nextBatch++;
    batches.set(id, batch);
    this.#options.onBatch?.(batch.length);
    const request: BatchRequest = { id, images: batch.map(({ image }) => image) };
    worker.postMessage(request);
  }

  /** Starts one thread; resolves when it is ready, rejects when it cannot open the model. */
  #hire(): Promise<void> {
    const workerData: WorkerStart = { model: this.model, threads: this.#options.operatorThreads };
    const worker = new Worker(workerUrl(import.meta.url, './inference.worker.ts'), { workerData });
    const member: Member = { worker, batches: new Map() };
    return new Promise((resolve, reject) => {
      let failure = new Error('the serving thread ended');
      worker.on('error', (error: Error) => (failure = error));
      worker.on('exit', () => {
        reject(failure);
        this.#bury(member, failure);
      });
      worker.on('message', (message: WorkerReply) => {
        if (message.kind !== 'ready') {
          this.#settle(member, message);
          return;
        }
        this.#batches &&= message.batches;
        this.#runMs = Math.min(this.#runMs, message.runMs);
        this.#members.push(member);
        resolve();
        this.#schedule();
      });
    });
  }

  #settle({ batches }: Member, message: Exclude<WorkerReply, { kind: 'ready' }>): void {
    const batch = batches.get(message.id) ?? [];
    batches.delete(message.id);
    batch.forEach(({ resolve, reject }, i) => {
      if (message.kind === 'done') resolve(message.results[i]!);
      else reject(new Error(message.message));
    });
    this.#dispatch();
  }

  /** A thread that served and died takes its batches with it and is replaced. */
  #bury(member: Member, failure: Error): void {
    const at = this.#members.indexOf(member);
    if (at < 0) return;
    this.#members.splice(at, 1);
    for (const batch of member.batches.values()) for (const { reject } of batch) reject(failure);
    this.#options.onFailure?.(failure);
    this.#hire().catch((error: unknown) => {
      for (const { reject } of this.#queue.drain()) reject(failure);
      this.#options.onFailure?.(error as Error);
    });
  }
}

// The loader's worker: makes batches ahead of the consumer, one per buffer it is given.
import { parentPort, workerData } from 'node:worker_threads';
import { BatchMaker, type Batch, type BatchSpec } from './batch.ts';

/** Asks for one batch; `memory` is handed over and comes back as the batch's `x`. `task` numbers the epoch's iteration. */
export interface BatchRequest {
  readonly task: number;
  readonly epoch: number;
  readonly index: number;
  readonly memory: ArrayBuffer | undefined;
}

export interface BatchReply {
  readonly task: number;
  readonly batch: Batch;
}

const maker = new BatchMaker(workerData as BatchSpec);

parentPort!.on('message', ({ task, epoch, index, memory }: BatchRequest) => {
  const batch = maker.make(epoch, index, memory);
  const reply: BatchReply = { task, batch };
  parentPort!.postMessage(reply, [batch.x.buffer]);
});

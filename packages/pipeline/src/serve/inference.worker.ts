// A serving thread: opens the model it is started with, then answers batch after batch.
import { parentPort, workerData } from 'node:worker_threads';
import type { ExportedModel } from '../export/exported-model.ts';
import { Inference, type ImageResult } from './inference.ts';

export interface WorkerStart {
  readonly model: ExportedModel;
  /** Of the network's operators. */
  readonly threads: number;
}

export interface BatchRequest {
  readonly id: number;
  readonly images: readonly Uint8Array[];
}

export type WorkerReply =
  | { readonly kind: 'ready'; readonly batches: boolean; readonly runMs: number }
  | { readonly kind: 'done'; readonly id: number; readonly results: readonly ImageResult[] }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };

const port = parentPort!;
const reply = (message: WorkerReply): void => port.postMessage(message);
const { model, threads } = workerData as WorkerStart;
const inference = await Inference.open(model, threads);

/** Batches are answered in the order they came: the network is busy with one at a time anyway. */
let last = Promise.resolve();
port.on('message', (request: BatchRequest) => {
  last = last.then(() => answer(request));
});
reply({ kind: 'ready', batches: inference.batches, runMs: await inference.runMs() });

async function answer({ id, images }: BatchRequest): Promise<void> {
  try {
    reply({ kind: 'done', id, results: await inference.classify(images) });
  } catch (error) {
    reply({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) });
  }
}

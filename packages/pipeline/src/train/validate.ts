// Logits of a whole split, and their mean loss and accuracy.
import type { Forward, State } from '@spatter/tensor';
import type { Loader } from '../data/loader.ts';
import { countCorrect, sumLoss } from './score.ts';

export interface SplitLogits {
  /** [samples, K], in the loader's order. */
  readonly logits: Float32Array;
  readonly labels: Float32Array;
  /** Row of the index for each sample. */
  readonly rows: Uint32Array;
}

/** Runs `forward` over every batch of an unshuffled loader. */
export async function splitLogits(forward: Forward, state: State, loader: Loader): Promise<SplitLogits> {
  const logits: Float32Array[] = [];
  const labels: Float32Array[] = [];
  const rows: Uint32Array[] = [];
  for await (const batch of loader.epoch(0)) {
    logits.push(await forward.run(state, batch.x, batch.size));
    labels.push(batch.y.slice());
    rows.push(batch.rows.slice());
  }
  return {
    logits: joined(Float32Array, logits),
    labels: joined(Float32Array, labels),
    rows: joined(Uint32Array, rows),
  };
}

function joined<T extends Float32Array | Uint32Array>(
  kind: new (length: number) => T,
  parts: readonly T[],
): T {
  const whole = new kind(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Mean loss per sample and the fraction decided right. */
export function lossAndAccuracy({ logits, labels }: SplitLogits): { loss: number; accuracy: number } {
  return {
    loss: sumLoss(logits, labels) / labels.length,
    accuracy: countCorrect(logits, labels) / labels.length,
  };
}

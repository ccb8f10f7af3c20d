// Where a training run stands: plain data, small enough to save often, complete enough to continue to the same bytes.
import type { EpochMetrics, PolicyMemory } from './policies/policy.ts';

/** Sums over the batches of an epoch so far; a mean is a sum over `samples`. */
export interface Sums {
  readonly loss: number;
  readonly correct: number;
  readonly samples: number;
}

export interface Progress {
  /** The epoch in hand, from 1. */
  readonly epoch: number;
  /** Batches of it already done. */
  readonly batch: number;
  readonly sums: Sums;
  readonly lr: number;
  readonly history: readonly EpochMetrics[];
  /** Memory of each policy, by its name in the catalogue. */
  readonly memory: Readonly<Record<string, PolicyMemory>>;
  /** Why training ended, or null while it goes on. */
  readonly stopped: string | null;
}

const NOTHING: Sums = { loss: 0, correct: 0, samples: 0 };

export function startProgress(lr: number): Progress {
  return { epoch: 1, batch: 0, sums: NOTHING, lr, history: [], memory: {}, stopped: null };
}

/** Adds one batch. `loss` is the batch's mean. */
export function afterBatch(
  progress: Progress,
  batch: { loss: number; correct: number; size: number },
): Progress {
  const { loss, correct, samples } = progress.sums;
  const sums = {
    loss: loss + batch.loss * batch.size,
    correct: correct + batch.correct,
    samples: samples + batch.size,
  };
  return { ...progress, batch: progress.batch + 1, sums };
}

/** Closes the epoch in hand with the validation results and moves to the next. */
export function afterEpoch(
  progress: Progress,
  val: { loss: number; accuracy: number },
): { progress: Progress; metrics: EpochMetrics } {
  const { sums, epoch, lr } = progress;
  const metrics: EpochMetrics = {
    epoch,
    train_loss: sums.loss / sums.samples,
    train_accuracy: sums.correct / sums.samples,
    val_loss: val.loss,
    val_accuracy: val.accuracy,
    lr,
  };
  const history = [...progress.history, metrics];
  return { metrics, progress: { ...progress, epoch: epoch + 1, batch: 0, sums: NOTHING, history } };
}

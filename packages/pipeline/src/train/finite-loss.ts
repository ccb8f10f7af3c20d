// When a run ends because its loss is not finite: at once in full precision; in half precision, which leaves such steps out, once that does not help.
import { LOSS_SCALE, type StepMetrics } from '@spatter/tensor';
import type { Batch } from '../data/batch.ts';
import { SpatterError } from '../util/errors.ts';
import type { Checkpoint } from './checkpoint.ts';
import { countCorrect } from './score.ts';

/**
 * Loss scale of half precision below which no step is left out any more: the least normal number of float16, so that a gradient of 1
 * is still one. `torch.amp.GradScaler` halves without end; from its first scale this takes 31 steps in a row.
 */
export const LEAST_SCALE = 2 ** -14;

const KEPT = 'checkpoints up to here are kept';

/** The scale of the loss; undefined in full precision. */
const scaleOf = ({ state }: Checkpoint): number | undefined =>
  state.get(LOSS_SCALE)?.data[0] as number | undefined;

/**
 * What a batch adds to the sums of its epoch: nothing when half precision overflowed.
 * @throws {SpatterError} LOSS_NOT_FINITE in full precision.
 */
export function scored({ loss, logits }: StepMetrics, batch: Batch, at: Checkpoint) {
  const { epoch, batch: done } = at.progress;
  if (!Number.isFinite(loss) && scaleOf(at) !== undefined) return { loss: 0, correct: 0, size: 0 };
  requireFinite(loss, `the loss became ${loss} in epoch ${epoch}, batch ${done + 1}`);
  return { loss, correct: countCorrect(logits, batch.y), size: batch.size };
}

/** @throws {SpatterError} LOSS_NOT_FINITE. */
export function requireFinite(loss: number, message: string): void {
  if (Number.isFinite(loss)) return;
  const hint = `lower training.optimizer.lr or switch on training.grad_clip; ${KEPT}`;
  throw new SpatterError('LOSS_NOT_FINITE', message, hint);
}

/** @throws {SpatterError} LOSS_NOT_FINITE when the last step was left out although the loss is hardly scaled any more. */
export function requireScale({ skipped }: StepMetrics, at: Checkpoint): void {
  const scale = scaleOf(at);
  if (skipped !== true || scale === undefined || scale >= LEAST_SCALE) return;
  const { epoch, batch } = at.progress;
  throw overflow(
    `every step up to epoch ${epoch}, batch ${batch} overflowed, until the loss scale was ${scale}`,
  );
}

/** @throws {SpatterError} LOSS_NOT_FINITE when no batch of the epoch that ends had a loss. */
export function requireScored(at: Checkpoint): void {
  const { epoch, sums } = at.progress;
  if (sums.samples > 0) return;
  throw overflow(
    `the loss of every batch of epoch ${epoch} overflowed, with the loss scale at ${scaleOf(at)!}`,
  );
}

function overflow(what: string): SpatterError {
  const hint = `train with training.precision=fp32, lower training.optimizer.lr or switch on training.grad_clip; ${KEPT}`;
  const message = `training.precision=fp16 must hold the values of the network in half precision, but ${what}`;
  return new SpatterError('LOSS_NOT_FINITE', message, hint);
}

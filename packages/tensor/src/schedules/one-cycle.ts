// Learning rates of the one-cycle policy: up along half a cosine, then down along another.
import type { Schedule } from './schedule.ts';

export interface OneCycleOptions {
  /** Largest learning rate. */
  readonly lr: number;
  /** Steps of the whole cycle; later steps stay where it ends. */
  readonly steps: number;
  /** Share of the steps in which the rate rises, in (0, 1). */
  readonly rising?: number;
  /** The rate begins at lr / startDivisor. */
  readonly startDivisor?: number;
  /** The rate ends at lr / startDivisor / endDivisor. */
  readonly endDivisor?: number;
}

/**
 * `torch.optim.lr_scheduler.OneCycleLR(anneal_strategy='cos', three_phase=False)` of Smith and Topin (2019). The
 * momentum is left alone.
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  const { lr, steps, rising = 0.3, startDivisor = 25, endDivisor = 1e4 } = options;
  const first = lr / startDivisor;
  const peak = rising * steps - 1;
  const last = steps - 1;
  return (at) =>
    at < peak
      ? between(first, lr, at / peak)
      : between(lr, first / endDivisor, Math.min(1, (at - peak) / (last - peak)));
}

/** From `start` to `end` along half a cosine, for `share` from 0 to 1. */
function between(start: number, end: number, share: number): number {
  return end + ((start - end) / 2) * (1 + Math.cos(Math.PI * share));
}

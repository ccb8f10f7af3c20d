// Learning rates that warm up along a line and then fall along half a cosine.
import type { Schedule } from './schedule.ts';

export interface CosineOptions {
  /** Largest learning rate. */
  readonly lr: number;
  /** Steps of the whole schedule, warm-up included; later steps stay at `minLr`. */
  readonly steps: number;
  /** Steps of the warm-up. */
  readonly warmup?: number;
  /** Share of `lr` that the warm-up begins at, in (0, 1]. */
  readonly warmupFrom?: number;
  readonly minLr?: number;
}

/**
 * `SequentialLR` of PyTorch's `LinearLR(start_factor=warmupFrom, total_iters=warmup)` and
 * `CosineAnnealingLR(T_max=steps − warmup, eta_min=minLr)`, which changes over at step `warmup` (Loshchilov and Hutter,
 * 2017, eq. 5, without restarts).
 */
export function cosine({ lr, steps, warmup = 0, warmupFrom = 1e-3, minLr = 0 }: CosineOptions): Schedule {
  return (at) => {
    if (at < warmup) return lr * (warmupFrom + ((1 - warmupFrom) * at) / warmup);
    if (at >= steps) return minLr;
    return minLr + ((lr - minLr) * (1 + Math.cos((Math.PI * (at - warmup)) / (steps - warmup)))) / 2;
  };
}

// Learning rates that drop in steps.
import type { Schedule } from './schedule.ts';

export interface StepOptions {
  /** Learning rate of the first step. */
  readonly lr: number;
  /** Steps between two drops. */
  readonly stepSize: number;
  /** What each drop multiplies the rate by. */
  readonly gamma?: number;
}

/** `torch.optim.lr_scheduler.StepLR`: lr·gamma^⌊step / stepSize⌋. */
export function step({ lr, stepSize, gamma = 0.1 }: StepOptions): Schedule {
  return (at) => lr * gamma ** Math.floor(at / stepSize);
}

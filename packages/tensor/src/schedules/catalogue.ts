// The catalogue of learning rate schedules that depend on the step alone: one file each, one line here.
import { cosine } from './cosine.ts';
import { oneCycle } from './one-cycle.ts';
import type { Schedule } from './schedule.ts';
import { step } from './step.ts';

export const SCHEDULES = { cosine, one_cycle: oneCycle, step } as const satisfies Record<
  string,
  (options: never) => Schedule
>;

// What every step of a run is told: its learning rate, and whether it updates the weights. How many run together, and which weights are judged.
import {
  averageName,
  resolveDevice,
  SCHEDULES,
  type Schedule,
  type State,
  type StepHyper,
} from '@spatter/tensor';
import type { Config } from '../config/index.ts';
import type { Progress } from './progress.ts';

/** The rate by update, or undefined where the loop's own rate holds. */
function scheduleOf(
  { scheduler: s, optimizer, epochs }: Config['training'],
  perEpoch: number,
): Schedule | undefined {
  const steps = epochs * perEpoch;
  const { lr } = optimizer;
  if (!s.enabled || s.name === 'reduce_on_plateau') return undefined;
  if (s.name === 'step') return SCHEDULES.step({ lr, stepSize: s.step_epochs * perEpoch, gamma: s.factor });
  if (s.name === 'cosine') {
    const warmup = Math.round(s.warmup_epochs * perEpoch);
    return SCHEDULES.cosine({ lr, steps, warmup, minLr: Math.min(s.min_lr, lr) });
  }
  return SCHEDULES.one_cycle({
    lr,
    steps,
    rising: s.rising,
    startDivisor: s.start_divisor,
    endDivisor: s.end_divisor,
  });
}

/**
 * The learning rate of each batch of a run, and whether the batch closes an optimiser step: every
 * `training.accumulate`-th does, and the last of an epoch. It depends on the position alone, so a resumed run goes on alike.
 */
export function stepPlan({ training }: Config, batches: number): (progress: Progress) => StepHyper {
  const { accumulate } = training;
  const perEpoch = Math.ceil(batches / accumulate);
  const schedule = scheduleOf(training, perEpoch);
  return ({ epoch, batch, lr }) => {
    const at = (epoch - 1) * perEpoch + Math.floor(batch / accumulate);
    const update = (batch + 1) % accumulate === 0 || batch + 1 === batches;
    return { lr: schedule?.(at) ?? lr, update };
  };
}

/** Steps of a run where the state would else travel to the device and back with every one of them. */
const STEPS_ON_DEVICES = 8;

/** Batches that one run of the network trains: as the config says, else several on devices with memory of their own. */
export function stepsPerRun({ device, training: { steps_per_run: said, accumulate } }: Config): number {
  if (said !== null) return said;
  return accumulate > 1 || resolveDevice(device) === 'cpu' ? 1 : STEPS_ON_DEVICES;
}

/** What is to be known about half precision on the processor. */
export function precisionNotices({ device, training: { precision } }: Config): string[] {
  if (precision === 'fp32' || resolveDevice(device) !== 'cpu') return [];
  return ['training.precision=fp16 is slower than fp32 on the processor: it is meant for GPUs'];
}

/** Counts the batches that half precision left out, and says so after each epoch that had any. */
export function skippedBatches(onNotice: (line: string) => void) {
  let count = 0;
  return {
    add: (): void => {
      count++;
    },
    tell: (epoch: number): void => {
      const what = count === 1 ? '1 batch' : `${count} batches`;
      const why = 'loss or gradients overflowed in half precision, and its loss scale was halved';
      if (count > 0) onNotice(`epoch ${epoch}: ${what} changed no weights, since ${why}`);
      count = 0;
    },
  };
}

/** The weights that are validated, evaluated and exported: the averaged ones where the config says so. */
export function judgedState(state: State, { training: { ema } }: Config): State {
  if (!ema.enabled || !ema.use) return state;
  const names = [...state.keys()].filter((name) => state.has(averageName(name)));
  return new Map([...state, ...names.map((name) => [name, state.get(averageName(name))!] as const)]);
}

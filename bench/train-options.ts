// Options of the training benches: on which device both sides train, in which precision, with what batch.
import { parseArgs } from 'node:util';
import { DEVICES, PRECISIONS, type DeviceName, type Precision } from '@spatter/tensor';

/** What `npm run bench -- train-… [--device cuda] [--precision fp16] [--batch 256] [--steps-per-run 8]` says. */
export interface TrainBenchOptions {
  /** Of both sides; PyTorch knows cpu, cuda and mps. */
  readonly device: DeviceName;
  /** Of both sides: on PyTorch's, fp16 is autocast with its gradient scaler. */
  readonly precision: Precision;
  /** Images of a step; the work's own when left out. */
  readonly batch?: number;
  /** Of our side; as `training.steps_per_run` leaves it where it is left out. */
  readonly stepsPerRun: number;
}

/** Throws when a value is none of those there are. */
export function trainBenchOptions(argv: readonly string[]): TrainBenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      device: { type: 'string', default: 'cpu' },
      precision: { type: 'string', default: 'fp32' },
      batch: { type: 'string' },
      'steps-per-run': { type: 'string' },
    },
  });
  const device = oneOf('--device', DEVICES, values.device);
  const { batch, 'steps-per-run': steps } = values;
  return {
    device,
    precision: oneOf('--precision', PRECISIONS, values.precision),
    ...(batch !== undefined && { batch: Number(batch) }),
    stepsPerRun: Number(steps ?? (device === 'cpu' ? 1 : 8)),
  };
}

function oneOf<T extends string>(name: string, allowed: readonly T[], value: string): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined)
    throw new Error(`${name} must be one of ${allowed.join(', ')}, but got "${value}"`);
  return found;
}

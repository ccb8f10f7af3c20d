// A short training on one device, beside the same steps on the processor: does it compute, how fast, and the same?
import { compileTrainStep, LOSSES, OPTIMIZERS, type Device, type State } from '@spatter/tensor';
import { MODELS } from '../models/catalogue.ts';

const SIZE = 32;
const SIDE = 32;
/** Losses that agree to this are the same: GPUs round exponentials differently. */
const TOLERANCE = 1e-3;
/** Steps whose losses are compared. */
const COMPARED = 3;

export interface DeviceCheck {
  readonly works: boolean;
  readonly steps: number;
  readonly images_per_second: number;
  /** Seconds until the first step was done: compilation, and the start of the device. */
  readonly first_step_s: number;
  /** Largest difference of a loss from the processor's, over the first steps, one by one and all in one run. */
  readonly loss_difference: number;
}

/**
 * Trains LeNet5 on `device` for `milliseconds`, by the clock `now` (milliseconds). Throws {@link TensorError} when the
 * device cannot be used; a driver that crashes takes the process with it, so callers check one device per process.
 */
export async function checkDevice(
  device: Device,
  milliseconds: number,
  now: () => number,
): Promise<DeviceCheck> {
  const expected = await losses('cpu');
  const { run, dispose } = trainer(device);
  const begun = now();
  const found = await run(1);
  const first = now();
  while (found.length < COMPARED || now() - first < milliseconds) found.push(...(await run(1)));
  const seconds = (now() - first) / 1000;
  await dispose();
  const together = await losses(device);
  const difference = Math.max(
    ...expected.flatMap((loss, i) => [found[i]!, together[i]!].map((other) => Math.abs(loss - other))),
  );
  return {
    works: difference <= TOLERANCE,
    steps: found.length,
    images_per_second: Math.round(((found.length - 1) * SIZE) / seconds),
    first_step_s: (first - begun) / 1000,
    loss_difference: difference,
  };
}

/** Losses of the first steps, all in one run. */
async function losses(device: Device): Promise<readonly number[]> {
  const { run, dispose } = trainer(device);
  const values = await run(COMPARED);
  await dispose();
  return values;
}

/** `run` does so many steps at once and gives the loss before each. */
function trainer(device: Device): {
  run: (steps: number) => Promise<number[]>;
  dispose: () => Promise<void>;
} {
  const step = compileTrainStep({
    model: MODELS.lenet5({ in_channels: 1, num_classes: 1 }),
    loss: LOSSES.bce_with_logits,
    optimizer: OPTIMIZERS.adam(),
    inputShape: [1, SIDE, SIDE],
    device,
  });
  const x = Float32Array.from({ length: SIZE * SIDE * SIDE }, (_, i) => ((i * 7919) % 256) / 255);
  const y = Float32Array.from({ length: SIZE }, (_, i) => i % 2);
  let state: State = step.initialState(0);
  return {
    run: async (steps) => {
      const batches = { x: repeated(x, steps), y: repeated(y, steps), size: SIZE };
      const results = await step.runMany(state, batches, new Array(steps).fill({ lr: 1e-3 }));
      state = results.state;
      return results.steps.map(({ loss }) => loss);
    },
    dispose: () => step.dispose(),
  };
}

function repeated(values: Float32Array, times: number): Float32Array {
  const whole = new Float32Array(times * values.length);
  for (let i = 0; i < times; i++) whole.set(values, i * values.length);
  return whole;
}

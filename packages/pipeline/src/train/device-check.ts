// A short training on one device, beside the same steps on the processor: does it compute, how fast, and the same?
import { compileTrainStep, LOSSES, OPTIMIZERS, type Device, type State } from '@spatter/tensor';
import { MODELS } from '../models/catalogue.ts';

const SIZE = 32;
const SIDE = 32;
/** Losses that agree to this are the same: GPUs round exponentials differently. */
const TOLERANCE = 1e-3;

export interface DeviceCheck {
  readonly works: boolean;
  readonly steps: number;
  readonly images_per_second: number;
  /** Seconds until the first step was done: compilation, and the start of the device. */
  readonly first_step_s: number;
  /** Largest difference of a loss from the processor's, over the first steps. */
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
  const expected = await losses('cpu', 3);
  const { run, dispose } = trainer(device);
  const begun = now();
  const found = [await run()];
  const first = now();
  while (found.length < expected.length || now() - first < milliseconds) found.push(await run());
  const seconds = (now() - first) / 1000;
  await dispose();
  const difference = Math.max(...expected.map((loss, i) => Math.abs(loss - found[i]!)));
  return {
    works: difference <= TOLERANCE,
    steps: found.length,
    images_per_second: Math.round(((found.length - 1) * SIZE) / seconds),
    first_step_s: (first - begun) / 1000,
    loss_difference: difference,
  };
}

async function losses(device: Device, count: number): Promise<number[]> {
  const { run, dispose } = trainer(device);
  const values: number[] = [];
  for (let i = 0; i < count; i++) values.push(await run());
  await dispose();
  return values;
}

/** `run` does one step and gives the loss before it. */
function trainer(device: Device): { run: () => Promise<number>; dispose: () => Promise<void> } {
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
    run: async () => {
      const result = await step.run(state, { x, y, size: SIZE }, { lr: 1e-3 });
      state = result.state;
      return result.loss;
    },
    dispose: () => step.dispose(),
  };
}

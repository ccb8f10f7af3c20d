// LeNet5 train steps as the benches time them: batch 1024, gray 32×32 to a model of 3 channels, BCE, Adam, two threads.
import { compileTrainStep, LOSSES, OPTIMIZERS, type State } from '@spatter/tensor';
import { lenet5 } from '../packages/pipeline/src/models/lenet5.ts';

export const BATCH = 1024;
export const THREADS = 2;

/** Returns a function that runs `count` steps and gives milliseconds per step; it is told each loss. */
export function lenet5Steps(count: number): (onStep?: (loss: number) => void) => Promise<number> {
  const step = compileTrainStep({
    model: lenet5({ in_channels: 3, num_classes: 1 }),
    loss: LOSSES.bce_with_logits,
    optimizer: OPTIMIZERS.adam(),
    inputShape: [1, 32, 32],
    threads: THREADS,
    device: 'cpu',
  });
  const x = Float32Array.from({ length: BATCH * 1024 }, (_, i) => ((i * 7919) % 256) / 255);
  const y = Float32Array.from({ length: BATCH }, (_, i) => i % 2);
  let state: State = step.initialState(0);
  return async (onStep) => {
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      const result = await step.run(state, { x, y, size: BATCH }, { lr: 1e-3 });
      state = result.state;
      onStep?.(result.loss);
    }
    return (performance.now() - start) / count;
  };
}

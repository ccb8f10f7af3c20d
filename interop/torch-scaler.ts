// Half precision against PyTorch's gradient scaler: which steps are left out, and what those leave as it was.
import { join } from 'node:path';
import { compileTrainStep, LOSS_SCALE, LOSSES, OPTIMIZERS, type State } from '@spatter/tensor';
import { MODELS } from '../packages/pipeline/src/models/catalogue.ts';
import {
  hashedImages,
  hashedLabels,
  hashedParameters,
} from '../packages/pipeline/src/models/testing/parity.ts';
import type { Checks } from './checks.ts';
import { runPython } from './python.ts';

/** From this scale two dozen steps overflow; then it grows every fourth step, until it overflows again. */
const CASE = {
  in_channels: 1,
  num_classes: 3,
  architecture: { depth: 2, width: 8 },
  steps: 36,
  lr: 1e-3,
  initial: 2 ** 40,
  interval: 4,
} as const;

/** How far apart half precision of two kernels may bring what training moved, by the mean over a tensor. */
const TOLERANCE = 0.05;

interface Scaled {
  readonly torch: string;
  /** The scale after each step. */
  readonly scales: readonly number[];
  /** Steps that Adam has counted. */
  readonly updates: number;
  readonly tensors: Readonly<Record<string, readonly number[]>>;
}

export async function checkScaler(checks: Checks, python: string): Promise<void> {
  const theirs = runPython<Scaled>(python, join(import.meta.dirname, 'python/torch_scaler.py'), [
    JSON.stringify(CASE),
  ]);
  const { start, state, scales } = await trained();
  const count = (name: string) => Number(state.get(name)!.data[0]);
  const check = (what: string, ok: boolean, detail: string) =>
    checks.check(`half precision: ${what}, torch ${theirs.torch}`, ok, detail);
  check('the scale after every step', scales.join() === theirs.scales.join(), `${scales.join()} beside ${theirs.scales.join()}`); // prettier-ignore
  const updates = count('optimizer.step');
  check("Adam's count of updates", updates === theirs.updates, `${updates} beside ${theirs.updates}`);
  for (const [name, values] of Object.entries(theirs.tensors)) {
    if (name.endsWith('num_batches_tracked')) {
      check(name, count(name) === values[0], `${count(name)} beside ${values[0]}`);
      continue;
    }
    const [before, after] = [start, state].map((each) => Array.from(each.get(name)!.data, Number));
    const gap = mean(after!.map((value, i) => Math.abs(value - values[i]!)));
    const moved = mean(after!.map((value, i) => Math.abs(value - before![i]!)));
    check(`${name} as far`, gap < TOLERANCE * moved, `${gap} apart after moving by ${moved}`);
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

async function trained() {
  const { in_channels, num_classes, architecture, steps, lr, initial, interval } = CASE;
  const model = MODELS.cnn({ in_channels, num_classes, ...architecture });
  const step = compileTrainStep({
    model,
    loss: LOSSES.cross_entropy,
    optimizer: OPTIMIZERS.adam(),
    inputShape: [in_channels, 32, 32],
    device: 'cpu',
    precision: 'fp16',
    lossScaling: { initial, interval },
  });
  const start: State = new Map([...step.initialState(0), ...hashedParameters(model)]);
  let state = start;
  const scales: number[] = [];
  for (let i = 0; i < steps; i++) {
    const x = hashedImages(i, in_channels);
    const y = hashedLabels(i, num_classes);
    ({ state } = await step.run(state, { x, y, size: y.length }, { lr }));
    scales.push(state.get(LOSS_SCALE)!.data[0] as number);
  }
  await step.dispose();
  return { start, state, scales };
}

// LeNet5 on digits drawn here, in full and in half precision: fails unless both read unseen digits equally well, over several seeds.
//
//   npx tsx examples/half-precision.ts [DEVICE]      minutes on the processor, the default
import {
  compileForward,
  compileTrainStep,
  LOSS_SCALE,
  LOSSES,
  OPTIMIZERS,
  type DeviceName,
  type Precision,
} from '@spatter/tensor';
import { MODELS } from '../packages/pipeline/src/models/catalogue.ts';
import { permutation, randomStream } from '../packages/pipeline/src/util/random.ts';
import { drawnDigits, SIDE, type Digits } from './drawn-digits.ts';

const [TRAIN, TEST, BATCH, EPOCHS] = [3000, 1000, 50, 4];
const SEEDS = [1, 2, 3, 4, 5];
/** Side of the network's images; the digits stand in the middle. */
const INPUT = 32;
const SETTINGS = { lr: 2e-3 };
/** Smallest difference of two shares of right answers that is more than rounding of single images. */
const RESOLUTION = 0.005;

const model = MODELS.lenet5({ in_channels: 1, num_classes: 10 });
const inputShape = [1, INPUT, INPUT] as const;

/** Images [rows, 32, 32]. */
function padded({ images }: Digits, rows: ArrayLike<number>): Float32Array {
  const out = new Float32Array(rows.length * INPUT * INPUT);
  const margin = (INPUT - SIDE) / 2;
  for (let i = 0; i < rows.length; i++)
    for (let row = 0; row < SIDE; row++) {
      const from = (rows[i]! * SIDE + row) * SIDE;
      out.set(images.subarray(from, from + SIDE), (i * INPUT + row + margin) * INPUT + margin);
    }
  return out;
}

interface Outcome {
  /** Share of the unseen digits that are read right. */
  readonly accuracy: number;
  readonly skipped: number;
  readonly scale: number | undefined;
}

async function trained(
  digits: Digits,
  precision: Precision,
  device: DeviceName,
  seed: number,
): Promise<Outcome> {
  const step = compileTrainStep({
    model,
    loss: LOSSES.cross_entropy,
    optimizer: OPTIMIZERS.adam(),
    inputShape,
    device,
    precision,
  });
  let state = step.initialState(seed);
  let skipped = 0;
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const order = permutation(randomStream(seed, epoch), TRAIN);
    for (let at = 0; at < TRAIN; at += BATCH) {
      const rows = order.slice(at, at + BATCH);
      const y = Float32Array.from(rows, (row) => digits.labels[row]!);
      const result = await step.run(state, { x: padded(digits, rows), y, size: rows.length }, SETTINGS);
      state = result.state;
      skipped += Number(result.skipped ?? false);
    }
  }
  await step.dispose();
  const forward = compileForward({ model, inputShape, device });
  const rows = Array.from({ length: TEST }, (_, i) => TRAIN + i);
  const logits = await forward.run(state, padded(digits, rows), TEST);
  await forward.dispose();
  const right = rows.filter((row, i) => {
    const own = [...logits.subarray(10 * i, 10 * i + 10)];
    return own.indexOf(Math.max(...own)) === digits.labels[row];
  });
  return {
    accuracy: right.length / TEST,
    skipped,
    scale: state.get(LOSS_SCALE)?.data[0] as number | undefined,
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const say = (line: string) => process.stdout.write(`${line}\n`);
const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

async function main(device: DeviceName): Promise<void> {
  const digits = drawnDigits(TRAIN + TEST, 7);
  const differences: number[] = [];
  const reached: number[] = [];
  for (const seed of SEEDS) {
    const full = await trained(digits, 'fp32', device, seed);
    const half = await trained(digits, 'fp16', device, seed);
    const scaling = `${half.skipped} steps left out, scale ${half.scale}`;
    say(`seed ${seed}: fp32 ${percent(full.accuracy)}, fp16 ${percent(half.accuracy)} (${scaling})`);
    differences.push(half.accuracy - full.accuracy);
    reached.push(full.accuracy, half.accuracy);
  }
  const difference = mean(differences);
  const spread = mean(differences.map((each) => (each - difference) ** 2));
  const noise = Math.sqrt(spread / (differences.length - 1));
  say(`fp16 − fp32: ${percent(difference)}, standard error ${percent(noise)}`);
  if (!(Math.min(...reached) >= 0.95))
    throw new Error(`every run must reach 95 %, got ${percent(Math.min(...reached))}`);
  if (!(Math.abs(difference) <= Math.max(2 * noise, RESOLUTION)))
    throw new Error(`the two must differ by noise alone, got ${percent(difference)} at ${percent(noise)}`);
}

await main((process.argv[2] ?? 'cpu') as DeviceName);

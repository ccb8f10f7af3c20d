// Train steps of a network against PyTorch on the same device with the same threads: both sides take turns, round by round.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonWith } from '../interop/python.ts';
import { startSide, startTraining, type Side } from './peer.ts';
import { median, type BenchResult } from './result.ts';
import { trainBenchOptions, type TrainBenchOptions } from './train-options.ts';
import { TRAINING_WORKS, type TrainingWork, type TrainingWorkName } from './training.ts';

const THREADS = 2;
/** Each round is about this long, so that a bench takes about a minute. */
const ROUND_MS = 2000;
const ROUNDS = 10;

/** Steps per round, by how long a step took on our machine; both sides do the same number. */
const STEPS: Readonly<Record<TrainingWorkName, number>> = {
  'train-lenet5': ROUND_MS / 100,
  'train-resnet18': ROUND_MS / 1000,
  'train-efficientnet-b0': ROUND_MS / 1000,
  'train-vit-tiny': ROUND_MS / 1000,
};

/** Largest difference of a loss over the first steps, from the same weights; both sides may use TF32 on GPUs. */
const TOLERANCE = { fp32: 0.01, fp16: 0.05 };

/**
 * The bench `name`: median milliseconds per step of both, first step and most memory of both, and how far the losses of the first
 * steps are apart where both can begin with the same weights. Throws when that is too far.
 */
export const trainingBench = (name: TrainingWorkName) => async (): Promise<BenchResult> => {
  const options = trainBenchOptions(process.argv.slice(3));
  const { mine, peer } = await startSides(name, options);
  const loss_difference = lossDifference(TRAINING_WORKS[name], mine, peer);
  if (loss_difference !== null && !(loss_difference <= TOLERANCE[options.precision]))
    throw new Error(`losses must agree to ${TOLERANCE[options.precision]}, but differ by ${loss_difference}`);
  const times: { mine: number[]; peer: number[] } = { mine: [], peer: [] };
  for (let i = 0; i < ROUNDS; i++) {
    times.mine.push(await mine.round());
    times.peer.push(await peer.round());
    const [a, b] = [times.mine.at(-1), times.peer.at(-1)];
    console.log(`round ${i + 1}: ours ${a.toFixed(1)} ms, PyTorch ${b.toFixed(1)} ms per step`);
  }
  const [ours, theirs] = [median(times.mine), median(times.peer)];
  return {
    ratio: theirs / ours,
    ours,
    peer: theirs,
    unit: 'ms/step',
    peer_version: `torch ${peer.version}`,
    best_ours: Math.min(...times.mine),
    best_peer: Math.min(...times.peer),
    loss_difference,
    first_step_s: mine.first_step_s,
    peer_first_step_s: peer.first_step_s,
    memory_mib: await mine.stop(),
    peer_memory_mib: await peer.stop(),
    ...options,
    batch: options.batch ?? TRAINING_WORKS[name].batch,
    threads: THREADS,
    node: mine.version,
  };
};

/** Both sides after their first steps, the peer from our weights where it knows their names. */
async function startSides(
  name: TrainingWorkName,
  options: TrainBenchOptions,
): Promise<{ mine: Side; peer: Side }> {
  const python = process.env['SPATTER_PYTHON'] ?? pythonWith(['torch==2.15.0', 'torchvision==0.29.2']);
  const work: TrainingWork = TRAINING_WORKS[name];
  const { stepsPerRun } = options;
  const steps = Math.ceil(STEPS[name] / stepsPerRun) * stepsPerRun;
  const folder = mkdtempSync(join(tmpdir(), 'spatter-bench-'));
  const shared = {
    ...options,
    work: name,
    threads: THREADS,
    steps,
    weights: join(folder, 'first.safetensors'),
  };
  const { inputShape: shape, batch, prefix = null } = work;
  try {
    const mine = await startTraining(shared);
    const peer = await startSide(python, [
      join(import.meta.dirname, 'python/train_torch.py'),
      JSON.stringify({ batch, ...shared, shape, prefix }),
    ]);
    return { mine, peer };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function lossDifference({ prefix }: TrainingWork, mine: Side, peer: Side): number | null {
  if (prefix === undefined) return null;
  return Math.max(...mine.losses.map((loss, i) => Math.abs(loss - peer.losses[i]!)));
}

// Train steps of a network against PyTorch with the same threads: both sides take turns, round by round.
import { join } from 'node:path';
import { pythonWith } from '../interop/python.ts';
import { startSide, startTraining } from './peer.ts';
import { median, type BenchResult } from './result.ts';
import { TRAINING_WORKS, type TrainingWorkName } from './training.ts';

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

/** The bench `name`: median milliseconds per step of both, first step and most memory of both. */
export const trainingBench = (name: TrainingWorkName) => async (): Promise<BenchResult> => {
  const python = process.env['SPATTER_PYTHON'] ?? pythonWith(['torch==2.15.0', 'torchvision==0.29.2']);
  const work = TRAINING_WORKS[name];
  const steps = STEPS[name];
  const mine = await startTraining({ work: name, device: 'cpu', threads: THREADS, steps, stepsPerRun: 1 });
  const size = [...work.inputShape, work.batch].map(String);
  const peer = await startSide(python, [
    join(import.meta.dirname, 'python/train_torch.py'),
    ...[name, THREADS, steps].map(String),
    ...size,
  ]);
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
    first_step_s: mine.first_step_s,
    peer_first_step_s: peer.first_step_s,
    memory_mib: await mine.stop(),
    peer_memory_mib: await peer.stop(),
    batch: work.batch,
    threads: THREADS,
    node: mine.version,
  };
};

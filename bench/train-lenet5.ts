// One LeNet5 train step (batch 1024, gray 32×32 to a model of 3 channels, BCE, Adam) against PyTorch with the same threads.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { compileTrainStep, LOSSES, OPTIMIZERS, type State } from '@spatter/tensor';
import { pythonWith } from '../interop/python.ts';
import { lenet5 } from '../packages/pipeline/src/models/lenet5.ts';
import type { BenchResult } from './result.ts';

const BATCH = 1024;
const THREADS = 2;
const ROUNDS = 12;
const STEPS_PER_ROUND = 5;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Our side: returns a function that runs some steps and gives milliseconds per step. */
function ours(): () => Promise<number> {
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
  return async () => {
    const start = performance.now();
    for (let i = 0; i < STEPS_PER_ROUND; i++) {
      ({ state } = await step.run(state, { x, y, size: BATCH }, { lr: 1e-3 }));
    }
    return (performance.now() - start) / STEPS_PER_ROUND;
  };
}

/** PyTorch's side: a Python process that runs a round whenever it is told to. */
async function torch(): Promise<{ round: () => Promise<number>; version: string; stop: () => void }> {
  const python = process.env['SPATTER_PYTHON'] ?? pythonWith(['torch==2.15.0', 'numpy==2.4.6']);
  const script = join(import.meta.dirname, 'python/train_lenet5.py');
  const child = spawn(python, [script, String(BATCH), String(THREADS), String(STEPS_PER_ROUND)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async () => String((await lines.next()).value);
  const version = await line();
  return {
    version,
    round: async () => {
      child.stdin.write('go\n');
      return Number(await line());
    },
    stop: () => child.stdin.end(),
  };
}

export async function run(): Promise<BenchResult> {
  const [mine, peer] = [ours(), await torch()];
  const times: { mine: number[]; peer: number[] } = { mine: [], peer: [] };
  for (let i = 0; i <= ROUNDS; i++) {
    const pair = { mine: await mine(), peer: await peer.round() };
    if (i === 0) continue;
    times.mine.push(pair.mine);
    times.peer.push(pair.peer);
    console.log(`round ${i}: ours ${pair.mine.toFixed(1)} ms, PyTorch ${pair.peer.toFixed(1)} ms per step`);
  }
  peer.stop();
  const [a, b] = [median(times.mine), median(times.peer)];
  return {
    ratio: b / a,
    ours: a,
    peer: b,
    unit: 'ms/step',
    peer_version: `torch ${peer.version}`,
    batch: BATCH,
    threads: THREADS,
    node: process.version,
  };
}

// Our exported LeNet5 on one image and on 1024 at a time, in Node and in Python's onnxruntime, from the same file.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileTrainStep, exportOnnx, LOSSES, OPTIMIZERS } from '@spatter/tensor';
import { pythonWith } from '../interop/python.ts';
import { lenet5 } from '../packages/pipeline/src/models/lenet5.ts';
import { startSide } from './peer.ts';
import { median, type BenchResult } from './result.ts';

const THREADS = 2;
const ROUNDS = 10;
/** One image is run by one thread of ours. */
const FEW_THREADS = 1;
/** Images per run, and runs per round: about a second each. */
const WORKS = [
  [1, 5000],
  [1024, 50],
] as const;

function exported(folder: string): string {
  const model = lenet5({ in_channels: 3, num_classes: 1 });
  const inputShape = [1, 32, 32] as const;
  const step = compileTrainStep({
    model,
    inputShape,
    loss: LOSSES.bce_with_logits,
    optimizer: OPTIMIZERS.adam(),
  });
  const file = join(folder, 'lenet5.onnx');
  writeFileSync(file, exportOnnx({ model, state: step.initialState(0), inputShape, output: 'probability' }));
  return file;
}

async function compare(python: string, file: string, batch: number, runs: number) {
  const args = [file, batch, THREADS, runs].map(String);
  const script = (name: string) => join(import.meta.dirname, name);
  const mine = await startSide(process.execPath, ['--import', 'tsx', script('infer-side.ts'), ...args]);
  const peer = await startSide(python, [script('python/infer_onnxruntime.py'), ...args]);
  const times: { mine: number[]; peer: number[] } = { mine: [], peer: [] };
  for (let i = 0; i < ROUNDS; i++) {
    times.mine.push(await mine.round());
    times.peer.push(await peer.round());
  }
  const [memory, peerMemory] = [await mine.stop(), await peer.stop()];
  const [ours, theirs] = [median(times.mine), median(times.peer)];
  console.log(
    `batch ${batch}: ours ${ours.toFixed(3)} ms, onnxruntime in Python ${theirs.toFixed(3)} ms a run`,
  );
  const best = { ours: Math.min(...times.mine), peer: Math.min(...times.peer) };
  return { ours, peer: theirs, ratio: theirs / ours, best, version: peer.version, memory, peerMemory };
}

/** Milliseconds for one image and one thread, in turn: of the native part of onnxruntime-node, and of ONNX Runtime alone. */
async function partsOfOne(python: string, file: string): Promise<{ binding: number; runtime: number }> {
  const [batch, runs] = WORKS[0];
  const args = [file, ...[batch, FEW_THREADS, runs].map(String)];
  const script = (name: string) => join(import.meta.dirname, name);
  const binding = await startSide(process.execPath, [
    ...['--import', 'tsx', script('infer-side.ts'), ...args],
    'binding',
  ]);
  const runtime = await startSide(python, [script('python/infer_onnxruntime.py'), ...args, 'bound']);
  const times: { binding: number[]; runtime: number[] } = { binding: [], runtime: [] };
  for (let i = 0; i < ROUNDS; i++) {
    times.binding.push(await binding.round());
    times.runtime.push(await runtime.round());
  }
  await Promise.all([binding.stop(), runtime.stop()]);
  return { binding: median(times.binding), runtime: median(times.runtime) };
}

export async function run(): Promise<BenchResult> {
  const python = process.env['SPATTER_PYTHON'] ?? pythonWith(['onnxruntime==1.32.0', 'numpy==2.4.6']);
  const folder = mkdtempSync(join(tmpdir(), 'spatter-bench-'));
  try {
    const file = exported(folder);
    const [one, many] = [await compare(python, file, ...WORKS[0]), await compare(python, file, ...WORKS[1])];
    const parts = await partsOfOne(python, file);
    return {
      ratio: Math.min(one.ratio, many.ratio),
      ours: many.ours,
      peer: many.peer,
      unit: 'ms per 1024 images',
      peer_version: `onnxruntime ${many.version}`,
      ours_of_one: one.ours,
      peer_of_one: one.peer,
      ratio_of_one: one.ratio,
      binding_of_one: parts.binding,
      runtime_of_one: parts.runtime,
      best: many.best,
      best_of_one: one.best,
      memory_mib: many.memory,
      peer_memory_mib: many.peerMemory,
      threads: THREADS,
      node: process.version,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

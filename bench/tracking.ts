// What tracking costs a LeNet5 train step (batch 1024): rounds with every step logged to mlflow.db, in turn with rounds without.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTracker, type TrackedRun } from '../packages/pipeline/src/tracking/index.ts';
import { lenet5Steps } from './lenet5-steps.ts';
import { median, type BenchResult } from './result.ts';

const ROUNDS = 30;
const STEPS_PER_ROUND = 10;

export async function run(): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-bench-'));
  const onTrouble = (line: string): never => {
    throw new Error(line);
  };
  const tracker = await openTracker(`sqlite:///${folder}/mlflow.db`, { now: Date.now, onTrouble });
  const tracked = tracker.startRun({ experiment: 'bench', name: 'lenet5' });
  try {
    const { plain, logged } = await measure(tracked);
    await tracked.end('FINISHED');
    await tracker.close();
    const [a, b] = [median(logged), median(plain)];
    // Pairs, not the two medians: whatever else the machine does slows both of a pair.
    const cost = median(logged.map((ms, i) => ms / plain[i]! - 1));
    return {
      ...{
        ratio: 1 / (1 + cost),
        ours: a,
        peer: b,
        unit: 'ms/step',
        peer_version: 'the same step, not tracked',
      },
      ...{ slower_percent: 100 * cost, logged_every: 1, node: process.version },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds per step of each round, the two kinds in turn and each first in every other pair. */
async function measure(tracked: TrackedRun): Promise<{ plain: number[]; logged: number[] }> {
  const steps = lenet5Steps(STEPS_PER_ROUND);
  let step = 0;
  const log = (loss: number): void =>
    tracked.logMetrics({ 'step/train_loss': loss, 'step/train_accuracy': 0.5 }, ++step);
  const times: { plain: number[]; logged: number[] } = { plain: [], logged: [] };
  await steps(log);
  for (let round = 0; round < ROUNDS; round++) {
    for (const kind of round % 2 === 0 ? (['plain', 'logged'] as const) : (['logged', 'plain'] as const))
      times[kind].push(await steps(kind === 'logged' ? log : undefined));
  }
  return times;
}

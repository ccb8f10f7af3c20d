// What it costs that a state goes through JavaScript with every step: small batches one by one, beside several in one run.
import { parseArgs } from 'node:util';
import type { DeviceName } from '@spatter/tensor';
import { startTraining, type Side } from './peer.ts';
import { median, type BenchResult } from './result.ts';
import type { TrainingWorkName } from './training.ts';

const THREADS = 2;
const PER_RUN = 8;
const ROUNDS = 9;
/** Small batches, whose computation does not hide the state's way. */
const BATCH = 8;
const WORKS: TrainingWorkName[] = ['train-lenet5', 'train-resnet18', 'train-vit-tiny'];

/** `-- state [train-lenet5 …] [--device cuda] [--batch 8] [--rounds 9]`; `ratio` is the largest over the networks, details are by network. */
export async function run(): Promise<BenchResult> {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(3),
    allowPositionals: true,
    options: {
      device: { type: 'string', default: 'cpu' },
      batch: { type: 'string', default: String(BATCH) },
      rounds: { type: 'string', default: String(ROUNDS) },
    },
  });
  const rows: Record<string, unknown> = {};
  const ratios: number[] = [];
  const works = positionals.length > 0 ? (positionals as TrainingWorkName[]) : WORKS;
  for (const work of works) {
    const row = await compare(work, values.device as DeviceName, Number(values.batch), Number(values.rounds));
    console.log(`${work}: ${JSON.stringify(row)}`);
    rows[work] = row;
    ratios.push(row.ratio);
  }
  const ratio = Math.max(...ratios);
  const best = rows[works[ratios.indexOf(ratio)]!] as { together: number; apart: number };
  return {
    ratio,
    ours: best.together,
    peer: best.apart,
    unit: values.device === 'cpu' ? 'CPU ms/step' : 'ms/step',
    peer_version: 'ours, one step a run',
    device: values.device,
    batch: Number(values.batch),
    steps_per_run: PER_RUN,
    threads: THREADS,
    ...rows,
  };
}

/** Medians of rounds in turn: processor time on the processor, else wall time. */
async function compare(work: TrainingWorkName, device: DeviceName, batch: number, rounds: number) {
  const options = { work, device, threads: THREADS, steps: PER_RUN, batch };
  const apart = await startTraining({ ...options, stepsPerRun: 1 });
  const together = await startTraining({ ...options, stepsPerRun: PER_RUN });
  const measure = (side: Side) => (device === 'cpu' ? side.cpuRound() : side.round());
  const times: { apart: number[]; together: number[] } = { apart: [], together: [] };
  for (let i = 0; i < rounds; i++) {
    times.apart.push(await measure(apart));
    times.together.push(await measure(together));
  }
  const [one, many] = [median(times.apart), median(times.together)];
  return {
    ratio: one / many,
    apart: one,
    together: many,
    best_apart: Math.min(...times.apart),
    best_together: Math.min(...times.together),
    memory_apart_mib: await apart.stop(),
    memory_together_mib: await together.stop(),
    first_run_apart_s: apart.first_step_s,
    first_run_together_s: together.first_step_s,
  };
}

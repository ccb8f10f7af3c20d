// What a trial costs besides its objective, in a SQLite file that holds 1 000 and 10 000 trials, beside Optuna.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonWith, runPython } from '../interop/python.ts';
import {
  createStudy,
  floatDistribution,
  intDistribution,
  mersenneTwister,
  tpeSampler,
  type Distribution,
} from '../packages/hpo/src/index.ts';
import type { BenchResult } from './result.ts';

const PEER = join(import.meta.dirname, '../interop/python/optuna_peer.py');
const SIZES = [1000, 10_000] as const;
/** Trials before the clock starts: the engine compiles what they run. */
const WARM_UP = 30;
const MEASURED = 30;

const SPACE: Readonly<Record<string, Distribution>> = {
  ...Object.fromEntries([0, 1, 2, 3].map((i) => [`x${i}`, floatDistribution(0, 1)])),
  n: intDistribution(1, 64, { log: true }),
};

/** Milliseconds per trial: of the clock, and of the processor, which other work on the machine lengthens less. */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

/** Milliseconds per trial at 10 000 trials, TPE on four real and one integer parameter; `at_1000` has the smaller study's. */
export async function run(): Promise<BenchResult> {
  const python = pythonWith(['optuna==5.0.0']);
  const folder = mkdtempSync(join(tmpdir(), 'sweep-'));
  try {
    const results: { ours: Cost; peer: Cost }[] = [];
    for (const size of SIZES) {
      const ours = await measureOurs(join(folder, `ours-${size}.db`), size);
      const url = `sqlite:///${join(folder, `theirs-${size}.db`)}`;
      const counts = [size, WARM_UP, MEASURED].map(String);
      const peer = runPython<Cost>(python, PEER, ['bench', url, ...counts]);
      console.log(`${size} trials: ours ${words(ours)} a trial, Optuna ${words(peer)}`);
      results.push({ ours, peer });
    }
    const [small, large] = results as [(typeof results)[0], (typeof results)[0]];
    const { ours, peer } = { ours: large.ours.wall, peer: large.peer.wall };
    const rest = { unit: 'ms/trial', peer_version: 'optuna 5.0.0', at_1000: small, at_10000: large };
    return { ratio: peer / ours, ours, peer, ...rest };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function words({ wall, cpu }: Cost): string {
  return `${wall.toFixed(2)} ms (${cpu.toFixed(2)} ms of the processor)`;
}

async function measureOurs(path: string, existing: number): Promise<Cost> {
  const study = await createStudy({ storage: path, sampler: tpeSampler(), seed: 1 });
  const random = mersenneTwister(0);
  for (let i = 0; i < existing; i++) {
    const params = {
      ...Object.fromEntries([0, 1, 2, 3].map((k) => [`x${k}`, random()])),
      n: 1 + Math.floor(63 * random()),
    };
    await study.addTrial({ params, distributions: SPACE, values: [random()] });
  }
  const trials = async (count: number): Promise<void> => {
    await study.optimize(
      (trial) => Object.entries(SPACE).map(([name, d]) => trial.suggest(name, d))[0] as number,
      { trials: count },
    );
  };
  await trials(WARM_UP);
  const [start, before] = [performance.now(), process.cpuUsage()];
  await trials(MEASURED);
  const wall = (performance.now() - start) / MEASURED;
  const { user, system } = process.cpuUsage(before);
  await study.storage.close();
  return { wall, cpu: (user + system) / 1000 / MEASURED };
}

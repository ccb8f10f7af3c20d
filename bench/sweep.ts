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

/** Milliseconds per trial at 10 000 trials, TPE on four real and one integer parameter; `at_1000` has the smaller study's. */
export async function run(): Promise<BenchResult> {
  const python = pythonWith(['optuna==5.0.0']);
  const folder = mkdtempSync(join(tmpdir(), 'sweep-'));
  try {
    const results: { ours: number; peer: number }[] = [];
    for (const size of SIZES) {
      const ours = await measureOurs(join(folder, `ours-${size}.db`), size);
      const url = `sqlite:///${join(folder, `theirs-${size}.db`)}`;
      const peer = runPython<number>(python, PEER, [
        'bench',
        url,
        String(size),
        String(WARM_UP),
        String(MEASURED),
      ]);
      console.log(`${size} trials: ours ${ours.toFixed(2)} ms a trial, Optuna ${peer.toFixed(2)} ms`);
      results.push({ ours, peer });
    }
    const [small, large] = results as [(typeof results)[0], (typeof results)[0]];
    const rest = { unit: 'ms/trial', peer_version: 'optuna 5.0.0', at_1000: small };
    return { ratio: large.peer / large.ours, ...large, ...rest };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureOurs(path: string, existing: number): Promise<number> {
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
  const start = performance.now();
  await trials(MEASURED);
  const milliseconds = (performance.now() - start) / MEASURED;
  await study.storage.close();
  return milliseconds;
}

// Suggestions of our samplers beside those of the real Optuna, number by number.
import { isDeepStrictEqual } from 'node:util';
import {
  createStudy,
  gridSampler,
  mersenneTwister,
  noPruner,
  nsga2Sampler,
  randomSampler,
  tpeSampler,
  type Random,
  type Sampler,
} from '../packages/hpo/src/index.ts';
import type { Checks } from './checks.ts';
import { askOptuna, optunaStreams, solve } from './optuna-peer.ts';

type Stream = (seed: number) => (trial: number) => Random;
const oneStream: Stream = (seed) => {
  const stream = mersenneTwister(seed);
  return () => stream;
};

/** By Optuna's name of a sampler: ours, and its random stream. */
const SAMPLERS: Readonly<Record<string, readonly [() => Sampler, Stream]>> = {
  random: [randomSampler, oneStream],
  tpe: [tpeSampler, optunaStreams],
  independent: [() => tpeSampler({ multivariate: false }), optunaStreams],
  grouped: [() => tpeSampler({ group: true }), optunaStreams],
  'nsga2-one-stream': [() => nsga2Sampler({ populationSize: 20 }), oneStream],
};

/** Problem, sampler, trials: NSGA-II needs more, for a dozen generations of 20. */
const CASES = [
  ['branin', 'random', 100],
  ['mixed', 'random', 100],
  ['branin', 'tpe', 100],
  ['hartmann6', 'tpe', 100],
  ['mixed', 'tpe', 100],
  ['mixed', 'independent', 100],
  ['mixed', 'grouped', 100],
  ['zdt1', 'tpe', 100],
  ['zdt2', 'tpe', 100],
  ['zdt1', 'nsga2-one-stream', 300],
  ['zdt2', 'nsga2-one-stream', 300],
  ['crowded', 'nsga2-one-stream', 300],
  ['mixed', 'nsga2-one-stream', 300],
] as const;

/** Given the same draws, both suggest the same values, trial by trial. */
export async function checkSequences(checks: Checks, python: string): Promise<void> {
  for (const [problem, sampler, count] of CASES) await checkSequence(checks, python, problem, sampler, count);
  await checkGrid(checks, python);
}

async function checkSequence(
  checks: Checks,
  python: string,
  problem: string,
  name: string,
  count: number,
): Promise<void> {
  const [sampler, stream] = SAMPLERS[name]!;
  const study = await solve(problem, count, { sampler: sampler(), random: stream(3), pruner: noPruner() });
  type Theirs = readonly (readonly [Record<string, unknown>, readonly number[]])[];
  const theirs = askOptuna<Theirs>(python, 'sequence', problem, name, 3, count);
  const trials = await study.trials();
  const first = trials.findIndex((trial, i) => !closeParams(trial.params, theirs[i]![0]));
  const label = `${name} suggests what Optuna does on ${problem}, ${count} trials`;
  checks.check(label, first < 0, `trial ${first} differs`);
}

async function checkGrid(checks: Checks, python: string): Promise<void> {
  const grid = gridSampler({ x: [0, 1, 2, 3, 4, 5, 6], kind: ['a', 'b'] });
  const study = await createStudy({ sampler: grid });
  await study.optimize(
    (trial) => trial.suggestInt('x', 0, 6) + trial.suggestCategorical('kind', ['a', 'b']).length,
  );
  const points = (await study.trials()).map(({ params }) => [params['kind'], params['x']]);
  checks.check(
    'a grid has the order of Optuna',
    isDeepStrictEqual(points, askOptuna(python, 'grid')),
    JSON.stringify(points),
  );
}

function closeParams(
  ours: Readonly<Record<string, unknown>>,
  theirs: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(theirs).every(([name, value]) => {
    const own = ours[name];
    if (typeof own !== 'number' || typeof value !== 'number') return own === value;
    return Math.abs(own - value) <= 1e-9 * Math.max(1, Math.abs(value));
  });
}

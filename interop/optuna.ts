// Checks @spatter/hpo against the real Optuna: storages both ways, suggestions number by number, pruning, search quality.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  TrialPruned,
  constraintsOf,
  createStudy,
  distributionFromJson,
  distributionToJson,
  gridSampler,
  hyperbandPruner,
  hypervolume,
  loadStudy,
  medianPruner,
  mersenneTwister,
  noPruner,
  nsga2Sampler,
  patientPruner,
  percentilePruner,
  randomSampler,
  successiveHalvingPruner,
  thresholdPruner,
  tpeSampler,
  type FrozenTrial,
  type Pruner,
  type Sampler,
  type Study,
  type Trial,
} from '../packages/hpo/src/index.ts';
import { branin, hartmann6, learning, mixed, zdt } from '../packages/hpo/src/samplers/testing/problems.ts';
import type { Checks } from './checks.ts';
import { pythonWith, runPython } from './python.ts';

/** What Optuna runs in. */
export const OPTUNA = ['optuna==5.0.0'];
const SCRIPT = join(import.meta.dirname, 'python/optuna_peer.py');

/** Asks the real Optuna. */
export function askOptuna<T>(python: string, command: string, ...args: readonly (string | number)[]): T {
  return runPython<T>(python, SCRIPT, [command, ...args.map(String)]);
}

export async function run(checks: Checks): Promise<void> {
  const python = pythonWith(OPTUNA);
  const folder = mkdtempSync(join(tmpdir(), 'optuna-'));
  try {
    checkDistributions(checks, python);
    await checkStorage(checks, python, `sqlite:///${join(folder, 'ours.db')}`, 'ours first');
    await checkStorage(checks, python, `sqlite:///${join(folder, 'theirs.db')}`, 'theirs first');
    await checkStorage(checks, python, `journal:${join(folder, 'ours.log')}`, 'ours first');
    await checkStorage(checks, python, `journal:${join(folder, 'theirs.log')}`, 'theirs first');
    await checkSequences(checks, python);
    await checkPruners(checks, python);
    await checkQuality(checks, python);
    await checkFronts(checks, python);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same JSON without the numbers that JSON does not have; what Python leaves out is left out. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, v: unknown) =>
    typeof v === 'number' && !Number.isFinite(v) ? String(v) : v,
  );
  return JSON.parse(text) as unknown;
}

function checkDistributions(checks: Checks, python: string): void {
  const texts = [
    '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}',
    '{"name": "FloatDistribution", "attributes": {"step": 0.25, "low": 0.0, "high": 1.0, "log": false}}',
    '{"name": "IntDistribution", "attributes": {"log": false, "step": 2, "low": 1, "high": 9}}',
    '{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 64}}',
    '{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true, 1.5, "\\u00fc"]}}',
    '{"name": "DiscreteUniformDistribution", "attributes": {"low": 0.0, "high": 1.0, "q": 0.1}}',
    '{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 9, "step": 1}}',
  ];
  const ours = texts.map((text) => distributionToJson(distributionFromJson(text)));
  const theirs = askOptuna<unknown[]>(python, 'distributions', ...ours);
  const same = isDeepStrictEqual(
    theirs,
    ours.map((text) => JSON.parse(text) as unknown),
  );
  checks.check('distributions: their reading of ours is ours', same, JSON.stringify(theirs));
  const current = texts.slice(0, 5);
  checks.check(
    'distributions: ours equal theirs',
    isDeepStrictEqual(askOptuna(python, 'distributions', ...current), theirs.slice(0, 5)),
  );
}

interface Dump {
  readonly directions: readonly string[];
  readonly user: unknown;
  readonly trials: readonly unknown[];
  readonly best: number;
}

function described(trial: FrozenTrial): unknown {
  const distributions = Object.entries(trial.distributions).map(
    ([k, d]) => [k, JSON.parse(distributionToJson(d)) as unknown] as const,
  );
  return {
    number: trial.number,
    state: trial.state,
    values: trial.values ?? null,
    params: trial.params,
    distributions: Object.fromEntries(distributions),
    user: trial.userAttrs,
    system: trial.systemAttrs,
    intermediate: Object.fromEntries(trial.intermediateValues),
    constraints: constraintsOf(trial),
    started: trial.startedAt?.getTime() ?? null,
    completed: trial.completedAt?.getTime() ?? null,
  };
}

async function dump(address: string): Promise<Dump> {
  const study = await loadStudy({ storage: address, name: 'shared' });
  const trials = (await study.trials()).map(described);
  const { user } = await study.attributes();
  const best = (await study.bestTrial()).number;
  await study.storage.close();
  return plain({ directions: study.directions, user, trials, best }) as Dump;
}

/** The objective that `everything` is in Python. */
function everything(trial: Trial): number {
  const x = trial.suggestFloat('x', -1, 2);
  trial.suggestFloat('lr', 1e-5, 1e-1, { log: true });
  trial.suggestFloat('drop', 0, 0.5, { step: 0.1 });
  trial.suggestInt('depth', 1, 9, { step: 2 });
  trial.suggestInt('width', 1, 64, { log: true });
  trial.suggestCategorical('kind', ['sgd', 'adam', null, true, 1.5]);
  if (trial.number % 2 === 1) trial.suggestInt('only_odd', 0, 3);
  trial.setUserAttr('note', { text: 'größer', list: [1, null, NaN] });
  trial.setConstraint('limit', x - 1);
  trial.report(x, 0);
  trial.report(trial.number % 3 === 0 ? NaN : Infinity, 1);
  if (trial.number % 5 === 4) throw new TrialPruned();
  if (trial.number % 5 === 3) return NaN;
  return trial.number % 7 === 6 ? -Infinity : x * x;
}

async function write(address: string, count: number): Promise<void> {
  const study = await createStudy({
    storage: address,
    name: 'shared',
    loadIfExists: true,
    pruner: noPruner(),
  });
  await study.setUserAttr('by us', [1, NaN]);
  await study.enqueue({ x: 0.125, kind: null }, { userAttrs: { why: 'known' } });
  await study.optimize(everything, { trials: count });
  await study.enqueue({ x: 0.25 });
  await study.storage.close();
}

/** Both write in turn, three times; after each both must read the same. */
async function checkStorage(
  checks: Checks,
  python: string,
  address: string,
  order: 'ours first' | 'theirs first',
): Promise<void> {
  const label = `${address.split(':')[0]!}, ${order}`;
  const offset = order === 'ours first' ? 0 : 1;
  for (let turn = 0; turn < 3; turn++) {
    if ((turn + offset) % 2 === 0) await write(address, 20);
    else askOptuna(python, 'write', address, 20);
    const [ours, theirs] = [await dump(address), askOptuna<Dump>(python, 'dump', address)];
    checks.check(
      `${label}, turn ${turn + 1}: study equal`,
      isDeepStrictEqual({ ...ours, trials: 0 }, { ...theirs, trials: 0 }),
    );
    const different = ours.trials.findIndex((trial, i) => !isDeepStrictEqual(trial, theirs.trials[i]));
    const detail = `${JSON.stringify(ours.trials[different])} ${JSON.stringify(theirs.trials[different])}`;
    const same = different < 0 && ours.trials.length === theirs.trials.length;
    checks.check(`${label}, turn ${turn + 1}: ${ours.trials.length} trials equal`, same, detail);
  }
}

type Problem = (trial: Trial) => number | readonly number[];
const PROBLEMS: Readonly<Record<string, readonly [Problem, number]>> = {
  branin: [branin, 1],
  hartmann6: [hartmann6, 1],
  mixed: [mixed, 1],
  zdt1: [zdt(1), 2],
  zdt2: [zdt(2), 2],
};
const SAMPLERS: Readonly<Record<string, () => Sampler>> = {
  random: randomSampler,
  tpe: tpeSampler,
  independent: () => tpeSampler({ multivariate: false }),
  grouped: () => tpeSampler({ group: true }),
};

async function solve(
  problem: string,
  trials: number,
  options: Parameters<typeof createStudy>[0],
): Promise<Study> {
  const [objective, objectives] = PROBLEMS[problem]!;
  const study = await createStudy({ directions: Array<'minimize'>(objectives).fill('minimize'), ...options });
  await study.optimize(objective, { trials });
  return study;
}

/** Optuna's TPE draws its first ten trials from a second generator with the same seed. */
function optunaStreams(seed: number): (trial: number) => () => number {
  const [startup, model] = [mersenneTwister(seed), mersenneTwister(seed)];
  return (trial) => (trial < 10 ? startup : model);
}

async function checkSequences(checks: Checks, python: string): Promise<void> {
  const cases = [
    ['branin', 'random'], ['mixed', 'random'],
    ['branin', 'tpe'], ['hartmann6', 'tpe'], ['mixed', 'tpe'],
    ['mixed', 'independent'], ['mixed', 'grouped'], ['zdt1', 'tpe'], ['zdt2', 'tpe'],
  ] as const; // prettier-ignore
  for (const [problem, sampler] of cases) {
    const stream = mersenneTwister(3);
    const random = sampler === 'random' ? () => stream : optunaStreams(3);
    const study = await solve(problem, 100, { sampler: SAMPLERS[sampler]!(), random, pruner: noPruner() });
    const theirs = askOptuna<[Record<string, unknown>, number[]][]>(
      python,
      'sequence',
      problem,
      sampler,
      3,
      100,
    );
    const trials = await study.trials();
    const first = trials.findIndex((trial, i) => !closeParams(trial.params, theirs[i]![0]));
    checks.check(
      `${sampler} suggests what Optuna does on ${problem}, 100 trials`,
      first < 0,
      `trial ${first} differs`,
    );
  }
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

const PRUNERS: Readonly<Record<string, () => Pruner>> = {
  median: () => medianPruner({ startupTrials: 3, warmupSteps: 1 }),
  percentile: () => percentilePruner(25, { startupTrials: 2, intervalSteps: 2, minTrials: 2 }),
  halving: () => successiveHalvingPruner({ minResource: 1, reductionFactor: 2 }),
  'halving-auto': () => successiveHalvingPruner(),
  hyperband: () => hyperbandPruner({ maxResource: 27 }),
  'hyperband-auto': () => hyperbandPruner(),
  patient: () => patientPruner(medianPruner(), { patience: 2, minDelta: 0.05 }),
  threshold: () => thresholdPruner({ lower: 0.1, upper: 2.2, warmupSteps: 2 }),
};

async function checkPruners(checks: Checks, python: string): Promise<void> {
  const stop = (): never => {
    throw new TrialPruned();
  };
  for (const [name, pruner] of Object.entries(PRUNERS)) {
    for (const direction of ['minimize', 'maximize'] as const) {
      const theirs = askOptuna<[string, number, number][]>(python, 'pruned', name, direction);
      // Every x is given: whom Hyperband's samplers learn from is checked by the brackets.
      const study = await createStudy({
        name: 'pruned',
        direction,
        pruner: pruner(),
        sampler: randomSampler(),
      });
      for (const [, , x] of theirs) await study.enqueue({ x });
      await study.optimize((trial) => learning(trial, stop), { trials: theirs.length });
      const ours = (await study.trials()).map((trial) => [
        trial.state,
        trial.intermediateValues.size,
        trial.params['x'],
      ]);
      const first = ours.findIndex((trial, i) => !isDeepStrictEqual(trial, theirs[i]));
      const count = theirs.filter(([state]) => state === 'PRUNED').length;
      const detail = `trial ${first}: ${JSON.stringify(ours[first])} ${JSON.stringify(theirs[first])}`;
      checks.check(`${name} prunes the same ${count} of 60, ${direction}`, first < 0, detail);
    }
  }
}

const SEEDS = 20;

/**
 * With Optuna's random streams our search must be as good seed by seed. With our own streams its luck differs: then a
 * permutation test must not find our median worse.
 */
async function checkQuality(checks: Checks, python: string): Promise<void> {
  for (const [problem, trials] of [
    ['branin', 60],
    ['hartmann6', 100],
  ] as const) {
    const theirs = askOptuna<number[]>(python, 'quality', problem, 'tpe', SEEDS, trials);
    const best = async (options: Parameters<typeof createStudy>[0]): Promise<number> => {
      const study = await solve(problem, trials, { sampler: tpeSampler(), pruner: noPruner(), ...options });
      return (await study.bestTrial()).values![0]!;
    };
    const [same, own]: [number[], number[]] = [[], []];
    for (let seed = 0; seed < SEEDS; seed++) {
      same.push(await best({ random: optunaStreams(seed) }));
      own.push(await best({ seed }));
    }
    const label = `TPE on ${problem}, ${trials} trials, median of ${SEEDS} seeds`;
    const [a, b, c] = [median(same), median(theirs), median(own)].map((value) => value.toFixed(4));
    checks.check(
      `${label}: ours ${a!}, theirs ${b!} with the same draws`,
      median(same) <= median(theirs) + 1e-6,
    );
    const chance = chanceOfWorse(own, theirs);
    checks.check(
      `${label}: ours ${c!} with draws of our own, by chance with probability ${chance.toFixed(2)}`,
      chance > 0.01,
    );
  }
}

const POPULATION = 20;
const FRONT_TRIALS = 300;

/** NSGA-II of both by the hypervolume of all trials below (1.1, 11); a permutation test must not find ours worse. */
async function checkFronts(checks: Checks, python: string): Promise<void> {
  const volume = (values: readonly (readonly number[])[]): number => hypervolume(values, [1.1, 11]);
  for (const problem of ['zdt1', 'zdt2'] as const) {
    const runs = askOptuna<number[][][]>(python, 'quality', problem, 'nsga2', SEEDS, FRONT_TRIALS);
    const theirs = runs.map(volume);
    const ours: number[] = [];
    for (let seed = 0; seed < SEEDS; seed++) {
      const study = await solve(problem, FRONT_TRIALS, {
        sampler: nsga2Sampler({ populationSize: POPULATION }),
        seed,
      });
      ours.push(volume((await study.trials()).map((trial) => trial.values!)));
    }
    const negative = (values: readonly number[]): number[] => values.map((value) => -value);
    const chance = chanceOfWorse(negative(ours), negative(theirs));
    const [own, their] = [median(ours), median(theirs)].map((value) => value.toFixed(4));
    const label = `NSGA-II on ${problem}, ${FRONT_TRIALS} trials, median hypervolume of ${SEEDS} seeds`;
    checks.check(
      `${label}: ours ${own!}, theirs ${their!}, by chance with probability ${chance.toFixed(2)}`,
      chance > 0.01,
    );
  }
}

/** How often a random division of all values has a median at least as much worse as ours is. */
function chanceOfWorse(ours: readonly number[], theirs: readonly number[]): number {
  const random = mersenneTwister(1);
  const difference = median(ours) - median(theirs);
  let worse = 0;
  for (let round = 0; round < 2000; round++) {
    const pool = [...ours, ...theirs]
      .map((value) => ({ value, key: random() }))
      .sort((a, b) => a.key - b.key);
    const values = pool.map(({ value }) => value);
    if (median(values.slice(0, ours.length)) - median(values.slice(ours.length)) >= difference) worse++;
  }
  return worse / 2000;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}

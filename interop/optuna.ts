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
  hyperbandPruner,
  loadStudy,
  medianPruner,
  noPruner,
  patientPruner,
  percentilePruner,
  randomSampler,
  successiveHalvingPruner,
  thresholdPruner,
  type FrozenTrial,
  type Pruner,
  type Trial,
} from '../packages/hpo/src/index.ts';
import { learning } from '../packages/hpo/src/samplers/testing/problems.ts';
import type { Checks } from './checks.ts';
import { OPTUNA, askOptuna } from './optuna-peer.ts';
import { checkFronts, checkQuality } from './optuna-quality.ts';
import { checkSequences } from './optuna-sequences.ts';
import { pythonWith } from './python.ts';

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

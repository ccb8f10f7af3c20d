// How good our search is beside the real Optuna's, at equal numbers of trials, over many seeds.
import type { createStudy } from '../packages/hpo/src/index.ts';
import {
  hypervolume,
  mersenneTwister,
  noPruner,
  nsga2Sampler,
  tpeSampler,
} from '../packages/hpo/src/index.ts';
import type { Checks } from './checks.ts';
import { askOptuna, optunaStreams, solve } from './optuna-peer.ts';

const SEEDS = 20;

/**
 * With Optuna's random streams our search must be as good seed by seed. With our own streams its luck differs: then a
 * permutation test must not find our median worse.
 */
export async function checkQuality(checks: Checks, python: string): Promise<void> {
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
export async function checkFronts(checks: Checks, python: string): Promise<void> {
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

// NSGA-II: generations of trials, in which the least dominated and least crowded become the parents of the next.
import { dominates } from '../analysis/pareto.ts';
import { contains, isSingle, toInternal } from '../distributions.ts';
import { requireArgument } from '../errors.ts';
import { commonSpace, type SearchSpace } from '../search-space.ts';
import { losses, violation, type Direction, type FrozenTrial, type Params } from '../trial-record.ts';
import { selectElite } from './nsga2-elite.ts';
import { uniformValue } from './random.ts';
import type { Sampler, SamplingContext } from './sampler.ts';

export interface Nsga2Options {
  /** Completed trials per generation, at least 2. Default 50. */
  readonly populationSize?: number;
  /** Chance that a child has two parents. Default 0.9. */
  readonly crossover?: number;
  /** Chance that a parameter comes from the second parent. Default 0.5. */
  readonly swapping?: number;
  /** Chance that a parameter is drawn anew. Default: one over the number of parameters. */
  readonly mutation?: number;
}

/** The system attribute that Optuna's sampler uses. */
const GENERATION = 'NSGAIISampler:generation';

/**
 * NSGA-II (Deb et al., 2002) with uniform crossover and constraints, draw for draw as Optuna's `NSGAIISampler`. Of
 * several objectives it finds a front; TPE usually needs fewer trials.
 */
export function nsga2Sampler(options: Nsga2Options = {}): Sampler {
  const { populationSize = 50, crossover = 0.9, swapping = 0.5, mutation } = options;
  requireArgument(populationSize >= 2, `populationSize must be at least 2, but got ${populationSize}`);
  for (const [name, chance] of Object.entries({ crossover, swapping, mutation: mutation ?? 0 })) {
    requireArgument(chance >= 0 && chance <= 1, `${name} must lie in 0…1, but got ${chance}`);
  }
  const parentsOf = rememberedParents(populationSize);
  return {
    sampleJoint(context) {
      const completed = context.trials.filter((trial) => trial.state === 'COMPLETE');
      const known = context.trial.systemAttrs[GENERATION];
      const generation = typeof known === 'number' ? known : nextGeneration(completed, populationSize);
      const systemAttrs = { [GENERATION]: generation };
      const parents = parentsOf(completed, generation, context.directions);
      const space = searchable(commonSpace(completed));
      const names = Object.keys(space);
      if (parents.length === 0 || names.length === 0) return { systemAttrs };
      const child = breed(parents, space, context, { crossover, swapping });
      const rate = mutation ?? 1 / names.length;
      // What mutates is left out here, and drawn anew when it is asked for.
      const kept = Object.entries(child).filter(() => context.random() >= rate);
      return { systemAttrs, params: Object.fromEntries(kept) };
    },
    sampleOne: (context, _, distribution) => uniformValue(distribution, context.random),
  };
}

function searchable(space: SearchSpace): SearchSpace {
  return Object.fromEntries(Object.entries(space).filter(([, distribution]) => !isSingle(distribution)));
}

function generationOf(trial: FrozenTrial): number {
  const generation = trial.systemAttrs[GENERATION];
  return typeof generation === 'number' ? generation : -1;
}

/** The newest generation, or the one after when that has enough completed trials. */
function nextGeneration(completed: readonly FrozenTrial[], populationSize: number): number {
  const newest = completed.reduce((most, trial) => Math.max(most, generationOf(trial)), 0);
  const size = completed.filter((trial) => generationOf(trial) === newest).length;
  return size < populationSize ? newest : newest + 1;
}

type Parents = (
  completed: readonly FrozenTrial[],
  generation: number,
  directions: readonly Direction[],
) => readonly FrozenTrial[];

/** The parents of a generation, chosen once: trials of an older one that end later no longer change them. */
function rememberedParents(populationSize: number): Parents {
  // By a study's first trial, an object that no other study has.
  const studies = new WeakMap<FrozenTrial, Map<number, readonly FrozenTrial[]>>();
  const parents: Parents = (completed, generation, directions) => {
    if (generation === 0 || completed.length === 0) return [];
    const chosen = studies.get(completed[0]!) ?? new Map<number, readonly FrozenTrial[]>();
    studies.set(completed[0]!, chosen);
    const known = chosen.get(generation);
    if (known !== undefined) return known;
    const before = completed.filter((trial) => generationOf(trial) === generation - 1);
    const population = [...before, ...parents(completed, generation - 1, directions)];
    const elite = selectElite(population, directions, populationSize);
    chosen.set(generation, elite);
    return elite;
  };
  return parents;
}

/** A child of one parent or two. When bounds have changed so that it lies outside, another pair is tried. */
function breed(
  parents: readonly FrozenTrial[],
  space: SearchSpace,
  { random, directions }: SamplingContext,
  { crossover, swapping }: { crossover: number; swapping: number },
): Params {
  const pick = (among: readonly FrozenTrial[]): FrozenTrial => among[Math.floor(random() * among.length)]!;
  const inherit = (names: readonly string[], choose: () => FrozenTrial): Params =>
    Object.fromEntries(names.map((name) => [name, choose().params[name]!]));
  if (random() >= crossover || parents.length < 2) {
    const parent = pick(parents);
    return inherit(Object.keys(space), () => parent);
  }
  const names = choicesFirst(space);
  for (let attempt = 0; ; attempt++) {
    const first = tournament(pick(parents), pick(parents), directions);
    const others = parents.filter((parent) => parent !== first);
    const second = tournament(pick(others), pick(others), directions);
    const child = inherit(names, () => (random() >= swapping ? second : first));
    if (attempt === 20 || isInside(child, space)) return child;
  }
}

/** The order in which Optuna's crossover draws parameters. */
function choicesFirst(space: SearchSpace): string[] {
  const names = Object.keys(space);
  const isChoice = (name: string): boolean => space[name]!.name === 'CategoricalDistribution';
  return [...names.filter(isChoice), ...names.filter((name) => !isChoice(name))];
}

function isInside(params: Params, space: SearchSpace): boolean {
  return Object.entries(params).every(([name, value]) =>
    contains(space[name]!, toInternal(space[name]!, value)),
  );
}

/** The first of two when it is feasible and the second is not, violates less, or dominates. */
function tournament(a: FrozenTrial, b: FrozenTrial, directions: readonly Direction[]): FrozenTrial {
  const [ofA, ofB] = [violation(a), violation(b)];
  if (ofA !== ofB) return ofA < ofB ? a : b;
  return dominates(losses(a, directions), losses(b, directions)) ? a : b;
}

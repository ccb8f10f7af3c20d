// NSGA-II: generations of trials, in which the least dominated and least crowded become the parents of the next.
import { nonDominationRanks, dominates } from '../analysis/pareto.ts';
import { contains, isSingle, toInternal } from '../distributions.ts';
import { requireArgument } from '../errors.ts';
import { commonSpace, type SearchSpace } from '../search-space.ts';
import { losses, violation, type Direction, type FrozenTrial, type Params } from '../trial-record.ts';
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
 * NSGA-II (Deb et al., 2002) with uniform crossover and constraints, as Optuna's `NSGAIISampler`. Of several objectives
 * it finds a front; TPE usually needs fewer trials.
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
      const kept = names.filter(() => context.random() >= rate);
      return { systemAttrs, params: Object.fromEntries(kept.map((name) => [name, child[name]!])) };
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
  const chosen = new Map<string, readonly FrozenTrial[]>();
  const parents: Parents = (completed, generation, directions) => {
    if (generation === 0 || completed.length === 0) return [];
    const key = `${completed[0]!.id} ${generation}`;
    const known = chosen.get(key);
    if (known !== undefined) return known;
    const before = completed.filter((trial) => generationOf(trial) === generation - 1);
    const elite = selectElite(
      [...before, ...parents(completed, generation - 1, directions)],
      directions,
      populationSize,
    );
    chosen.set(key, elite);
    return elite;
  };
  return parents;
}

/** Whole fronts while they fit; of the next the least crowded. Infeasible trials rank behind, by their violation. */
export function selectElite(
  population: readonly FrozenTrial[],
  directions: readonly Direction[],
  size: number,
): FrozenTrial[] {
  const feasible = population.filter((trial) => violation(trial) === 0);
  const ranks = nonDominationRanks(feasible.map((trial) => losses(trial, directions)));
  const fronts: FrozenTrial[][] = [];
  feasible.forEach((trial, i) => (fronts[ranks[i]!] ??= []).push(trial));
  const infeasible = population.filter((trial) => violation(trial) > 0);
  const worse = infeasible.sort((a, b) => violation(a) - violation(b)).map((trial) => [trial]);
  const elite: FrozenTrial[] = [];
  for (const front of [...fronts, ...worse]) {
    const room = size - elite.length;
    if (room === 0) break;
    elite.push(...(front.length <= room ? front : leastCrowded(front, room)));
  }
  return elite;
}

function leastCrowded(front: readonly FrozenTrial[], count: number): FrozenTrial[] {
  const distances = crowdingDistances(front.map((trial) => trial.values!));
  const order = front.map((_, i) => i).sort((a, b) => distances[b]! - distances[a]!);
  return order.slice(0, count).map((i) => front[i]!);
}

/** The sum over objectives of the relative gap between a point's neighbours; the outermost points count as infinitely far. */
export function crowdingDistances(values: readonly (readonly number[])[]): number[] {
  const distances = new Array<number>(values.length).fill(0);
  for (let objective = 0; objective < (values[0]?.length ?? 0); objective++) {
    const order = values.map((_, i) => i).sort((a, b) => values[a]![objective]! - values[b]![objective]!);
    const at = (place: number): number => values[order[place]!]![objective]!;
    const finite = order.map((_, place) => at(place)).filter(Number.isFinite);
    if (at(0) === at(order.length - 1)) continue;
    const width = finite.length > 0 && finite.at(-1)! > finite[0]! ? finite.at(-1)! - finite[0]! : 1;
    order.forEach((i, place) => {
      const [below, above] = [
        place > 0 ? at(place - 1) : -Infinity,
        place < order.length - 1 ? at(place + 1) : Infinity,
      ];
      if (below !== above) distances[i]! += (above - below) / width;
    });
  }
  return distances;
}

/** A child of one parent or two. When bounds have changed so that it lies outside, another pair is tried. */
function breed(
  parents: readonly FrozenTrial[],
  space: SearchSpace,
  { random, directions }: SamplingContext,
  { crossover, swapping }: { crossover: number; swapping: number },
): Params {
  const names = Object.keys(space).filter((name) => parents.every((parent) => name in parent.params));
  const pick = (among: readonly FrozenTrial[]): FrozenTrial => among[Math.floor(random() * among.length)]!;
  const inherit = (choose: () => FrozenTrial): Params =>
    Object.fromEntries(names.map((name) => [name, choose().params[name]!]));
  if (random() >= crossover || parents.length < 2) {
    const parent = pick(parents);
    return inherit(() => parent);
  }
  for (let attempt = 0; ; attempt++) {
    const first = tournament(pick(parents), pick(parents), directions);
    const others = parents.filter((parent) => parent !== first);
    const second = tournament(pick(others), pick(others), directions);
    const child = inherit(() => (random() >= swapping ? second : first));
    if (attempt === 20 || isInside(child, space)) return child;
  }
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

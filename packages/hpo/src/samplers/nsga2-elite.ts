// Which trials NSGA-II keeps as parents: the least dominated, and of those that do not all fit the least crowded.
import { nonDominationRanks } from '../analysis/pareto.ts';
import { losses, violation, type Direction, type FrozenTrial } from '../trial-record.ts';

/**
 * The `size` best of COMPLETE trials, by number: whole fronts while they fit, of the next the least crowded (Deb et al.,
 * 2002, III; ties as Optuna's `NSGAIIElitePopulationSelectionStrategy`). Infeasible trials come behind all others, those
 * with equal violation as one front.
 */
export function selectElite(
  population: readonly FrozenTrial[],
  directions: readonly Direction[],
  size: number,
): FrozenTrial[] {
  const elite: FrozenTrial[] = [];
  for (const front of [...feasibleFronts(population, directions), ...infeasibleFronts(population)]) {
    const room = size - elite.length;
    if (room === 0) break;
    elite.push(...(front.length <= room ? front : leastCrowded(front, room)));
  }
  return elite.sort((a, b) => a.number - b.number);
}

function feasibleFronts(
  population: readonly FrozenTrial[],
  directions: readonly Direction[],
): FrozenTrial[][] {
  const feasible = population.filter((trial) => violation(trial) === 0);
  const ranks = nonDominationRanks(feasible.map((trial) => losses(trial, directions)));
  const fronts: FrozenTrial[][] = [];
  feasible.forEach((trial, i) => (fronts[ranks[i]!] ??= []).push(trial));
  return fronts;
}

function infeasibleFronts(population: readonly FrozenTrial[]): FrozenTrial[][] {
  const infeasible = population.filter((trial) => violation(trial) > 0);
  const amounts = [...new Set(infeasible.map(violation))].sort((a, b) => a - b);
  return amounts.map((amount) => infeasible.filter((trial) => violation(trial) === amount));
}

function leastCrowded(front: readonly FrozenTrial[], count: number): FrozenTrial[] {
  const { order, distances } = crowding(front.map((trial) => trial.values!));
  order.sort((a, b) => ascending(distances[a]!, distances[b]!));
  return order
    .reverse()
    .slice(0, count)
    .map((i) => front[i]!);
}

/**
 * Each point's sum over objectives of the relative gap between its neighbours; the outermost points count as infinitely
 * far. `order` is ascending in the last objective that differs, equal points as in the objectives before.
 */
export function crowding(values: readonly (readonly number[])[]): { order: number[]; distances: number[] } {
  const order = values.map((_, i) => i);
  const distances = new Array<number>(values.length).fill(0);
  for (let objective = 0; objective < (values[0]?.length ?? 0); objective++) {
    order.sort((a, b) => ascending(values[a]![objective]!, values[b]![objective]!));
    addGaps(
      order,
      order.map((i) => values[i]![objective]!),
      distances,
    );
  }
  return { order, distances };
}

/** Adds the gaps of one objective, whose values are `sorted` and belong to the points of `order`. */
function addGaps(order: readonly number[], sorted: readonly number[], distances: number[]): void {
  if (sorted[0] === sorted.at(-1)) return;
  const finite = sorted.filter(Number.isFinite);
  const width = finite.length > 0 && finite.at(-1)! > finite[0]! ? finite.at(-1)! - finite[0]! : 1;
  order.forEach((i, place) => {
    const [below, above] = [sorted[place - 1] ?? -Infinity, sorted[place + 1] ?? Infinity];
    if (below !== above) distances[i]! += (above - below) / width;
  });
}

function ascending(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

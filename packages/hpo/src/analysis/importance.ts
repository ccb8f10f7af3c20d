// How much of what a study found each parameter explains: functional ANOVA on a random forest.
import { toInternal, type Distribution } from '../distributions.ts';
import { randomStream } from '../numeric/random.ts';
import { searchInterval } from '../samplers/unit-interval.ts';
import { commonSpace } from '../search-space.ts';
import type { FrozenTrial } from '../trial-record.ts';
import { growTree, type Cell, type Column, type Leaf } from './regression-tree.ts';

export interface ImportanceOptions {
  /** Trees of the forest. Default 64. */
  readonly trees?: number;
  /** Of the bootstrap samples. Default 0. */
  readonly seed?: number;
  /** What is explained. Default: the first value. */
  readonly target?: (trial: FrozenTrial) => number;
}

/**
 * fANOVA (Hutter, Hoos and Leyton-Brown, 2014): the share of the variance of the target that is explained by each parameter
 * alone, from the marginals of a random forest over the search space, scaled to sum 1, largest first. Matches Optuna's
 * `FanovaImportanceEvaluator` in method; the forest differs. Only parameters that every completed trial has. Empty below
 * four completed trials, or when all targets are equal.
 */
export function parameterImportance(
  trials: readonly FrozenTrial[],
  { trees = 64, seed = 0, target = (trial) => trial.values![0]! }: ImportanceOptions = {},
): readonly (readonly [param: string, share: number])[] {
  const completed = trials.filter((trial) => trial.state === 'COMPLETE' && Number.isFinite(target(trial)));
  const space = Object.entries(commonSpace(completed)).filter(
    ([, distribution]) => !hasOneValue(distribution),
  );
  const targets = Float64Array.from(completed, target);
  if (completed.length < 4 || space.length === 0 || new Set(targets).size < 2) return [];
  const columns = space.map(([name, distribution]) => columnOf(name, distribution, completed));
  const totals = columns.map(() => 0);
  for (let tree = 0; tree < trees; tree++) {
    const random = randomStream(seed, tree);
    const rows = Array.from(targets, () => Math.floor(random() * targets.length));
    const shares = mainEffects(growTree(columns, targets, rows), columns);
    shares.forEach((share, p) => (totals[p]! += share));
  }
  const sum = totals.reduce((a, b) => a + b, 0);
  const named = space.map(([name], p) => [name, sum > 0 ? totals[p]! / sum : 0] as const);
  return named.sort((a, b) => b[1] - a[1]);
}

function hasOneValue(distribution: Distribution): boolean {
  return distribution.name === 'CategoricalDistribution'
    ? distribution.choices.length < 2
    : distribution.low === distribution.high;
}

/** A parameter's values: in [0, 1] of its search interval, or the index of its choice. */
function columnOf(name: string, distribution: Distribution, trials: readonly FrozenTrial[]): Column {
  const internal = Float64Array.from(trials, (trial) => toInternal(distribution, trial.params[name]!));
  if (distribution.name === 'CategoricalDistribution')
    return { values: internal, choices: distribution.choices.length };
  const [low, high] = searchInterval(distribution);
  const place = (value: number) => ((distribution.log ? Math.log(value) : value) - low) / (high - low);
  return { values: internal.map(place), choices: null };
}

/** Share of the tree's variance over the whole space that each parameter's marginal has. */
function mainEffects(leaves: readonly Leaf[], columns: readonly Column[]): number[] {
  const volumes = leaves.map(({ cells }) => cells.reduce((volume, cell) => volume * shareOf(cell), 1));
  const mean = leaves.reduce((sum, leaf, i) => sum + leaf.value * volumes[i]!, 0);
  const total = leaves.reduce((sum, leaf, i) => sum + volumes[i]! * (leaf.value - mean) ** 2, 0);
  if (total === 0) return columns.map(() => 0);
  return columns.map((column, p) => {
    // The marginal at a point is the mean over the leaves above it, weighted by their extent in the other parameters.
    const weighted = leaves.map((leaf, i) => ({
      cell: leaf.cells[p]!,
      weight: (volumes[i]! / shareOf(leaf.cells[p]!)) * leaf.value,
    }));
    const variance =
      column.choices === null
        ? varianceOverLine(weighted, mean)
        : varianceOverChoices(weighted, column.choices, mean);
    return variance / total;
  });
}

/** Extent of a cell, as a share of its parameter's whole. */
function shareOf(cell: Cell): number {
  if ('high' in cell) return cell.high - cell.low;
  return cell.allowed.reduce((sum, is) => sum + is, 0) / cell.allowed.length;
}

interface Weighted {
  readonly cell: Cell;
  readonly weight: number;
}

function varianceOverLine(weighted: readonly Weighted[], mean: number): number {
  const steps = weighted.flatMap(({ cell, weight }) =>
    'high' in cell
      ? [
          { at: cell.low, change: weight },
          { at: cell.high, change: -weight },
        ]
      : [],
  );
  steps.sort((a, b) => a.at - b.at);
  let [variance, marginal] = [0, 0];
  steps.forEach(({ at, change }, i) => {
    marginal += change;
    const next = steps[i + 1]?.at ?? at;
    variance += (next - at) * (marginal - mean) ** 2;
  });
  return variance;
}

function varianceOverChoices(weighted: readonly Weighted[], choices: number, mean: number): number {
  const marginals = new Array<number>(choices).fill(0);
  for (const { cell, weight } of weighted) {
    if ('allowed' in cell) cell.allowed.forEach((is, choice) => (marginals[choice]! += is * weight));
  }
  return marginals.reduce((sum, marginal) => sum + (marginal - mean) ** 2, 0) / choices;
}

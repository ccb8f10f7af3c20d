// Which ended trials TPE counts as good: completed before pruned before infeasible, the best of each first.
import { hypervolumeSubset, referencePoint } from '../analysis/hypervolume.ts';
import { nonDominationRanks } from '../analysis/pareto.ts';
import { lastStep, losses, violation, type Direction, type FrozenTrial } from '../trial-record.ts';

export interface Split {
  readonly below: readonly FrozenTrial[];
  readonly above: readonly FrozenTrial[];
}

/** Splits COMPLETE and PRUNED trials into `size` good ones and the others, both by number (Optuna's `_split_trials`). */
export function splitTrials(
  trials: readonly FrozenTrial[],
  directions: readonly Direction[],
  size: number,
): Split {
  const infeasible = trials.filter((trial) => violation(trial) > 0);
  const feasible = infeasible.length === 0 ? trials : trials.filter((trial) => violation(trial) === 0);
  const completed = feasible.filter((trial) => trial.state === 'COMPLETE');
  const pruned = feasible.filter((trial) => trial.state === 'PRUNED');
  const good = new Set(bestCompleted(completed, directions, Math.min(size, completed.length)));
  const take = (ranked: readonly FrozenTrial[]) => {
    for (const trial of ranked.slice(0, Math.max(0, size - good.size))) good.add(trial);
  };
  take(sortedBy(pruned, (trial) => prunedScore(trial, directions[0]!)));
  take(sortedBy(infeasible, (trial) => [violation(trial)]));
  return {
    below: trials.filter((trial) => good.has(trial)),
    above: trials.filter((trial) => !good.has(trial)),
  };
}

function sortedBy(
  trials: readonly FrozenTrial[],
  score: (trial: FrozenTrial) => readonly number[],
): FrozenTrial[] {
  const scored = trials.map((trial) => ({ trial, score: score(trial) }));
  scored.sort((a, b) => compare(a.score, b.score));
  return scored.map(({ trial }) => trial);
}

function compare(a: readonly number[], b: readonly number[]): number {
  const differing = a.findIndex((value, i) => value !== b[i]);
  return differing < 0 ? 0 : a[differing]! < b[differing]! ? -1 : 1;
}

/** Trials that were pruned later come first, then those with the better last value; those without any value come last. */
function prunedScore(trial: FrozenTrial, direction: Direction): readonly [number, number] {
  const step = lastStep(trial);
  if (step === undefined) return [1, 0];
  const value = trial.intermediateValues.get(step)!;
  return [-step, Number.isNaN(value) ? Infinity : direction === 'minimize' ? value : -value];
}

/** The `size` best trials of one objective; of equal ones the first. */
function smallest(trials: readonly FrozenTrial[], direction: Direction, size: number): FrozenTrial[] {
  if (size === 0) return [];
  const sign = direction === 'maximize' ? -1 : 1;
  const all = Float64Array.from(trials, (trial) => sign * trial.values![0]!);
  const limit = smallestValue(all, size);
  const better = trials.filter((_, i) => all[i]! < limit);
  const equal = trials.filter((_, i) => all[i] === limit);
  return [...better, ...equal.slice(0, size - better.length)];
}

/** The value that stands at `size` in ascending order, from 1. */
function smallestValue(values: Float64Array, size: number): number {
  const least = values.slice(0, size).sort();
  for (let i = size; i < values.length; i++) {
    const value = values[i]!;
    if (value >= least[size - 1]!) continue;
    let place = size - 1;
    for (; place > 0 && least[place - 1]! > value; place--) least[place] = least[place - 1]!;
    least[place] = value;
  }
  return least[size - 1]!;
}

function bestCompleted(
  trials: readonly FrozenTrial[],
  directions: readonly Direction[],
  size: number,
): FrozenTrial[] {
  if (directions.length === 1) return smallest(trials, directions[0]!, size);
  if (size === 0 || size === trials.length) return trials.slice(0, size);
  const all = trials.map((trial) => losses(trial, directions));
  const ranks = nonDominationRanks(all, size);
  const upTo = (rank: number) => trials.filter((_, i) => ranks[i]! < rank);
  let cut = 0;
  while (upTo(cut + 1).length <= size) cut++;
  const tied = trials.map((_, i) => i).filter((i) => ranks[i] === cut);
  const tiedLosses = tied.map((i) => all[i]!);
  const chosen = hypervolumeSubset(tiedLosses, size - upTo(cut).length, referencePoint(tiedLosses));
  return [...upTo(cut), ...chosen.map((place) => trials[tied[place]!]!)];
}

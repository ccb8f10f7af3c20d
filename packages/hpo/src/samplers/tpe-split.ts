// Which ended trials TPE counts as good: completed before pruned before infeasible, the best of each first.
import { hypervolumeSubset, referencePoint } from '../analysis/hypervolume.ts';
import { nonDominationRanks } from '../analysis/pareto.ts';
import { lastStep, losses, violation, type Direction, type FrozenTrial } from '../trial-record.ts';
import { KIND, type TrialTable } from './tpe-table.ts';

/** Numbers of trials, ascending. */
export interface Split {
  readonly below: Uint32Array;
  readonly above: Uint32Array;
}

/** Splits COMPLETE and PRUNED trials, given by ascending number, into `size` good ones and the others (Optuna's `_split_trials`). */
export function splitTrials(
  table: TrialTable,
  ended: Uint32Array,
  directions: readonly Direction[],
  size: number,
): Split {
  const { kinds } = table;
  const ofKind = (kind: number): Uint32Array => ended.filter((number) => kinds[number] === kind);
  const good = bestCompleted(table, ofKind(KIND.complete), directions, size);
  const take = (kind: number, score: (trial: FrozenTrial) => readonly number[]): void => {
    if (good.length >= size) return;
    const records = Array.from(ofKind(kind), (number) => table.record(number));
    const ranked = sortedBy(records, score).slice(0, size - good.length);
    good.push(...ranked.map((trial) => trial.number));
  };
  take(KIND.pruned, (trial) => prunedScore(trial, directions[0]!));
  take(KIND.infeasible, (trial) => [violation(trial)]);
  const isGood = new Uint8Array(kinds.length);
  for (const number of good) isGood[number] = 1;
  return {
    below: ended.filter((number) => isGood[number] === 1),
    above: ended.filter((number) => isGood[number] === 0),
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
function smallest(table: TrialTable, completed: Uint32Array, direction: Direction, size: number): number[] {
  if (size === 0) return [];
  const sign = direction === 'maximize' ? -1 : 1;
  const all = new Float64Array(completed.length);
  for (let i = 0; i < all.length; i++) all[i] = sign * table.values[completed[i]!]!;
  const limit = smallestValue(all, size);
  const better = completed.filter((_, i) => all[i]! < limit);
  const equal = completed.filter((_, i) => all[i] === limit);
  return [...better, ...equal.subarray(0, size - better.length)];
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
  table: TrialTable,
  completed: Uint32Array,
  directions: readonly Direction[],
  most: number,
): number[] {
  const size = Math.min(most, completed.length);
  if (directions.length === 1) return smallest(table, completed, directions[0]!, size);
  if (size === 0 || size === completed.length) return [...completed.subarray(0, size)];
  const all = Array.from(completed, (number) => losses(table.record(number), directions));
  const ranks = nonDominationRanks(all, size);
  const upTo = (rank: number): number[] => [...completed.filter((_, i) => ranks[i]! < rank)];
  let cut = 0;
  while (upTo(cut + 1).length <= size) cut++;
  const tied = all.map((_, i) => i).filter((i) => ranks[i] === cut);
  const tiedLosses = tied.map((i) => all[i]!);
  const chosen = hypervolumeSubset(tiedLosses, size - upTo(cut).length, referencePoint(tiedLosses));
  return [...upTo(cut), ...chosen.map((place) => completed[tied[place]!]!)];
}

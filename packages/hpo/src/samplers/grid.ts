// Every combination of given values once, in a shuffled order that Optuna's GridSampler shares.
import { toInternal, contains, type ParamValue } from '../distributions.ts';
import { HpoError, requireArgument } from '../errors.ts';
import { mersenneTwisterWords } from '../numeric/random.ts';
import { toPythonJson } from '../python-json.ts';
import { isFinished, type FrozenTrial } from '../trial-record.ts';
import type { Sampler, SamplingContext } from './sampler.ts';

export interface GridOptions {
  /** Shuffles the order of the combinations. Workers of one study must agree on it. Default 0, as Optuna's. */
  readonly seed?: number;
}

/** All combinations of `space`; the study stops when each has been tried (Optuna's `GridSampler`). */
export function gridSampler(
  space: Readonly<Record<string, readonly ParamValue[]>>,
  { seed = 0 }: GridOptions = {},
): Sampler {
  const names = Object.keys(space).sort();
  requireArgument(
    names.every((name) => space[name]!.length > 0),
    'every parameter of a grid must have one value or more',
  );
  const sorted = Object.fromEntries(names.map((name) => [name, space[name]!]));
  const written = toPythonJson(sorted);
  const points = shuffled(combinations(Object.values(sorted)), seed);
  const open = (context: Omit<SamplingContext, 'random'>) => openPoints(context, written, points.length);
  return {
    sampleJoint(context) {
      const { systemAttrs, number } = context.trial;
      if ('grid_id' in systemAttrs || 'fixed_params' in systemAttrs) return {};
      const id = number < points.length ? number : pick(open(context), points.length, context.random());
      const params = Object.fromEntries(names.map((name, i) => [name, points[id]![i]!]));
      return { params, systemAttrs: { search_space: sorted, grid_id: id } };
    },
    sampleOne(context, param, distribution) {
      const id = context.trial.systemAttrs['grid_id'];
      const value = typeof id === 'number' ? points[id]?.[names.indexOf(param)] : undefined;
      if (value !== undefined && contains(distribution, toInternal(distribution, value))) return value;
      throw new HpoError(
        'INVALID_ARGUMENT',
        `the grid must hold values of ${param} inside its distribution`,
        'add them to the grid',
      );
    },
    isExhausted: (context) => open(context).every((id) => id === context.trial.systemAttrs['grid_id']),
  };
}

function pick(open: readonly number[], count: number, position: number): number {
  return open.length === 0 ? Math.floor(position * count) : open[Math.floor(position * open.length)]!;
}

/** Points that no trial has ended with; those that none runs with, if there are any such. */
function openPoints(context: Omit<SamplingContext, 'random'>, space: string, count: number): number[] {
  const onGrid = context.trials.filter(
    (t) => 'grid_id' in t.systemAttrs && toPythonJson(t.systemAttrs['search_space'] ?? null) === space,
  );
  const ids = (keep: (trial: FrozenTrial) => boolean) =>
    new Set(onGrid.filter(keep).map((t) => t.systemAttrs['grid_id']));
  const ended = ids((t) => isFinished(t.state));
  const running = ids((t) => t.state === 'RUNNING' && t.id !== context.trial.id);
  const all = Array.from({ length: count }, (_, id) => id).filter((id) => !ended.has(id));
  const free = all.filter((id) => !running.has(id));
  return free.length > 0 ? free : all;
}

function combinations(lists: readonly (readonly ParamValue[])[]): ParamValue[][] {
  return lists.reduce<ParamValue[][]>(
    (all, list) => all.flatMap((head) => list.map((value) => [...head, value])),
    [[]],
  );
}

/** NumPy's legacy shuffle: each place from the last swaps with one below or itself, drawn by masked rejection. */
function shuffled<T>(items: T[], seed: number): T[] {
  const word = mersenneTwisterWords(seed);
  for (let i = items.length - 1; i > 0; i--) {
    const mask = 2 ** (32 - Math.clz32(i)) - 1;
    let j = (word() & mask) >>> 0;
    while (j > i) j = (word() & mask) >>> 0;
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

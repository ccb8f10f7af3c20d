// The state of a train step: its tensors and their order, what each begins as, and what it is after a step.
import { TensorError } from '../error.ts';
import { float32, formatShape, sameShape, type HostTensor } from '../ir/host.ts';
import type { Objective } from '../nn/objective.ts';
import { initialValues, type BufferSpec, type ParameterSpec, type State } from '../nn/parameters.ts';
import { scalingBuffers } from './loss-scale.ts';
import { averageName, isWaiting, nextPort, slotName, waitingName, type StepRecipe } from './trace.ts';

/** Updates so far. */
export const STEP = 'optimizer.step';
/** Samples whose gradients wait. */
export const WAITING = 'optimizer.waiting_samples';

const counter = (count: bigint): HostTensor => ({
  dtype: 'int64',
  shape: [],
  data: BigInt64Array.of(count),
});

export const countOf = (state: State, name: string): number =>
  Number((state.get(name)!.data as BigInt64Array)[0]!);

/** What the graph takes from the objective's state: parameters, then buffers. */
export const tensorsOf = ({ parameters, buffers }: Objective): (ParameterSpec | BufferSpec)[] => [
  ...parameters,
  ...buffers,
];

/** Names and shapes of what the optimiser keeps per parameter, with the gradients that wait. */
export function slotsOf({
  objective,
  optimizer,
  accumulates,
}: StepRecipe): (readonly [string, readonly number[]])[] {
  return objective.parameters.flatMap(({ name, shape }) => {
    const names = optimizer.slots.map((slot) => slotName(name, slot));
    return [...names, ...(accumulates === true ? [waitingName(name)] : [])].map(
      (each) => [each, shape] as const,
    );
  });
}

/** Moving averages, each beginning as what it follows. */
export const averagesOf = ({ objective, ema }: StepRecipe): BufferSpec[] =>
  ema === undefined
    ? []
    : tensorsOf(objective).map(({ name, shape }) => ({
        name: averageName(name),
        shape,
        initial: { copyOf: name },
      }));

/** What the scaling of the loss keeps; nothing in full precision. */
export const scalingOf = ({ precision, lossScaling = {} }: StepRecipe): BufferSpec[] =>
  precision === 'fp16' ? scalingBuffers(lossScaling) : [];

/** The state's tensors in their order, all zero. */
export function stateTemplate(recipe: StepRecipe): Map<string, HostTensor> {
  const { objective, accumulates } = recipe;
  const zeros = (name: string, shape: readonly number[]) => [name, float32(shape)] as const;
  return new Map<string, HostTensor>([
    ...tensorsOf(objective).map(({ name, shape }) => zeros(name, shape)),
    ...objective.counters.map((name) => [name, counter(0n)] as const),
    ...averagesOf(recipe).map(({ name, shape }) => zeros(name, shape)),
    ...slotsOf(recipe).map(([name, shape]) => zeros(name, shape)),
    ...scalingOf(recipe).map(({ name, shape }) => zeros(name, shape)),
    [STEP, counter(0n)],
    ...(accumulates === true ? [[WAITING, counter(0n)] as const] : []),
  ]);
}

/** The state before the first step; the same bytes for the same seed. */
export function initialState(recipe: StepRecipe, template: State, seed: number): State {
  const specs = [...tensorsOf(recipe.objective), ...averagesOf(recipe), ...scalingOf(recipe)];
  return new Map([...template, ...initialValues(specs, seed)]);
}

/** Throws {@link TensorError} `STATE` unless `state` has every tensor of `template` in its shape. */
export function checkState(state: State, template: State): void {
  for (const [name, { shape, dtype }] of template) {
    const found = state.get(name);
    if (found?.dtype === dtype && sameShape(found.shape, shape)) continue;
    const arrived = found === undefined ? 'is missing' : `is ${found.dtype}${formatShape(found.shape)}`;
    throw new TensorError(
      'STATE',
      `"${name}" must be ${dtype}${formatShape(shape)}, but ${arrived}`,
      'use a state of the same model and optimiser',
    );
  }
}

/**
 * The state after `steps` steps on `size` samples each, of which `left` were left out: those are no updates. What waited is gone
 * after an update, what no graph gives stays.
 */
export function nextState(
  template: State,
  state: State,
  results: ReadonlyMap<string, HostTensor>,
  {
    size,
    steps,
    left,
    updates,
  }: { readonly size: number; readonly steps: number; readonly left: number; readonly updates: boolean },
): State {
  const count = (name: string): bigint => {
    if (name === STEP) return BigInt(updates ? steps - left : 0);
    if (name === WAITING) return BigInt(updates ? -countOf(state, WAITING) : steps * size);
    return BigInt(steps);
  };
  const next = (name: string, zero: HostTensor): HostTensor => {
    if (zero.dtype === 'int64') return counter(BigInt(countOf(state, name)) + count(name));
    if (updates && isWaiting(name)) return zero;
    return results.get(nextPort(name)) ?? state.get(name)!;
  };
  return new Map([...template].map(([name, zero]) => [name, next(name, zero)]));
}

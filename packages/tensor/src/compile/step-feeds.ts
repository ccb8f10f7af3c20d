// What a run of a train step is fed: the state, the batches, and numbers and masks that depend on where training stands.
import { TensorError } from '../error.ts';
import { float32, sizeOf, type HostTensor } from '../ir/host.ts';
import type { State } from '../nn/parameters.ts';
import { keepMask } from '../nn/random.ts';
import { emaRate } from '../optimizers/ema.ts';
import { averagesOf, countOf, scalingOf, slotsOf, STEP, tensorsOf, WAITING } from './step-state.ts';
import {
  batchPort,
  EMA_RATE,
  GRADIENT_SHARE,
  scalarPort,
  type Mask,
  type StepKind,
  type StepRecipe,
} from './trace.ts';

/** Where training stands before a step. */
export interface Position {
  /** Updates so far. */
  readonly updates: number;
  /** Samples whose gradients wait. */
  readonly waiting: number;
}

export const positionOf = (state: State): Position => ({
  updates: countOf(state, STEP),
  waiting: state.has(WAITING) ? countOf(state, WAITING) : 0,
});

/** Where training stands after a step on `size` samples. */
export function positionAfter({ updates, waiting }: Position, size: number, kind: StepKind): Position {
  return kind === 'wait' ? { updates, waiting: waiting + size } : { updates: updates + 1, waiting: 0 };
}

type Feeds = (readonly [string, HostTensor])[];

/** Names of the state's tensors that a graph of any kind reads or writes. */
export function stateNames(recipe: StepRecipe): string[] {
  const specs = [...tensorsOf(recipe.objective), ...averagesOf(recipe), ...scalingOf(recipe)];
  const tensors = specs.map(({ name }) => name);
  return [...tensors, ...slotsOf(recipe).map(([name]) => name)];
}

export const stateFeeds = (recipe: StepRecipe, state: State): Feeds =>
  stateNames(recipe).map((name) => [name, state.get(name)!]);

/** Throws {@link TensorError} `SHAPE` unless `inputs` hold `steps` batches of `size`. */
export function checkBatch(
  inputs: Readonly<Record<string, Float32Array>>,
  size: number,
  steps: number,
  { objective }: StepRecipe,
): void {
  for (const [name, shape] of Object.entries(objective.inputs)) {
    const [values, arrived] = [steps * size * sizeOf(shape), inputs[name]?.length];
    if (size >= 1 && steps >= 1 && arrived === values) continue;
    const batches = steps === 1 ? `a batch of ${size}` : `${steps} batches of ${size}`;
    throw new TensorError(
      'SHAPE',
      `${batches} must hold ${values} values of "${name}", but got ${arrived ?? 'none'}`,
      'check the shapes of images and labels',
    );
  }
}

/** The batches of a run, one after the other in each of `inputs`. */
export function batchFeeds(
  { objective }: StepRecipe,
  inputs: Readonly<Record<string, Float32Array>>,
  size: number,
  steps: number,
): Feeds {
  const front = steps === 1 ? [size] : [steps, size];
  return Object.entries(objective.inputs).map(([name, shape]) => [
    batchPort(name),
    float32([...front, ...shape], inputs[name]),
  ]);
}

/** What one step is fed beside state and batch, given where training stands before it. */
export interface OwnFeeds {
  readonly position: Position;
  readonly size: number;
  readonly lr: number;
  readonly masks: readonly Mask[];
  readonly seed: number;
}

/** Numbers of the step; none while gradients wait. */
export function scalarFeeds(
  { optimizer, ema, accumulates }: StepRecipe,
  kind: StepKind,
  own: OwnFeeds,
): Feeds {
  if (kind === 'wait') return [];
  const step = own.position.updates + 1;
  const scalars = {
    ...optimizer.scalars(step, own.lr),
    ...(ema && { [EMA_RATE]: emaRate(step, ema) }),
    ...(accumulates === true && { [GRADIENT_SHARE]: 1 / (own.position.waiting + own.size) }),
  };
  return Object.entries(scalars).map(([name, value]) => [
    scalarPort(name),
    float32([], Float32Array.of(value)),
  ]);
}

/** Masks differ by step, and by what waits. */
export function maskFeeds({ masks, seed, position: { updates, waiting } }: OwnFeeds): Feeds {
  return masks.map(({ port, shape, keep }) => [
    port,
    float32(shape, keepMask(seed, `${updates}.${waiting}.${port}`, sizeOf(shape), keep)),
  ]);
}

/** Feeds of several steps as those of one run: every tensor with one more extent in front. */
export function stackedFeeds(steps: readonly Feeds[]): Feeds {
  const [first = []] = steps;
  if (steps.length === 1) return first;
  return first.map(([name, { shape }], i) => {
    const whole = float32([steps.length, ...shape]);
    const length = sizeOf(shape);
    for (const [at, feeds] of steps.entries())
      (whole.data as Float32Array).set(feeds[i]![1].data as Float32Array, at * length);
    return [name, whole];
  });
}

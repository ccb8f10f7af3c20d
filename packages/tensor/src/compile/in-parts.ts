// A step whose batch is computed part by part where it is so large that what a layer gives leaves the caches before the next reads it.
import { topologicalOrder } from '../ir/graph.ts';
import { float32, sizeOf, type HostTensor } from '../ir/host.ts';
import type { State } from '../nn/parameters.ts';
import { isSeparable } from './separable.ts';
import { slotsOf, WAITING } from './step-state.ts';
import { checkBatch } from './step-feeds.ts';
import type {
  ObjectiveBatch,
  ObjectiveMetrics,
  ObjectiveResult,
  ObjectiveStepOptions,
  Step,
  StepHyper,
} from './step-types.ts';
import { batchPort, isMask, isWaiting, traceLoss, type StepRecipe } from './trace.ts';

/** Bytes that the largest tensor of a part's forward pass may have, so that a few of them stay in a processor's last cache. */
const LARGEST = 8 * 2 ** 20;
/** Parts are at least so large, since products of few rows are slow: a batch of 127 stays whole. */
const SMALLEST = LARGEST / 4;
/** A forward pass that writes fewer bytes is so short that starting its operators several times costs what caches save. */
const SHORTEST = 256 * 2 ** 20;
/** The forward pass must write this many times the bytes of all parameters, over which every part passes once more. */
const WORTH = 16;

interface Shaped {
  readonly shape: readonly number[];
}

const bytesOf = (...all: readonly Shaped[]): number =>
  all.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);

/** Into how many equal parts a batch of `size` is cut; 1: it is computed as a whole. Shapes alone decide. */
export function partsOf(recipe: StepRecipe, size: number): number {
  const { objective, precision, accumulates } = recipe;
  if (precision === 'fp16' || accumulates === true || objective.counters.length > 0) return 1;
  const whole = traceLoss(objective, size);
  const written = topologicalOrder([whole.loss]).filter(({ op }) => op !== 'input' && op !== 'constant');
  const largest = Math.max(...written.map((tensor) => bytesOf(tensor)));
  const isFit = (bytes: number) => bytes >= SMALLEST && bytes <= LARGEST;
  const parts = divisorsOf(size).find((count) => isFit(largest / count)) ?? 1;
  const least = Math.max(SHORTEST, WORTH * parts * bytesOf(...objective.parameters));
  if (parts === 1 || bytesOf(...written) < least || whole.buffers > 0) return 1;
  const ofBatch = new Set(Object.keys(objective.inputs).map(batchPort));
  const isOfBatch = (name: string) => ofBatch.has(name) || isMask(name);
  return isSeparable(whole, traceLoss(objective, size / parts), parts, isOfBatch) ? parts : 1;
}

const divisorsOf = (size: number): number[] =>
  Array.from({ length: size }, (_, i) => i + 1).filter((count) => size % count === 0);

type Inputs = Readonly<Record<string, Float32Array>>;

/** Pieces `from` to before `to` of every input, when each is cut into `of` equal pieces. */
const pieces = (inputs: Inputs, from: number, to: number, of: number): Inputs =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, values]) => {
      const length = values.length / of;
      return [name, values.subarray(from * length, to * length)];
    }),
  );

/** What a batch says, by what its equal parts say. */
function joined(parts: readonly ObjectiveMetrics[]): ObjectiveMetrics {
  const { gradNorm, outputs } = parts.at(-1)!;
  const all = (name: string) => {
    const values = parts.map((part) => part.outputs[name]!);
    const whole = new Float32Array(values.length * values[0]!.length);
    for (const [i, each] of values.entries()) whole.set(each, i * each.length);
    return whole;
  };
  return {
    loss: parts.reduce((sum, { loss }) => sum + loss, 0) / parts.length,
    outputs: Object.fromEntries(Object.keys(outputs).map((name) => [name, all(name)])),
    ...(gradNorm !== undefined && { gradNorm }),
  };
}

/** Gradients that wait, all zero, as `recipe` has them when it accumulates. */
function nothingWaits(recipe: StepRecipe): [string, HostTensor][] {
  const slots = slotsOf({ ...recipe, accumulates: true }).filter(([name]) => isWaiting(name));
  const none: HostTensor = { dtype: 'int64', shape: [], data: BigInt64Array.of(0n) };
  return [...slots.map(([name, shape]): [string, HostTensor] => [name, float32(shape)]), [WAITING, none]];
}

const withoutWaiting = (state: State): State =>
  new Map([...state].filter(([name]) => name !== WAITING && !isWaiting(name)));

/** A step that accumulates, and what its state has more. */
interface Accumulating {
  readonly step: Step;
  readonly waiting: [string, HostTensor][];
}

/** One step, computed in `parts`. */
async function runParts(
  { step, waiting }: Accumulating,
  parts: number,
  [state, batch, hyper]: Parameters<Step['run']>,
): Promise<ObjectiveResult> {
  const [size, last] = [batch.size / parts, parts - 1];
  const cut = (from: number, to: number) => ({ inputs: pieces(batch.inputs, from, to, parts), size });
  const waits = new Array<StepHyper>(last).fill({ ...hyper, update: false });
  const first = await step.runMany(new Map([...state, ...waiting]), cut(0, last), waits);
  const { state: next, ...metrics } = await step.run(first.state, cut(last, parts), hyper);
  return { ...joined([...first.steps, metrics]), state: withoutWaiting(next) };
}

/**
 * The steps that `compile` gives, with large batches computed part by part where that changes nothing but the order of sums: the
 * gradients of all parts but the last wait, as those of several batches do.
 */
export function inParts(
  options: ObjectiveStepOptions,
  compile: (options: ObjectiveStepOptions) => Step,
  decide = partsOf,
): Step {
  const whole = compile(options);
  let accumulating: Accumulating | undefined;
  const known = new Map<number, number>();
  const partsFor = ({ inputs, size }: ObjectiveBatch, hypers: readonly StepHyper[]): number => {
    checkBatch(inputs, size, hypers.length, options);
    const parts = known.get(size) ?? decide(options, size);
    known.set(size, parts);
    return hypers.every(({ update = true }) => update) ? parts : 1;
  };
  const run: Step['run'] = async (state, batch, hyper) => {
    const parts = partsFor(batch, [hyper]);
    if (parts === 1) return whole.run(state, batch, hyper);
    accumulating ??= {
      step: compile({ ...options, accumulates: true }),
      waiting: nothingWaits(options),
    };
    return runParts(accumulating, parts, [state, batch, hyper]);
  };
  const runMany: Step['runMany'] = async (state, batches, hypers) => {
    if (partsFor(batches, hypers) === 1) return whole.runMany(state, batches, hypers);
    const steps: ObjectiveMetrics[] = [];
    let last = state;
    for (const [i, hyper] of hypers.entries()) {
      const inputs = pieces(batches.inputs, i, i + 1, hypers.length);
      const { state: next, ...metrics } = await run(last, { inputs, size: batches.size }, hyper);
      steps.push(metrics);
      last = next;
    }
    return { state: last, steps };
  };
  return {
    initialState: whole.initialState,
    run,
    runMany,
    dispose: async () => {
      await Promise.all([whole.dispose(), accumulating?.step.dispose()]);
    },
  };
}

// The train step: a pure function (state, batch) → (state, metrics), compiled to one ONNX graph per batch size.
import { TensorError } from '../error.ts';
import { float32, sizeOf, type HostTensor } from '../ir/host.ts';
import type { Loss, LossOptions } from '../losses/loss.ts';
import type { Model } from '../nn/layer.ts';
import { CLASSIFICATION, classification } from '../nn/objective.ts';
import type { State } from '../nn/parameters.ts';
import { keepMask } from '../nn/random.ts';
import { lower } from '../onnx/lower.ts';
import { emaRate } from '../optimizers/ema.ts';
import { resolveDevice, type DeviceName } from '../runtime/devices.ts';
import { channelBlock } from '../runtime/channel-block.ts';
import { openSession, type Session } from '../runtime/session.ts';
import {
  averagesOf,
  checkState,
  countOf,
  initialState,
  nextState,
  slotsOf,
  stateTemplate,
  STEP,
  tensorsOf,
  WAITING,
} from './step-state.ts';
import {
  batchPort,
  EMA_RATE,
  GRADIENT_SHARE,
  outputPort,
  PORTS,
  scalarPort,
  traceStep,
  type ImageShape,
  type Mask,
  type StepKind,
  type StepRecipe,
  type UpdateRecipe,
} from './trace.ts';

/** Graphs kept at a time; a run needs two, for full batches and for the last one, and as many again when gradients wait. */
const CACHED_GRAPHS = 4;

interface Where {
  readonly device?: DeviceName | undefined;
  /** Threads within an operator; all cores when left out. */
  readonly threads?: number | undefined;
  /** Seed of what is random in a step, such as dropout; with the number of the step it decides every mask. */
  readonly seed?: number | undefined;
}

export interface ObjectiveStepOptions extends StepRecipe, Where {}

/** What every step is told beside its batch. */
export interface StepHyper {
  /** Learning rate. */
  readonly lr: number;
  /** Whether the parameters are updated; otherwise the gradient waits. Only steps that accumulate may say false. */
  readonly update?: boolean;
}

/** A step of any objective. */
export interface Step {
  /** Parameters and optimiser state before the first step; the same bytes for the same seed. */
  readonly initialState: (seed: number) => State;
  /** One step. Blocks the JavaScript thread while the graph computes. The given state is left as it was. */
  readonly run: (
    state: State,
    batch: { readonly inputs: Readonly<Record<string, Float32Array>>; readonly size: number },
    hyper: StepHyper,
  ) => Promise<ObjectiveResult>;
  readonly dispose: () => Promise<void>;
}

export interface ObjectiveResult {
  readonly state: State;
  /** Mean loss of the batch before the update. */
  readonly loss: number;
  /** The objective's outputs, before the update. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
  /** Global norm of the gradients before clipping; only when the step clips. */
  readonly gradNorm?: number;
}

/** Compiles a step of any objective. Throws {@link TensorError} `DEVICE` or `SHAPE` when it cannot be. */
export function compileStep(options: ObjectiveStepOptions): Step {
  const device = resolveDevice(options.device ?? 'auto');
  const template = stateTemplate(options);
  const sessions = sessionCache(async (size, kind) => {
    const { outputs, masks } = traceStep(options, size, kind);
    const block = device === 'cpu' ? await channelBlock() : undefined;
    const model = lower({ name: 'train_step', outputs, target: device, block });
    return { session: await openSession(model, { device, threads: options.threads }), masks };
  });
  return {
    initialState: (seed) => initialState(options, template, seed),
    run: async (state, { inputs, size }, { lr, update = true }) => {
      checkBatch(inputs, size, options);
      checkState(state, template);
      const { session, masks } = await sessions.get(size, kindOf(options, state, update));
      const feeds = new Map([
        ...stateFeeds(options, state),
        ...batchFeeds(options, inputs, size),
        ...(update ? scalarFeeds(options, state, size, lr) : []),
        ...maskFeeds(masks, options.seed ?? 0, state),
      ]);
      const results = await session.run(feeds);
      return resultOf(nextState(template, state, results, { size, updates: update }), results);
    },
    dispose: () => sessions.dispose(),
  };
}

function kindOf({ accumulates }: StepRecipe, state: State, update: boolean): StepKind {
  if (update) return accumulates === true && countOf(state, WAITING) > 0 ? 'update-all' : 'update';
  if (accumulates === true) return 'wait';
  throw new TensorError(
    'STATE',
    'a gradient may wait only in a step that accumulates',
    'compile the step with accumulates: true',
  );
}

function checkBatch(
  inputs: Readonly<Record<string, Float32Array>>,
  size: number,
  { objective }: StepRecipe,
): void {
  for (const [name, shape] of Object.entries(objective.inputs)) {
    const [values, arrived] = [size * sizeOf(shape), inputs[name]?.length];
    if (size >= 1 && arrived === values) continue;
    throw new TensorError(
      'SHAPE',
      `a batch of ${size} must hold ${values} values of "${name}", but got ${arrived ?? 'none'}`,
      'check the shapes of images and labels',
    );
  }
}

type Feeds = (readonly [string, HostTensor])[];

const number = (value: number): HostTensor => float32([], Float32Array.of(value));

/** What a step reads of the state; gradients that wait only where they are read. */
function stateFeeds(options: StepRecipe, state: State): Feeds {
  const specs = [...tensorsOf(options.objective), ...averagesOf(options)].map(({ name }) => name);
  return [...specs, ...slotsOf(options).map(([name]) => name)].map((name) => [name, state.get(name)!]);
}

function batchFeeds(
  { objective }: StepRecipe,
  inputs: Readonly<Record<string, Float32Array>>,
  size: number,
): Feeds {
  return Object.entries(objective.inputs).map(([name, shape]) => [
    batchPort(name),
    float32([size, ...shape], inputs[name]),
  ]);
}

function scalarFeeds(
  { optimizer, ema, accumulates }: StepRecipe,
  state: State,
  size: number,
  lr: number,
): Feeds {
  const step = countOf(state, STEP) + 1;
  const scalars = {
    ...optimizer.scalars(step, lr),
    ...(ema && { [EMA_RATE]: emaRate(step, ema) }),
    ...(accumulates === true && { [GRADIENT_SHARE]: 1 / (countOf(state, WAITING) + size) }),
  };
  return Object.entries(scalars).map(([name, value]) => [scalarPort(name), number(value)]);
}

/** Masks differ by step, and by what waits. */
function maskFeeds(masks: readonly Mask[], seed: number, state: State): Feeds {
  const waiting = state.has(WAITING) ? countOf(state, WAITING) : 0;
  const at = `${countOf(state, STEP)}.${waiting}`;
  return masks.map(({ port, shape, keep }) => [
    port,
    float32(shape, keepMask(seed, `${at}.${port}`, sizeOf(shape), keep)),
  ]);
}

function resultOf(state: State, results: ReadonlyMap<string, HostTensor>): ObjectiveResult {
  const read = (port: string) => results.get(port)!.data as Float32Array;
  const prefix = outputPort('');
  const names = [...results.keys()].filter((name) => name.startsWith(prefix));
  return {
    state,
    loss: read(PORTS.loss)[0]!,
    outputs: Object.fromEntries(names.map((name) => [name.slice(prefix.length), read(name)])),
    ...(results.has(PORTS.gradNorm) && { gradNorm: read(PORTS.gradNorm)[0]! }),
  };
}

interface Compiled {
  readonly session: Session;
  readonly masks: readonly Mask[];
}

/** Keeps the most recently used sessions by batch size and kind. */
function sessionCache(open: (size: number, kind: StepKind) => Promise<Compiled>): {
  get: (size: number, kind: StepKind) => Promise<Compiled>;
  dispose: () => Promise<void>;
} {
  const sessions = new Map<string, Compiled>();
  return {
    get: async (size, kind) => {
      const key = `${kind} ${size}`;
      const session = sessions.get(key) ?? (await open(size, kind));
      sessions.delete(key);
      sessions.set(key, session);
      const [oldest] = sessions.keys();
      if (sessions.size > CACHED_GRAPHS) {
        await sessions.get(oldest!)!.session.dispose();
        sessions.delete(oldest!);
      }
      return session;
    },
    dispose: async () => {
      for (const { session } of sessions.values()) await session.dispose();
      sessions.clear();
    },
  };
}

export interface TrainStepOptions extends UpdateRecipe, Where {
  readonly model: Model;
  readonly loss: Loss;
  readonly inputShape: ImageShape;
  /** Share of every label that is spread evenly over all classes, in [0, 1). */
  readonly labelSmoothing?: number | undefined;
  /** What the loss takes beside. */
  readonly lossOptions?: LossOptions | undefined;
  /** Number of classes when labels are shares per class instead of class numbers. */
  readonly softLabels?: number | undefined;
}

export interface Batch {
  /** Images, [size, C, H, W] row-major. */
  readonly x: Float32Array;
  /** Labels [size]: 0 or 1 for binary cross-entropy, the class index for cross-entropy; soft ones [size, K]. */
  readonly y: Float32Array;
  readonly size: number;
}

export interface StepResult extends Omit<ObjectiveResult, 'outputs'> {
  /** [size, K], before the update. */
  readonly logits: Float32Array;
}

/** A step of {@link classification}. */
export interface TrainStep extends Omit<Step, 'run'> {
  /** One step. Blocks the JavaScript thread while the graph computes. The given state is left as it was. */
  readonly run: (state: State, batch: Batch, hyper: StepHyper) => Promise<StepResult>;
}

/** Compiles a step that trains a classifier. Throws {@link TensorError} `DEVICE` or `SHAPE` when it cannot be. */
export function compileTrainStep(options: TrainStepOptions): TrainStep {
  const { model, loss, inputShape, labelSmoothing: smoothing, softLabels, lossOptions } = options;
  const chosen = { ...lossOptions, softLabels, ...(smoothing !== undefined && { smoothing }) };
  const step = compileStep({ ...options, objective: classification(model, loss, inputShape, chosen) });
  return {
    ...step,
    run: async (state, { x, y, size }, hyper) => {
      const { outputs, ...result } = await step.run(state, { inputs: { x, y }, size }, hyper);
      return { ...result, logits: outputs[CLASSIFICATION.logits]! };
    },
  };
}

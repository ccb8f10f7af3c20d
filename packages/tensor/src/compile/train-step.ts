// The train step: a pure function (state, batch) → (state, metrics), compiled to one ONNX graph per batch size.
import { TensorError } from '../error.ts';
import { float32, formatShape, sameShape, sizeOf, type HostTensor } from '../ir/host.ts';
import type { Model } from '../nn/layer.ts';
import { lower } from '../onnx/lower.ts';
import { initialValues, type State } from '../nn/parameters.ts';
import { resolveDevice, type DeviceName } from '../runtime/devices.ts';
import { openSession, type Session } from '../runtime/session.ts';
import { nextPort, PORTS, scalarPort, slotName, traceStep, type StepRecipe } from './trace.ts';

/** Graphs kept at a time; a run needs two, for full batches and for the last one. */
const CACHED_GRAPHS = 4;
const STEP = 'optimizer.step';

export interface TrainStepOptions extends StepRecipe {
  readonly device?: DeviceName | undefined;
  /** Threads within an operator; all cores when left out. */
  readonly threads?: number | undefined;
}

export interface Batch {
  /** Images, [size, C, H, W] row-major. */
  readonly x: Float32Array;
  /** Labels [size]: 0 or 1 for binary cross-entropy, the class index for cross-entropy. */
  readonly y: Float32Array;
  readonly size: number;
}

export interface StepResult {
  readonly state: State;
  /** Mean loss of the batch before the update. */
  readonly loss: number;
  /** [size, K], before the update. */
  readonly logits: Float32Array;
  /** Global norm of the gradients before clipping; only when the step clips. */
  readonly gradNorm?: number;
}

export interface TrainStep {
  /** Parameters and optimiser state before the first step; the same bytes for the same seed. */
  readonly initialState: (seed: number) => State;
  /** One step. Blocks the JavaScript thread while the graph computes. The given state is left as it was. */
  readonly run: (state: State, batch: Batch, hyper: { readonly lr: number }) => Promise<StepResult>;
  readonly dispose: () => Promise<void>;
}

/** Compiles a train step. Throws {@link TensorError} `DEVICE` or `SHAPE` when it cannot be. */
export function compileTrainStep(options: TrainStepOptions): TrainStep {
  const device = resolveDevice(options.device ?? 'auto');
  const template = stateTemplate(options);
  const sessions = sessionCache((size) => {
    const model = lower({ name: 'train_step', outputs: traceStep(options, size), target: device });
    return openSession(model, { device, threads: options.threads });
  });
  return {
    initialState: (seed) => new Map([...template, ...initialValues(tensorsOf(options.model), seed)]),
    run: async (state, batch, { lr }) => {
      checkBatch(batch, options);
      checkState(state, template);
      const step = Number(countOf(state, STEP)) + 1;
      const session = await sessions.get(batch.size);
      const results = await session.run(feedsOf(options, state, batch, options.optimizer.scalars(step, lr)));
      return resultOf(template, state, results);
    },
    dispose: () => sessions.dispose(),
  };
}

const counter = (count: bigint): HostTensor => ({
  dtype: 'int64',
  shape: [],
  data: BigInt64Array.of(count),
});

const countOf = (state: State, name: string): bigint => (state.get(name)!.data as BigInt64Array)[0]!;

/** What the graph takes from the model's state: parameters, then buffers. */
const tensorsOf = (model: Model) => [...model.parameters, ...model.buffers];

/** The state's tensors in their order, all zero. */
function stateTemplate({ model, optimizer }: StepRecipe): Map<string, HostTensor> {
  const zeros = (name: string, shape: readonly number[]) => [name, float32(shape)] as const;
  return new Map<string, HostTensor>([
    ...tensorsOf(model).map(({ name, shape }) => zeros(name, shape)),
    ...model.counters.map((name) => [name, counter(0n)] as const),
    ...model.parameters.flatMap(({ name, shape }) =>
      optimizer.slots.map((slot) => zeros(slotName(name, slot), shape)),
    ),
    [STEP, counter(0n)],
  ]);
}

function checkBatch({ x, y, size }: Batch, { inputShape }: StepRecipe): void {
  const pixels = size * sizeOf(inputShape);
  if (size >= 1 && x.length === pixels && y.length === size) return;
  throw new TensorError(
    'SHAPE',
    `a batch of ${size} must hold ${pixels} pixels and ${size} labels, but got ${x.length} and ${y.length}`,
    'check the shape of the images',
  );
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

function feedsOf(
  { inputShape, optimizer, model }: StepRecipe,
  state: State,
  { x, y, size }: Batch,
  scalars: Readonly<Record<string, number>>,
): Map<string, HostTensor> {
  const feeds = new Map<string, HostTensor>([
    [PORTS.x, float32([size, ...inputShape], x)],
    [PORTS.y, float32([size], y)],
  ]);
  for (const [name, value] of Object.entries(scalars))
    feeds.set(scalarPort(name), float32([], Float32Array.of(value)));
  for (const { name } of model.parameters) {
    feeds.set(name, state.get(name)!);
    for (const slot of optimizer.slots) feeds.set(slotName(name, slot), state.get(slotName(name, slot))!);
  }
  for (const { name } of model.buffers) feeds.set(name, state.get(name)!);
  return feeds;
}

/** Counters have one step more; buffers that the forward pass does not set stay. */
function resultOf(template: State, state: State, results: ReadonlyMap<string, HostTensor>): StepResult {
  const number = (port: string) => Number(results.get(port)!.data[0]);
  const next = (name: string, { dtype }: HostTensor) =>
    dtype === 'int64'
      ? counter(countOf(state, name) + 1n)
      : (results.get(nextPort(name)) ?? state.get(name)!);
  return {
    state: new Map([...template].map(([name, tensor]) => [name, next(name, tensor)])),
    loss: number(PORTS.loss),
    logits: results.get(PORTS.logits)!.data as Float32Array,
    ...(results.has(PORTS.gradNorm) ? { gradNorm: number(PORTS.gradNorm) } : {}),
  };
}

/** Keeps the most recently used sessions by batch size. */
function sessionCache(open: (size: number) => Promise<Session>): {
  get: (size: number) => Promise<Session>;
  dispose: () => Promise<void>;
} {
  const sessions = new Map<number, Session>();
  return {
    get: async (size) => {
      const session = sessions.get(size) ?? (await open(size));
      sessions.delete(size);
      sessions.set(size, session);
      const [oldest] = sessions.keys();
      if (sessions.size > CACHED_GRAPHS) {
        await sessions.get(oldest!)!.dispose();
        sessions.delete(oldest!);
      }
      return session;
    },
    dispose: async () => {
      for (const session of sessions.values()) await session.dispose();
      sessions.clear();
    },
  };
}

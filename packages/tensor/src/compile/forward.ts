// The forward pass alone: for evaluation with live parameters, and as a self-contained ONNX file.
import { TensorError } from '../error.ts';
import { float32, sizeOf, type HostTensor } from '../ir/host.ts';
import { interpret } from '../interpret/interpret.ts';
import { div, exp, mul, reduceMax, reduceSum, reshape, sigmoid, sub } from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import { lower } from '../onnx/lower.ts';
import type { Model } from '../nn/layer.ts';
import type { State } from '../nn/parameters.ts';
import { resolveDevice, type DeviceName } from '../runtime/devices.ts';
import { openSession, type Session } from '../runtime/session.ts';
import { PORTS, traceForward, type ImageShape } from './trace.ts';
import { checkState } from './step-state.ts';

/** The batch size graphs are traced with; their first axis is symbolic afterwards. */
const TRACED = 2;

export interface ForwardOptions {
  readonly model: Model;
  readonly inputShape: ImageShape;
  readonly device?: DeviceName | undefined;
  readonly threads?: number | undefined;
}

export interface Forward {
  /** Logits [size, K] of images [size, C, H, W] under the parameters of `state`. */
  readonly run: (state: State, x: Float32Array, size: number) => Promise<Float32Array>;
  readonly dispose: () => Promise<void>;
}

/** Parameters and buffers of `model` in `state`, whatever else that holds. */
function tensorsOf(model: Model, state: State): Map<string, HostTensor> {
  const specs = [...model.parameters, ...model.buffers];
  checkState(state, new Map(specs.map(({ name, shape }) => [name, float32(shape)])));
  return new Map(specs.map(({ name }) => [name, state.get(name)!]));
}

/** Compiles the forward pass: one graph for every batch size, parameters fed with each run. */
export function compileForward({ model, inputShape, device: name, threads }: ForwardOptions): Forward {
  const device = resolveDevice(name ?? 'auto');
  let opening: Promise<Session> | undefined;
  const open = (): Promise<Session> => {
    const logits = traceForward(model, inputShape, TRACED, PORTS.x);
    const dynamic = { axis: 'batch', inputs: [PORTS.x] };
    return openSession(lower({ name: model.name, outputs: { [PORTS.logits]: logits }, dynamic }), {
      device,
      threads,
    });
  };
  return {
    run: async (state, x, size) => {
      if (x.length !== size * sizeOf(inputShape))
        throw new TensorError(
          'SHAPE',
          `${size} images must hold ${size * sizeOf(inputShape)} pixels, but got ${x.length}`,
          'check the shape of the images',
        );
      const session = await (opening ??= open());
      const feeds = tensorsOf(model, state).set(PORTS.x, float32([size, ...inputShape], x));
      return (await session.run(feeds)).get(PORTS.logits)!.data as Float32Array;
    },
    dispose: async () => {
      const session = await opening;
      opening = undefined;
      await session?.dispose();
    },
  };
}

/** The logits [size, K] that the float64 interpreter gives: slow, for comparison. Throws as {@link Forward} does. */
export function referenceForward(
  { model, inputShape }: ForwardOptions,
  state: State,
  x: Float32Array,
  size: number,
): Float64Array {
  const logits = traceForward(model, inputShape, size, PORTS.x);
  const feeds = tensorsOf(model, state).set(PORTS.x, float32([size, ...inputShape], x));
  return interpret([logits], feeds)[0]!.values;
}

/** Sigmoid of a single logit, softmax of several, of `logits` divided by `temperature`. */
function probabilities(raw: Tensor, temperature: number): Tensor {
  const logits = temperature === 1 ? raw : mul(raw, 1 / temperature);
  if (logits.shape[1] === 1) return sigmoid(logits);
  const column = [logits.shape[0]!, 1];
  const raised = exp(sub(logits, reshape(reduceMax(logits, [1]), column)));
  return div(raised, reshape(reduceSum(raised, [1]), column));
}

export interface ExportOptions {
  readonly model: Model;
  readonly state: State;
  readonly inputShape: ImageShape;
  /** Which output comes first; both are there. */
  readonly output: 'probability' | 'logits';
  /** The logits are divided by this before they become probabilities (Guo et al., ICML 2017); default 1. `logits` stay as they are. */
  readonly temperature?: number;
  /** Stored as the file's `metadata_props`. */
  readonly metadata?: Record<string, string> | undefined;
}

/**
 * A self-contained ONNX file: input `input` [batch, C, H, W], outputs `logits` and `probability` [batch, K], the
 * parameters as initialisers. Throws {@link TensorError} `STATE` when the state is not the model's.
 */
export function exportOnnx(options: ExportOptions): Uint8Array {
  const { model, state, inputShape, output, temperature = 1, metadata = {} } = options;
  const logits = traceForward(model, inputShape, TRACED, 'input');
  const probability = probabilities(logits, temperature);
  return lower({
    name: model.name,
    outputs: output === 'logits' ? { logits, probability } : { probability, logits },
    initializers: tensorsOf(model, state),
    dynamic: { axis: 'batch', inputs: ['input'] },
    metadata,
  });
}

// Running a model file on ONNX Runtime, with host tensors in and out.
import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { TensorError } from '../error.ts';
import type { HostTensor } from '../ir/host.ts';
import { providersOf, type Device } from './devices.ts';

export interface SessionOptions {
  readonly device: Device;
  /** Threads within an operator; all cores when left out. */
  readonly threads?: number | undefined;
}

/** A loaded model. `run` blocks the JavaScript thread while the graph computes. */
export interface Session {
  run(feeds: ReadonlyMap<string, HostTensor>): Promise<Map<string, HostTensor>>;
  dispose(): Promise<void>;
}

function runtimeError(error: unknown, doing: string): TensorError {
  const reason = error instanceof Error ? error.message : String(error);
  return new TensorError(
    'RUNTIME',
    `ONNX Runtime failed to ${doing}: ${reason}`,
    'try device=cpu, and report it',
    {
      cause: error,
    },
  );
}

/** ONNX Runtime takes no shared memory, so that is copied; other memory is used in place. */
function toOrt({ dtype, data, shape }: HostTensor): OrtTensor {
  const owned = data.buffer instanceof SharedArrayBuffer ? data.slice() : data;
  return new OrtTensor(dtype as 'float32', owned as Float32Array, shape);
}

const fromOrt = (value: OrtTensor): HostTensor => ({
  dtype: value.type as HostTensor['dtype'],
  shape: value.dims,
  data: value.data as Float32Array,
});

/**
 * Loads a model file. Throws {@link TensorError} `RUNTIME` when ONNX Runtime refuses it.
 * Execution is sequential with a memory arena, which measured fastest; `force_spinning_stop` keeps the idle threads of
 * one session from halving the speed of another.
 */
export async function openSession(model: Uint8Array, { device, threads }: SessionOptions): Promise<Session> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: providersOf(device),
    executionMode: 'sequential',
    enableCpuMemArena: true,
    intraOpNumThreads: threads ?? availableParallelism(),
    logSeverityLevel: 3,
    extra: { session: { force_spinning_stop: '1' } },
  };
  const session = await InferenceSession.create(model, options).catch((error: unknown) => {
    throw runtimeError(error, 'load the graph');
  });
  return {
    run: async (feeds) => {
      const inputs = Object.fromEntries([...feeds].map(([name, tensor]) => [name, toOrt(tensor)]));
      const outputs = await session.run(inputs).catch((error: unknown) => {
        throw runtimeError(error, 'run the graph');
      });
      return new Map(Object.entries(outputs).map(([name, value]) => [name, fromOrt(value)]));
    },
    dispose: () => session.release(),
  };
}

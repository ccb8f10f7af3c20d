// Running a model file on ONNX Runtime, with host tensors in and out.
import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor as OrtTensor } from './onnxruntime.ts';
import type { HostTensor } from '../ir/host.ts';
import { hintOf, providersOf, type Device } from './devices.ts';
import { runtimeFailure } from './failure.ts';

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
 * Loads a model file. Throws {@link TensorError} `DEVICE` when the device cannot start, `RUNTIME` when ONNX Runtime refuses it.
 * Execution is sequential with a memory arena, which measured fastest. With memory patterns a train step takes up to
 * twice the memory and is a few per cent faster at most (docs/adr/0002). `force_spinning_stop` keeps the idle threads of one
 * session from halving the speed of another.
 */
export async function openSession(model: Uint8Array, { device, threads }: SessionOptions): Promise<Session> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: providersOf(device),
    executionMode: 'sequential',
    enableCpuMemArena: true,
    enableMemPattern: false,
    intraOpNumThreads: threads ?? availableParallelism(),
    logSeverityLevel: 3,
    extra: { session: { force_spinning_stop: '1' } },
  };
  const about = { device, hint: hintOf(device) };
  const session = await InferenceSession.create(model, options).catch((error: unknown) => {
    throw runtimeFailure(error, 'load the graph', about);
  });
  return {
    run: async (feeds) => {
      const inputs = Object.fromEntries([...feeds].map(([name, tensor]) => [name, toOrt(tensor)]));
      const outputs = await session.run(inputs).catch((error: unknown) => {
        throw runtimeFailure(error, 'run the graph', about);
      });
      return new Map(Object.entries(outputs).map(([name, value]) => [name, fromOrt(value)]));
    },
    dispose: () => session.release(),
  };
}

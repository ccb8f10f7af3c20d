// What a network costs to use: weights, multiply-adds, bytes of its file, and the time one image takes on the CPU.
import { countMacs, exportOnnx, type ImageShape, type Model, type State } from '@spatter/tensor';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { randomStream, uniform } from '../util/random.ts';

export interface ModelCost {
  /** Trained numbers. */
  readonly params: number;
  /** Multiply-adds of one image. */
  readonly macs: number;
  /** Bytes of the exported ONNX file. */
  readonly model_bytes: number;
  /** Milliseconds that one image takes on one CPU thread: median and 99th percentile. */
  readonly latency_ms: number;
  readonly latency_p99_ms: number;
}

/** Runs before the clock starts, runs that are timed at least, and the time they take at least. */
const WARM_UP = 20;
const RUNS = 200;
const MILLISECONDS = 300;

/** Measures the network as `spatter export` writes it. The latencies are wall-clock times: let nothing else run. */
export async function modelCost(model: Model, state: State, inputShape: ImageShape): Promise<ModelCost> {
  const file = exportOnnx({ model, state, inputShape, output: 'probability' });
  const times = (await timeImages(file, inputShape)).sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))]!;
  return {
    params: model.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    macs: countMacs(model, inputShape),
    model_bytes: file.length,
    latency_ms: at(0.5),
    latency_p99_ms: at(0.99),
  };
}

/** Milliseconds of many runs on one image. */
async function timeImages(file: Uint8Array, [channels, height, width]: ImageShape): Promise<number[]> {
  const session = await InferenceSession.create(file, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  const random = randomStream(0);
  const pixels = Float32Array.from({ length: channels * height * width }, () => uniform(random));
  const input = new Tensor('float32', pixels, [1, channels, height, width]);
  const times: number[] = [];
  try {
    for (let run = 0; run < WARM_UP; run++) await session.run({ input });
    for (let total = 0; times.length < RUNS || total < MILLISECONDS; total += times.at(-1)!) {
      const began = performance.now();
      await session.run({ input });
      times.push(performance.now() - began);
    }
    return times;
  } finally {
    await session.release();
  }
}

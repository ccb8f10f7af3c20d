// Running an exported network on the processor, for one image as for thousands.
import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor as OrtTensor } from './onnxruntime.ts';
import type { Shape } from '../ir/host.ts';
import { runtimeFailure } from './failure.ts';
import { hintOf } from './devices.ts';

/** Images per run: what a layer gives is still in the caches when the next one reads it (docs/adr/0002). */
const IMAGES_AT_A_TIME = 128;
/** Up to this many images of a network up to this size, threads wait for each other longer than they work. */
const FEW_IMAGES = 8;
const SMALL_NETWORK_BYTES = 2 ** 20;

const OUTPUTS = ['logits', 'probability'] as const;

/** What a network says about its images, row-major [size, K]. */
export type Inferred = Readonly<Record<(typeof OUTPUTS)[number], Float32Array>>;

export interface Inference {
  /** `images` hold `shape[0]` images, row-major: [size, C, H, W]. Blocks the JavaScript thread while the network computes. */
  readonly run: (images: Float32Array, shape: Shape) => Promise<Inferred>;
  readonly dispose: () => Promise<void>;
}

export interface InferenceOptions {
  /** Threads within an operator; all cores when left out. */
  readonly threads?: number | undefined;
}

const ABOUT = { device: 'cpu', hint: hintOf('cpu') } as const;

async function open(model: Uint8Array, threads: number): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    extra: { session: { force_spinning_stop: '1' } },
  };
  return InferenceSession.create(model, options).catch((error: unknown) => {
    throw runtimeFailure(error, 'load the graph', ABOUT);
  });
}

async function infer(session: InferenceSession, images: Float32Array, shape: Shape): Promise<Inferred> {
  const feeds = { input: new OrtTensor('float32', images, shape) };
  const results = await session.run(feeds, OUTPUTS).catch((error: unknown) => {
    throw runtimeFailure(error, 'run the graph', ABOUT);
  });
  return {
    logits: results['logits']!.data as Float32Array,
    probability: results['probability']!.data as Float32Array,
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Loads a file of {@link exportOnnx}. Throws {@link TensorError} `RUNTIME` when ONNX Runtime refuses it. A few images of a
 * small network are run by one thread.
 */
export async function openInference(model: Uint8Array, options: InferenceOptions = {}): Promise<Inference> {
  const threads = options.threads ?? availableParallelism();
  const whole = await open(model, threads);
  const isSmall = threads > 1 && model.length <= SMALL_NETWORK_BYTES;
  const alone = isSmall ? await open(model, 1) : whole;
  return {
    run: async (images, shape) => {
      const [size, ...rest] = shape as [number, ...number[]];
      if (size <= IMAGES_AT_A_TIME) return infer(size <= FEW_IMAGES ? alone : whole, images, shape);
      const pixels = images.length / size;
      const parts: Inferred[] = [];
      for (let start = 0; start < size; start += IMAGES_AT_A_TIME) {
        const end = Math.min(size, start + IMAGES_AT_A_TIME);
        parts.push(await infer(whole, images.subarray(start * pixels, end * pixels), [end - start, ...rest]));
      }
      return {
        logits: joined(parts.map(({ logits }) => logits)),
        probability: joined(parts.map(({ probability }) => probability)),
      };
    },
    dispose: async () => {
      await whole.release();
      if (alone !== whole) await alone.release();
    },
  };
}

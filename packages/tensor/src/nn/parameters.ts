// What a model declares beside its mathematics: parameters, buffers, how they begin, and the state that holds them.
import { float32, sizeOf, type HostTensor, type Shape } from '../ir/host.ts';
import { normalStream, uniformStream } from './random.ts';

/** How a tensor begins. */
export type Initial =
  /** Uniform in ±`uniform`. */
  | { readonly uniform: number }
  /** Normal around 0 with standard deviation `normal`. */
  | { readonly normal: number }
  | { readonly constant: number };

/** A trainable tensor. `name` is PyTorch's in the model's `state_dict`. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initial: Initial;
}

/**
 * State that is no parameter, under PyTorch's name of the buffer. It has no gradient and no optimiser state; a train step
 * gives it the value that the forward pass asks for, evaluation reads it.
 */
export interface BufferSpec {
  readonly name: string;
  readonly shape: Shape;
  /** A buffer may begin as another tensor of the state, by its name there. */
  readonly initial: Initial | { readonly copyOf: string };
}

/** Named tensors: parameters and buffers under their PyTorch names, optimiser state under `optimizer.`. */
export type State = ReadonlyMap<string, HostTensor>;

function drawFrom(initial: Initial, seed: number, name: string): () => number {
  if ('constant' in initial) return () => initial.constant;
  if ('normal' in initial) {
    const next = normalStream(seed, name);
    return () => next() * initial.normal;
  }
  const next = uniformStream(seed, name);
  return () => (2 * next() - 1) * initial.uniform;
}

/** Initial values; they depend only on `seed` and each tensor's name and shape. Copies must come after what they copy. */
export function initialValues(
  specs: readonly (ParameterSpec | BufferSpec)[],
  seed: number,
): Map<string, HostTensor> {
  const values = new Map<string, HostTensor>();
  for (const { name, shape, initial } of specs) {
    if ('copyOf' in initial) {
      values.set(name, values.get(initial.copyOf)!);
      continue;
    }
    const draw = drawFrom(initial, seed, name);
    values.set(name, float32(shape, Float32Array.from({ length: sizeOf(shape) }, draw)));
  }
  return values;
}

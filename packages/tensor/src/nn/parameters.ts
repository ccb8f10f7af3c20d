// Parameters: what a model declares, how they begin, and the state that holds them.
import { float32, sizeOf, type HostTensor, type Shape } from '../ir/host.ts';
import { uniformStream } from './random.ts';

/** A trainable tensor. `name` is PyTorch's in the model's `state_dict`; it starts uniform in ±`bound`. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly bound: number;
}

/** Named tensors: parameters under their PyTorch names, optimiser state under `optimizer.`. */
export type State = ReadonlyMap<string, HostTensor>;

/** Initial parameters; they depend only on `seed` and each parameter's name and shape. */
export function initialParameters(specs: readonly ParameterSpec[], seed: number): Map<string, HostTensor> {
  return new Map(
    specs.map(({ name, shape, bound }) => {
      const next = uniformStream(seed, name);
      return [
        name,
        float32(
          shape,
          Float32Array.from({ length: sizeOf(shape) }, () => (2 * next() - 1) * bound),
        ),
      ];
    }),
  );
}

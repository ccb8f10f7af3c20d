// A second network beside a first one: the same layers, whose parameters follow the first network's instead of a gradient.
import { add, mul, stopGradient } from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import type { Layer } from './layer.ts';

/** A tensor of the state, such as an objective's scopes give it. */
type Lookup = (name: string) => Tensor;

/**
 * `layer` with its parameters as buffers, which begin as those of the state under the prefix `of`. No gradient flows into
 * them; {@link followed} moves them.
 */
export function twin(layer: Layer, of: string): Layer {
  return {
    ...layer,
    parameters: [],
    buffers: [
      ...layer.parameters.map(({ name, shape }) => ({ name, shape, initial: { copyOf: `${of}.${name}` } })),
      ...layer.buffers,
    ],
    forward: (scope, x) =>
      stopGradient(layer.forward({ ...scope, tensor: (name) => stopGradient(scope.tensor(name)) }, x)),
  };
}

/** rate·follower + (1 − rate)·leader: the moving average of He et al. (2020, eq. 2) and Tarvainen and Valpola (2017). */
export const followed = (follower: Tensor, leader: Tensor, rate: number): Tensor =>
  add(mul(follower, rate), mul(stopGradient(leader), 1 - rate));

/** Moves the twin under `prefix` towards the network under `of`, by tensors looked up before or after an update. */
export function follow(
  layer: Layer,
  { prefix, of, rate }: { readonly prefix: string; readonly of: string; readonly rate: number },
  {
    tensor,
    leader,
    setBuffer,
  }: { tensor: Lookup; leader: Lookup; setBuffer: (name: string, next: Tensor) => void },
): void {
  for (const { name } of layer.parameters)
    setBuffer(`${prefix}.${name}`, followed(tensor(`${prefix}.${name}`), leader(`${of}.${name}`), rate));
}

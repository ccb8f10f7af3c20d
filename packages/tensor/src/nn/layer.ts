// What layers are, and how they are put together into larger ones.
import type { Shape } from '../ir/host.ts';
import type { Tensor } from '../ir/primitives.ts';
import type { BufferSpec, ParameterSpec } from './parameters.ts';

/** What a layer sees while it is traced; names are the layer's own (`weight`). */
export interface Scope {
  /** A parameter or buffer of the layer, as it is before the step. */
  readonly tensor: (name: string) => Tensor;
  /** Whether this pass trains: normalisation then uses the batch's statistics. */
  readonly training: boolean;
  /** Random numbers of a train step: 1 / keep with probability `keep`, else 0; fresh ones at every call. */
  readonly keepMask: (shape: Shape, keep: number) => Tensor;
  /** Says what the buffer `name` is after a train step; outside training nothing keeps it. */
  readonly setBuffer: (name: string, next: Tensor) => void;
}

/** A step of a model, a pure function of its input and its state. */
export interface Layer {
  readonly parameters: readonly ParameterSpec[];
  readonly buffers: readonly BufferSpec[];
  /** Counters under PyTorch's names (int64 scalars): how many train steps there were. They never enter a graph. */
  readonly counters: readonly string[];
  readonly forward: (scope: Scope, x: Tensor) => Tensor;
}

/** A network from images [N, C, H, W] to logits [N, K]. */
export interface Model extends Layer {
  readonly name: string;
}

/** A layer without parameters. */
export const stateless = (forward: (x: Tensor) => Tensor): Layer => ({
  parameters: [],
  buffers: [],
  counters: [],
  forward: (_scope, x) => forward(x),
});

/** What the layer held as attribute `prefix` sees. */
export function within(scope: Scope, prefix: string): Scope {
  return {
    training: scope.training,
    keepMask: scope.keepMask,
    tensor: (name) => scope.tensor(`${prefix}.${name}`),
    setBuffer: (name, next) => {
      scope.setBuffer(`${prefix}.${name}`, next);
    },
  };
}

/** What the layer held as attribute `prefix` has, under its names there. */
export const under = <Spec extends { readonly name: string }>(
  prefix: string,
  specs: readonly Spec[],
): Spec[] => specs.map((spec) => ({ ...spec, name: `${prefix}.${spec.name}` }));

/**
 * A `torch.nn.Module` with `children` as attributes: the state of child `conv1` is `conv1.…`. `forward` calls the
 * children by name, any number of times and in any order.
 */
export function compose<Name extends string>(
  children: Readonly<Record<Name, Layer>>,
  forward: (run: Readonly<Record<Name, (x: Tensor) => Tensor>>, x: Tensor) => Tensor,
): Layer {
  const list = Object.entries<Layer>(children);
  const prefixed = <Spec extends { readonly name: string }>(specs: (layer: Layer) => readonly Spec[]) =>
    list.flatMap(([child, layer]) => under(child, specs(layer)));
  return {
    parameters: prefixed((layer) => layer.parameters),
    buffers: prefixed((layer) => layer.buffers),
    counters: list.flatMap(([child, { counters }]) => counters.map((name) => `${child}.${name}`)),
    forward: (scope, x) => {
      const run = list.map(([child, layer]) => [
        child,
        (value: Tensor) => layer.forward(within(scope, child), value),
      ]);
      return forward(Object.fromEntries(run) as Record<Name, (x: Tensor) => Tensor>, x);
    },
  };
}

/** `torch.nn.Sequential`: layer i's state is `i.…`; layers without state count too. */
export function chain(layers: readonly Layer[]): Layer {
  return compose(Object.fromEntries(layers.map((layer, i) => [String(i), layer])), (run, x) =>
    layers.reduce((value, _layer, i) => run[String(i)]!(value), x),
  );
}

/** `torch.nn.Sequential` held as attribute `prefix`: layer i's state is `prefix.i.…`. */
export function sequential(prefix: string, layers: readonly Layer[]): Layer {
  return compose({ [prefix]: chain(layers) }, (run, x) => run[prefix]!(x));
}

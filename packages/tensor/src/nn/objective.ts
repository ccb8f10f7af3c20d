// What a train step minimises: state, inputs and a scalar loss. Classification is one objective; methods with two networks or a queue write their own.
import type { Shape } from '../ir/host.ts';
import type { Tensor } from '../ir/primitives.ts';
import type { Loss, LossOptions } from '../losses/loss.ts';
import type { Model, Scope } from './layer.ts';
import type { BufferSpec, ParameterSpec } from './parameters.ts';

/** What may be decided after the optimiser's update. */
export interface UpdateScope {
  /** A parameter or buffer before the step. */
  readonly tensor: (name: string) => Tensor;
  /** A parameter or buffer after the step. */
  readonly next: (name: string) => Tensor;
  /** Says what the buffer `name` is after the step. */
  readonly setBuffer: (name: string, next: Tensor) => void;
}

/** A train step's purpose: a pure function of the state and a batch. */
export interface Objective {
  readonly name: string;
  /** What the optimiser updates. */
  readonly parameters: readonly ParameterSpec[];
  readonly buffers: readonly BufferSpec[];
  readonly counters: readonly string[];
  /** What a batch feeds, by name: shape of one sample; the batch's size comes before it. */
  readonly inputs: Readonly<Record<string, Shape>>;
  /** The mean loss of a batch, and whatever else the caller wants to see, each with the batch as first axis. */
  readonly forward: (
    scope: Scope,
    batch: Readonly<Record<string, Tensor>>,
  ) => { readonly loss: Tensor; readonly outputs: Readonly<Record<string, Tensor>> };
  /** Runs after the optimiser, such as for a second network that follows the first. */
  readonly afterUpdate?: (scope: UpdateScope) => void;
}

/** Names of the inputs and the output of {@link classification}. */
export const CLASSIFICATION = { x: 'x', y: 'y', logits: 'logits' } as const;

/**
 * The loss of `model` on images `x` of `inputShape` with labels `y`, each a number; with `softLabels`, a share per class.
 */
export function classification(
  model: Model,
  loss: Loss,
  inputShape: Shape,
  options: LossOptions & { readonly softLabels?: number | undefined } = {},
): Objective {
  const { softLabels } = options;
  return {
    name: model.name,
    parameters: model.parameters,
    buffers: model.buffers,
    counters: model.counters,
    inputs: { x: inputShape, y: softLabels === undefined ? [] : [softLabels] },
    forward: (scope, { x, y }) => {
      const logits = model.forward(scope, x!);
      return { loss: loss.forward(logits, y!, options), outputs: { logits } };
    },
  };
}

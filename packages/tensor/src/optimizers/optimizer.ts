// What every optimiser is: a pure rule for one parameter, applied to all.
import type { Tensor } from '../ir/primitives.ts';

/** What the rule sees of one parameter; all tensors have its shape. */
export interface UpdateInputs {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  /** The optimiser's own tensor of this name, as the last step left it. */
  readonly slot: (name: string) => Tensor;
  /** One of {@link Optimizer.scalars}. */
  readonly scalar: (name: string) => Tensor;
}

export interface Optimizer {
  readonly name: string;
  /** Names of the tensors it keeps per parameter; they begin as zeros. */
  readonly slots: readonly string[];
  /** Numbers of step `step` (from 1), computed in float64 as PyTorch computes them in Python. The names are always the same. */
  readonly scalars: (step: number, lr: number) => Readonly<Record<string, number>>;
  readonly update: (inputs: UpdateInputs) => {
    readonly parameter: Tensor;
    readonly slots: Readonly<Record<string, Tensor>>;
  };
}

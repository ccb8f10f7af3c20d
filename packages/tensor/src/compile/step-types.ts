// What a step of any objective is, what it is made of, fed and told, and what it gives.
import type { State } from '../nn/parameters.ts';
import type { DeviceName } from '../runtime/devices.ts';
import type { TunerOptions } from '../tune/tuner.ts';
import type { StepRecipe } from './trace.ts';

/** Where steps run, and what their randomness depends on. */
export interface StepPlace {
  readonly device?: DeviceName | undefined;
  /** Threads within an operator; all cores when left out. */
  readonly threads?: number | undefined;
  /** Seed of what is random in a step, such as dropout; with the number of the step it decides every mask. */
  readonly seed?: number | undefined;
  /** Where equal forms of a part of the graph are timed against each other; left out, shapes alone decide. */
  readonly tuning?: TunerOptions | undefined;
}

export interface ObjectiveStepOptions extends StepRecipe, StepPlace {}

/** What every step is told beside its batch. */
export interface StepHyper {
  /** Learning rate. */
  readonly lr: number;
  /** Whether the parameters are updated; otherwise the gradient waits. Only steps that accumulate may say false. */
  readonly update?: boolean;
}

/** What a step is trained with: values of the objective's inputs, each [size, …] row-major. */
export interface ObjectiveBatch {
  readonly inputs: Readonly<Record<string, Float32Array>>;
  readonly size: number;
}

/** A step of any objective. */
export interface Step {
  /** Parameters and optimiser state before the first step; the same bytes for the same seed. */
  readonly initialState: (seed: number) => State;
  /** One step. Blocks the JavaScript thread while the graph computes. The given state is left as it was. */
  readonly run: (state: State, batch: ObjectiveBatch, hyper: StepHyper) => Promise<ObjectiveResult>;
  /**
   * As many steps as there are `hypers`, with the same bytes as one by one, in one run of ONNX Runtime: between them the state
   * stays where the graph computes. `inputs` hold the steps' batches one after the other, each of `size`. Every number of steps
   * compiles a graph of its own. Throws {@link TensorError} `STATE` unless all steps update or all let their gradients wait.
   */
  readonly runMany: (
    state: State,
    batches: ObjectiveBatch,
    hypers: readonly StepHyper[],
  ) => Promise<ObjectiveResults>;
  readonly dispose: () => Promise<void>;
}

/** What a step says beside the next state. */
export interface ObjectiveMetrics {
  /** Mean loss of the batch before the update. */
  readonly loss: number;
  /** The objective's outputs, before the update. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
  /** Global norm of the gradients before clipping; only when the step clips. */
  readonly gradNorm?: number;
  /**
   * Whether the loss or a gradient overflowed, so that the step was no update and the loss is scaled less from then on; only in half
   * precision. As with `torch.amp.GradScaler`, statistics of the batch and `num_batches_tracked` move on all the same; unlike with
   * it, only where they are finite.
   */
  readonly skipped?: boolean;
}

export interface ObjectiveResult extends ObjectiveMetrics {
  readonly state: State;
}

export interface ObjectiveResults {
  /** The state after the last step. */
  readonly state: State;
  /** In the order of the steps. */
  readonly steps: readonly ObjectiveMetrics[];
}

// The train step of a classifier: images and labels in, logits out.
import type { Loss, LossOptions } from '../losses/loss.ts';
import type { Model } from '../nn/layer.ts';
import { CLASSIFICATION, classification } from '../nn/objective.ts';
import type { State } from '../nn/parameters.ts';
import { compileStep } from './step.ts';
import type { ObjectiveMetrics, Step, StepHyper, StepPlace } from './step-types.ts';
import type { ImageShape, UpdateRecipe } from './trace.ts';

export interface TrainStepOptions extends UpdateRecipe, StepPlace {
  readonly model: Model;
  readonly loss: Loss;
  readonly inputShape: ImageShape;
  /** Share of every label that is spread evenly over all classes, in [0, 1). */
  readonly labelSmoothing?: number | undefined;
  /** What the loss takes beside. */
  readonly lossOptions?: LossOptions | undefined;
  /** Number of classes when labels are shares per class instead of class numbers. */
  readonly softLabels?: number | undefined;
}

export interface Batch {
  /** Images, [size, C, H, W] row-major. */
  readonly x: Float32Array;
  /** Labels [size]: 0 or 1 for binary cross-entropy, the class index for cross-entropy; soft ones [size, K]. */
  readonly y: Float32Array;
  readonly size: number;
}

/** What a step of a classifier says beside the next state. */
export interface StepMetrics extends Omit<ObjectiveMetrics, 'outputs'> {
  /** [size, K], before the update. */
  readonly logits: Float32Array;
}

export interface StepResult extends StepMetrics {
  readonly state: State;
}

/** A step of {@link classification}. */
export interface TrainStep extends Omit<Step, 'run' | 'runMany'> {
  /** One step. Blocks the JavaScript thread while the graph computes. The given state is left as it was. */
  readonly run: (state: State, batch: Batch, hyper: StepHyper) => Promise<StepResult>;
  /** Several steps in one run, as {@link Step.runMany}; `x` and `y` hold their batches one after the other. */
  readonly runMany: (
    state: State,
    batches: Batch,
    hypers: readonly StepHyper[],
  ) => Promise<{ readonly state: State; readonly steps: readonly StepMetrics[] }>;
}

/** Compiles a step that trains a classifier. Throws {@link TensorError} `DEVICE` or `SHAPE` when it cannot be. */
export function compileTrainStep(options: TrainStepOptions): TrainStep {
  const { model, loss, inputShape, labelSmoothing: smoothing, softLabels, lossOptions } = options;
  const chosen = { ...lossOptions, softLabels, ...(smoothing !== undefined && { smoothing }) };
  const step = compileStep({ ...options, objective: classification(model, loss, inputShape, chosen) });
  const runMany: TrainStep['runMany'] = async (state, { x, y, size }, hypers) => {
    const results = await step.runMany(state, { inputs: { x, y }, size }, hypers);
    const named = ({ outputs, ...metrics }: ObjectiveMetrics): StepMetrics => ({
      ...metrics,
      logits: outputs[CLASSIFICATION.logits]!,
    });
    return { state: results.state, steps: results.steps.map(named) };
  };
  return {
    ...step,
    run: async (state, batch, hyper) => {
      const { state: next, steps } = await runMany(state, batch, [hyper]);
      return { state: next, ...steps[0]! };
    },
    runMany,
  };
}

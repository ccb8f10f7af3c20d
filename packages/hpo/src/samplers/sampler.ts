// What every sampler does. Samplers are pure: all they know is the context, all they do is in what they return.
import type { Distribution, ParamValue } from '../distributions.ts';
import type { Random } from '../numeric/random.ts';
import type { Json } from '../python-json.ts';
import type { Direction, FrozenTrial } from '../trial-record.ts';

/** What a sampler may look at. `trials` may hold the trial itself. */
export interface SamplingContext {
  readonly studyName: string;
  readonly directions: readonly Direction[];
  readonly trials: readonly FrozenTrial[];
  readonly trial: FrozenTrial;
  /** This trial's own stream. */
  readonly random: Random;
}

/** Parameters chosen together when a trial starts, and the system attributes to store with it. */
export interface JointSample {
  readonly params?: Readonly<Record<string, ParamValue>>;
  readonly systemAttrs?: Readonly<Record<string, Json>>;
}

/** Chooses parameters. Matches Optuna's `BaseSampler`, with the effects returned instead of performed. */
export interface Sampler {
  /** Called once when a trial starts. */
  sampleJoint?(context: SamplingContext): JointSample;
  /** Called for each parameter that `sampleJoint` did not choose. Gives an external value. */
  sampleOne(context: SamplingContext, param: string, distribution: Distribution): ParamValue;
  /** Whether the study has nothing left to try once this trial has ended. */
  isExhausted?(context: Omit<SamplingContext, 'random'>): boolean;
}

/** Trials that a model can learn from. */
export function observed(trials: readonly FrozenTrial[]): FrozenTrial[] {
  return trials.filter((trial) => trial.state === 'COMPLETE' || trial.state === 'PRUNED');
}

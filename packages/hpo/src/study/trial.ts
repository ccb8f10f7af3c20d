// A running trial: asks the sampler for parameters, takes reports, asks the pruner whether to go on.
import {
  categoricalDistribution,
  contains,
  firstValue,
  floatDistribution,
  intDistribution,
  isSingle,
  requireCompatible,
  toInternal,
} from '../distributions.ts';
import type { Choice, Distribution, ParamValue } from '../distributions.ts';
import { requireArgument } from '../errors.ts';
import type { Random } from '../numeric/random.ts';
import type { Pruner, PruningContext } from '../pruners/pruner.ts';
import type { Json } from '../python-json.ts';
import type { JointSample, Sampler, SamplingContext } from '../samplers/sampler.ts';
import { withUpdate } from '../storages/apply.ts';
import type { Storage, TrialUpdate } from '../storages/storage.ts';
import { constraintKey, constraintsOf } from '../trial-record.ts';
import type { Attributes, FrozenStudy, FrozenTrial, Params } from '../trial-record.ts';
import type { Outcome } from './outcome.ts';
import { TrialRecorder } from './recorder.ts';

/** What a trial needs of its study. */
export interface TrialSetting {
  readonly storage: Storage;
  readonly study: FrozenStudy;
  readonly sampler: Sampler;
  readonly pruner: Pruner;
  readonly random: Random;
  /** The study's trials when this one started. */
  readonly trials: readonly FrozenTrial[];
  readonly warn: (message: string) => void;
}

/** Thrown by an objective to end its trial as PRUNED. */
export class TrialPruned extends Error {
  override readonly name = 'TrialPruned';
}

/**
 * A RUNNING trial. Suggestions come at once and are stored in the background, at the latest by `shouldPrune` or `tell`.
 * The same name gives the same value again. Samplers see the study as it was when the trial started.
 */
export class Trial {
  readonly #setting: TrialSetting;
  readonly #recorder: TrialRecorder;
  readonly #context: SamplingContext;
  readonly #joint: JointSample;
  #record: FrozenTrial;

  constructor(setting: TrialSetting, record: FrozenTrial) {
    this.#setting = setting;
    this.#record = record;
    this.#recorder = new TrialRecorder(setting.storage, record.id);
    const { study, random } = setting;
    const trials = visibleTrials(setting, record);
    this.#context = { studyName: study.name, directions: study.directions, trials, trial: record, random };
    this.#joint = setting.sampler.sampleJoint?.(this.#context) ?? {};
    if (Object.keys(this.#joint.systemAttrs ?? {}).length > 0)
      this.#change({ systemAttrs: this.#joint.systemAttrs! });
  }

  get id(): number {
    return this.#record.id;
  }

  /** Counts from 0 in the study. */
  get number(): number {
    return this.#record.number;
  }

  /** The trial as this worker knows it. */
  get record(): FrozenTrial {
    return this.#record;
  }

  /** Values suggested so far. */
  get params(): Params {
    return this.#record.params;
  }

  get userAttrs(): Attributes {
    return this.#record.userAttrs;
  }

  get systemAttrs(): Attributes {
    return this.#record.systemAttrs;
  }

  /** A real number in [low, high]; see `floatDistribution`. */
  suggestFloat(
    name: string,
    low: number,
    high: number,
    options: { log?: boolean; step?: number } = {},
  ): number {
    return this.suggest(name, floatDistribution(low, high, options)) as number;
  }

  /** An integer in [low, high]; see `intDistribution`. */
  suggestInt(
    name: string,
    low: number,
    high: number,
    options: { log?: boolean; step?: number } = {},
  ): number {
    return this.suggest(name, intDistribution(low, high, options)) as number;
  }

  /** One of `choices`. */
  suggestCategorical<const T extends Choice>(name: string, choices: readonly T[]): T {
    return this.suggest(name, categoricalDistribution(choices)) as T;
  }

  /** A value of any distribution. Throws INCOMPATIBLE_DISTRIBUTION when the study searched the name differently before. */
  suggest(name: string, distribution: Distribution): ParamValue {
    const before = this.#record.distributions[name] ?? firstDistribution(this.#setting.trials, name);
    if (before !== undefined) requireCompatible(name, before, distribution);
    if (name in this.#record.params) return this.#record.params[name]!;
    const value = this.#choose(name, distribution);
    this.#change({ params: { [name]: { internal: toInternal(distribution, value), distribution } } });
    return this.#record.params[name]!;
  }

  #choose(name: string, distribution: Distribution): ParamValue {
    const fixed = (this.#record.systemAttrs['fixed_params'] ?? {}) as Params;
    if (name in fixed) {
      if (!contains(distribution, toInternal(distribution, fixed[name]!))) {
        this.#setting.warn(
          `trial ${this.number}: the enqueued value of ${name} lies outside its distribution and is used`,
        );
      }
      return fixed[name]!;
    }
    if (isSingle(distribution)) return firstValue(distribution);
    const together = this.#joint.params ?? {};
    if (name in together && contains(distribution, toInternal(distribution, together[name]!)))
      return together[name]!;
    return this.#setting.sampler.sampleOne({ ...this.#context, trial: this.#record }, name, distribution);
  }

  /** Reports an intermediate value, NaN allowed, at a step ≥ 0. Only the first report of a step counts. */
  report(value: number, step: number): void {
    requireArgument(this.#setting.study.directions.length === 1, 'report needs a study with one objective');
    requireArgument(Number.isSafeInteger(step) && step >= 0, `step must be an integer ≥ 0, but got ${step}`);
    if (!this.#record.intermediateValues.has(step))
      this.#change({ intermediateValues: new Map([[step, value]]) });
  }

  /** Stores what is pending, then asks the pruner. */
  async shouldPrune(): Promise<boolean> {
    const { storage, study, pruner } = this.#setting;
    requireArgument(study.directions.length === 1, 'shouldPrune needs a study with one objective');
    await this.flush();
    const decision = pruner.decide({
      studyName: study.name,
      direction: study.directions[0]!,
      trials: await storage.trials(study.id),
      trial: this.#record,
    });
    if (Object.keys(decision.systemAttrs ?? {}).length > 0)
      this.#change({ systemAttrs: decision.systemAttrs! });
    await this.flush();
    return decision.prune;
  }

  setUserAttr(key: string, value: Json): void {
    this.#change({ userAttrs: { [key]: value } });
  }

  /** Sets a named constraint: the trial is feasible when all are ≤ 0. Only the first value of a name counts. */
  setConstraint(name: string, value: number): void {
    requireArgument(!Number.isNaN(value), `the constraint ${name} must not be NaN`);
    if (!(name in constraintsOf(this.#record)))
      this.#change({ systemAttrs: { [constraintKey(name)]: value } });
  }

  /** Resolves when everything suggested, reported and set so far is stored. */
  flush(): Promise<void> {
    return this.#recorder.flush();
  }

  /** Stores everything together with the final state. `Study.tell` calls this. Throws TRIAL_FINISHED. */
  async end(outcome: Outcome): Promise<void> {
    this.#change({ ...outcome, completedAt: new Date() });
    await this.flush();
  }

  #change(update: TrialUpdate): void {
    this.#record = withUpdate(this.#record, update, new Date());
    this.#recorder.record(update);
  }
}

function firstDistribution(trials: readonly FrozenTrial[], name: string): Distribution | undefined {
  return trials.find((trial) => name in trial.distributions)?.distributions[name];
}

/** Hyperband lets samplers learn from one bracket at a time; with several objectives nothing is pruned. */
function visibleTrials({ study, pruner, trials }: TrialSetting, trial: FrozenTrial): readonly FrozenTrial[] {
  const [direction] = study.directions;
  if (pruner.peers === undefined || direction === undefined || study.directions.length > 1) return trials;
  const context: PruningContext = { studyName: study.name, direction, trials, trial };
  return pruner.peers(context);
}

// A study: trials of one search, wherever they run.
import type { Distribution, ParamValue } from '../distributions.ts';
import { HpoError, requireArgument } from '../errors.ts';
import { paretoFront } from '../analysis/pareto.ts';
import type { Random } from '../numeric/random.ts';
import type { Pruner } from '../pruners/pruner.ts';
import type { Json } from '../python-json.ts';
import type { Sampler } from '../samplers/sampler.ts';
import { requireUnfinished, trialNotFound, type StartedTrial, type Storage } from '../storages/storage.ts';
import { isFinished, losses, requireTemplate, violation } from '../trial-record.ts';
import type {
  Attributes,
  Direction,
  FrozenStudy,
  FrozenTrial,
  Params,
  TrialState,
  TrialTemplate,
} from '../trial-record.ts';
import { optimize, type Objective, type OptimizeOptions } from './optimize.ts';
import { outcomeOf, type FinalState, type Outcome } from './outcome.ts';
import { failStale, type HeartbeatOptions } from './stale.ts';
import { Trial } from './trial.ts';

/** How a study works in this process; nothing of it is stored. */
export interface StudySetting {
  readonly storage: Storage;
  readonly sampler: Sampler;
  readonly pruner: Pruner;
  /** The stream of a trial. */
  readonly random: (trialNumber: number) => Random;
  readonly heartbeat: HeartbeatOptions | undefined;
  readonly warn: (message: string) => void;
}

/** A study in a storage. Any number of these, in any number of processes, may work on one study at once. */
export class Study {
  readonly #setting: StudySetting;
  readonly #study: FrozenStudy;
  #stopped = false;

  constructor(setting: StudySetting, study: FrozenStudy) {
    this.#setting = setting;
    this.#study = study;
  }

  get id(): number {
    return this.#study.id;
  }

  get name(): string {
    return this.#study.name;
  }

  get directions(): readonly Direction[] {
    return this.#study.directions;
  }

  get storage(): Storage {
    return this.#setting.storage;
  }

  get heartbeat(): HeartbeatOptions | undefined {
    return this.#setting.heartbeat;
  }

  /** Whether `stop` was called since the last `optimize` began. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  /**
   * Starts the oldest enqueued trial, or a new one. Parameters in `space` are suggested at once. With `sign`, the trial's
   * first heartbeat is recorded, and the caller must go on signing (see `startHeartbeat`).
   */
  async ask(
    space: Readonly<Record<string, Distribution>> = {},
    options: { readonly sign?: boolean } = {},
  ): Promise<Trial> {
    const trial = this.#begin((await this.storage.startTrialWithin(this.id, Infinity, options))!);
    for (const [name, distribution] of Object.entries(space)) trial.suggest(name, distribution);
    if (Object.keys(space).length > 0) await trial.flush();
    return trial;
  }

  /**
   * As `ask`, unless the study, whoever works on it, holds `limit` trials already (retries of failed ones not counted) and
   * none waits: then undefined.
   */
  async askWithin(limit: number, options: { readonly sign?: boolean } = {}): Promise<Trial | undefined> {
    requireArgument(limit >= 0, `limit must not be negative, but got ${limit}`);
    const started = await this.storage.startTrialWithin(this.id, limit, options);
    return started === undefined ? undefined : this.#begin(started);
  }

  #begin({ trial, trials }: StartedTrial): Trial {
    const { storage, sampler, pruner, warn } = this.#setting;
    const random = this.#setting.random(trial.number);
    return new Trial({ storage, study: this.#study, sampler, pruner, random, trials, warn }, trial);
  }

  /**
   * Ends a trial, given itself or its number, with its value or values. Without a state, values that cannot be used fail
   * it. Throws TRIAL_FINISHED unless `skipIfFinished`.
   */
  async tell(
    trial: Trial | number,
    values?: number | readonly number[],
    options: { state?: FinalState; skipIfFinished?: boolean } = {},
  ): Promise<FrozenTrial> {
    const { state, skipIfFinished = false } = options;
    try {
      if (typeof trial === 'number') await this.#tellByNumber(trial, values, state);
      else return await this.#end(trial, outcomeOf(trial.record, this.directions.length, values, state));
    } catch (error) {
      if (!(skipIfFinished && error instanceof HpoError && error.code === 'TRIAL_FINISHED')) throw error;
    }
    return this.#afterTrial(typeof trial === 'number' ? trial : trial.number);
  }

  /** What this worker told is all there is of a trial: it need not be read again unless the sampler asks. */
  async #end(trial: Trial, outcome: Outcome): Promise<FrozenTrial> {
    await trial.end(outcome);
    return this.#setting.sampler.isExhausted === undefined ? trial.record : this.#afterTrial(trial.number);
  }

  async #tellByNumber(
    number: number,
    values?: number | readonly number[],
    state?: FinalState,
  ): Promise<void> {
    const record = (await this.trials()).at(number);
    if (record === undefined) throw trialNotFound(number);
    requireUnfinished(record.id, record.state);
    requireArgument(record.state !== 'WAITING', `trial ${number} must run before it is told, but it waits`);
    await this.storage.updateTrial(record.id, outcomeOf(record, this.directions.length, values, state));
  }

  async #afterTrial(number: number): Promise<FrozenTrial> {
    const trials = await this.trials();
    const trial = trials[number]!;
    const { name: studyName, directions } = this;
    if (this.#setting.sampler.isExhausted?.({ studyName, directions, trials, trial }) === true) this.stop();
    return trial;
  }

  /** Runs an objective until a limit is reached, the sampler has nothing left, or `stop` is called. */
  optimize(objective: Objective, options: OptimizeOptions<Study> = {}): Promise<void> {
    this.#stopped = false;
    return optimize(this, objective, options);
  }

  /** Lets running trials end and starts no more in this process. */
  stop(): void {
    this.#stopped = true;
  }

  /** All trials by number, or those in some states. */
  async trials(states?: readonly TrialState[]): Promise<readonly FrozenTrial[]> {
    const all = await this.storage.trials(this.id);
    return states === undefined ? all : all.filter((trial) => states.includes(trial.state));
  }

  /** The best feasible completed trial of a study with one objective. Throws NO_BEST_TRIAL. */
  async bestTrial(): Promise<FrozenTrial> {
    requireArgument(this.directions.length === 1, 'bestTrial needs one objective', 'use bestTrials');
    const loss = (trial: FrozenTrial): number => losses(trial, this.directions)[0]!;
    const best = (await this.#feasible()).reduce<FrozenTrial | undefined>(
      (winner, trial) => (winner === undefined || loss(trial) < loss(winner) ? trial : winner),
      undefined,
    );
    if (best === undefined)
      throw new HpoError('NO_BEST_TRIAL', `study ${this.name} has no best trial yet`, 'run more trials');
    return best;
  }

  /** The feasible completed trials that no other one dominates. */
  async bestTrials(): Promise<readonly FrozenTrial[]> {
    const feasible = await this.#feasible();
    const on = paretoFront(feasible.map((trial) => losses(trial, this.directions)));
    return feasible.filter((_, i) => on[i]);
  }

  async #feasible(): Promise<FrozenTrial[]> {
    return (await this.trials(['COMPLETE'])).filter((trial) => violation(trial) === 0);
  }

  /** Queues parameters to be tried next; the sampler chooses those left out. Gives false when skipped as a repetition. */
  async enqueue(
    params: Params,
    options: { userAttrs?: Attributes; skipIfExists?: boolean } = {},
  ): Promise<boolean> {
    const known = options.skipIfExists === true ? await this.trials() : [];
    if (
      known.some((trial) => sameParams((trial.systemAttrs['fixed_params'] ?? trial.params) as Params, params))
    )
      return false;
    const { userAttrs = {} } = options;
    await this.storage.createTrial(this.id, {
      state: 'WAITING',
      systemAttrs: { fixed_params: params },
      userAttrs,
    });
    return true;
  }

  /** Adds a trial that ran elsewhere (state COMPLETE by default), or waits to run. */
  async addTrial(template: TrialTemplate): Promise<FrozenTrial> {
    const now = new Date();
    const trial: TrialTemplate = { state: 'COMPLETE', startedAt: now, ...template };
    requireTemplate(trial, this.directions.length);
    const ended = isFinished(trial.state!) ? { completedAt: trial.completedAt ?? now } : {};
    return this.storage.createTrial(this.id, { ...trial, ...ended });
  }

  /** The study's attributes as they are stored now. */
  async attributes(): Promise<{ readonly user: Attributes; readonly system: Attributes }> {
    const study = (await this.storage.findStudy(this.name)) ?? this.#study;
    return { user: study.userAttrs, system: study.systemAttrs };
  }

  async setUserAttr(key: string, value: Json): Promise<void> {
    await this.storage.setStudyAttr(this.id, 'user', key, value);
  }

  /** Names the objectives for reports and for Optuna's dashboard. */
  async setMetricNames(names: readonly string[]): Promise<void> {
    requireArgument(names.length === this.directions.length, `${this.directions.length} names must be given`);
    await this.storage.setStudyAttr(this.id, 'system', 'study:metric_names', names);
  }

  /** Fails trials whose worker died and queues their retries, as the study's heartbeat options say. */
  async failStaleTrials(): Promise<readonly number[]> {
    return this.heartbeat === undefined ? [] : failStale(this.storage, this.id, this.heartbeat);
  }
}

function sameParams(a: Params, b: Params): boolean {
  const names = Object.keys(b);
  return (
    names.length === Object.keys(a).length && names.every((name) => name in a && closeTo(a[name]!, b[name]!))
  );
}

/** NumPy's `isclose` without an absolute tolerance for numbers, equality for the rest. */
function closeTo(a: ParamValue, b: ParamValue): boolean {
  if (typeof a === 'number' && typeof b === 'number')
    return Object.is(a, b) || Math.abs(a - b) <= 1e-5 * Math.abs(a);
  return a === b;
}

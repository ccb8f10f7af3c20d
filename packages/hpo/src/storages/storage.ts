// What every storage does. Samplers, pruners and studies know storages only through this.
import type { Distribution } from '../distributions.ts';
import { HpoError } from '../errors.ts';
import type { Json } from '../python-json.ts';
import { isFinished } from '../trial-record.ts';
import type { Direction, FrozenStudy, FrozenTrial, TrialState, TrialTemplate } from '../trial-record.ts';

/** A parameter as storages keep it: its internal value (see `toInternal`) and where it was searched. */
export interface StoredParam {
  readonly internal: number;
  readonly distribution: Distribution;
}

/** How a trial is to be started. */
export interface StartOptions {
  /** Record the trial's first heartbeat. */
  readonly sign?: boolean;
}

/** A trial that was started, and the study's trials at that moment, itself included. */
export interface StartedTrial {
  readonly trial: FrozenTrial;
  readonly trials: readonly FrozenTrial[];
}

/** Whether a study with these trials holds `limit` or more, retries of failed ones not counted. */
export function isFull(trials: readonly FrozenTrial[], limit: number): boolean {
  if (trials.length < limit) return false;
  return trials.filter((trial) => trial.systemAttrs['retry_history'] === undefined).length >= limit;
}

/** A change of one trial. It is stored whole or not at all. */
export interface TrialUpdate {
  readonly params?: Readonly<Record<string, StoredParam>>;
  readonly userAttrs?: Readonly<Record<string, Json>>;
  readonly systemAttrs?: Readonly<Record<string, Json>>;
  readonly intermediateValues?: ReadonlyMap<number, number>;
  readonly state?: Exclude<TrialState, 'WAITING' | 'RUNNING'>;
  readonly values?: readonly number[];
  /** When it ended, with a `state`. Default: now. */
  readonly completedAt?: Date;
}

/**
 * Where studies live. Every method is atomic, may be called by many workers at once, and resolves after the change is
 * durable. What it hands out never changes. Unknown ids throw STUDY_NOT_FOUND or TRIAL_NOT_FOUND.
 */
export interface Storage {
  /** The new study's id. Throws STUDY_EXISTS when the name is taken. */
  createStudy(name: string, directions: readonly Direction[]): Promise<number>;
  deleteStudy(studyId: number): Promise<void>;
  /** All studies, oldest first. */
  studies(): Promise<readonly FrozenStudy[]>;
  findStudy(name: string): Promise<FrozenStudy | undefined>;
  setStudyAttr(studyId: number, kind: 'user' | 'system', key: string, value: Json): Promise<void>;

  /** Adds a trial (RUNNING and started now without a template). Numbers are contiguous from 0 in every study. */
  createTrial(studyId: number, template?: TrialTemplate): Promise<FrozenTrial>;
  /**
   * The oldest WAITING trial, now RUNNING; no two callers get the same one. A new RUNNING trial when none waits. With
   * `sign`, its first heartbeat is recorded in the same step, so that a worker cannot die unnoticed in between.
   */
  startTrial(studyId: number, options?: StartOptions): Promise<FrozenTrial>;
  /**
   * As `startTrial`, but adds no trial to a study that holds `limit` already, retries of failed ones not counted: then
   * undefined, when none waits.
   */
  startTrialWithin(studyId: number, limit: number, options?: StartOptions): Promise<StartedTrial | undefined>;
  /** Throws TRIAL_FINISHED, and changes nothing, when the trial has ended. */
  updateTrial(trialId: number, update: TrialUpdate): Promise<void>;
  /** Fails a trial and adds `replacement` to its study: both, or neither and false when the trial has ended. */
  failTrial(trialId: number, replacement?: TrialTemplate): Promise<boolean>;
  /** All trials of a study in the order of their numbers. */
  trials(studyId: number): Promise<readonly FrozenTrial[]>;

  /** Present where a worker's death can be noticed. */
  readonly heartbeats?: Heartbeats;
  close(): Promise<void>;
}

/** Signs of life of running trials, timed by the storage's own clock. */
export interface Heartbeats {
  record(trialId: number): Promise<void>;
  /**
   * Running trials whose last heartbeat is more than `graceSeconds` old, and those that never had one and started more
   * than `unsignedSeconds` ago (default: those are never stale).
   */
  stale(studyId: number, graceSeconds: number, unsignedSeconds?: number): Promise<readonly number[]>;
}

/** The error for a study id or name that the storage does not hold. */
export function studyNotFound(study: number | string): HpoError {
  return new HpoError(
    'STUDY_NOT_FOUND',
    `the storage holds no study ${study}`,
    'list the studies of the storage',
  );
}

/** The error for a study name that is taken. */
export function studyExists(name: string): HpoError {
  return new HpoError('STUDY_EXISTS', `a study named ${name} exists`, 'load it, or choose another name');
}

/** The error for a trial id or number that is unknown. */
export function trialNotFound(trial: number): HpoError {
  return new HpoError('TRIAL_NOT_FOUND', `there is no trial ${trial}`, 'ask for a trial before telling it');
}

/** Throws TRIAL_FINISHED when a trial in this state may no longer change. */
export function requireUnfinished(trialId: number, state: TrialState): void {
  if (!isFinished(state)) return;
  throw new HpoError(
    'TRIAL_FINISHED',
    `trial with id ${trialId} has ended as ${state}`,
    'ask for a new trial',
  );
}

// Creating, loading and listing studies.
import { randomUUID } from 'node:crypto';
import { requireArgument } from '../errors.ts';
import { freshSeed, randomStream, type Random } from '../numeric/random.ts';
import { medianPruner } from '../pruners/percentile.ts';
import type { Pruner } from '../pruners/pruner.ts';
import type { Sampler } from '../samplers/sampler.ts';
import { tpeSampler } from '../samplers/tpe.ts';
import { MemoryStorage } from '../storages/memory.ts';
import { openStorage } from '../storages/open.ts';
import { studyExists, studyNotFound, type Storage } from '../storages/storage.ts';
import type { Direction, FrozenStudy } from '../trial-record.ts';
import type { HeartbeatOptions } from './stale.ts';
import { Study } from './study.ts';

/** How to work on a study in this process. */
export interface WorkerOptions {
  /** Default: TPE. */
  readonly sampler?: Sampler;
  /** Default: median pruning. */
  readonly pruner?: Pruner;
  /** Trial n of the study draws from a stream of this seed and n. Default: a fresh seed. */
  readonly seed?: number;
  /** The stream of each trial, instead of a seed. */
  readonly random?: (trialNumber: number) => Random;
  readonly heartbeat?: HeartbeatOptions;
  /** Takes warnings. Default: `process.emitWarning`. */
  readonly warn?: (message: string) => void;
}

export interface CreateStudyOptions extends WorkerOptions {
  /** Default: a name that is free. */
  readonly name?: string;
  /** A storage or its address (see `openStorage`). Default: this process's memory. */
  readonly storage?: Storage | string;
  /** Default 'minimize'. */
  readonly direction?: Direction;
  /** One per objective, instead of `direction`. */
  readonly directions?: readonly Direction[];
  /** Load the study when the name is taken, whatever its directions. Default false. */
  readonly loadIfExists?: boolean;
}

/** Creates a study. Throws STUDY_EXISTS when the name is taken, unless `loadIfExists`. */
export async function createStudy(options: CreateStudyOptions = {}): Promise<Study> {
  const { name = `no-name-${randomUUID()}`, direction = 'minimize', directions = [direction] } = options;
  requireArgument(directions.length > 0, 'directions must name one objective or more');
  const storage = await asStorage(options.storage ?? new MemoryStorage());
  const found = await storage.findStudy(name);
  if (found !== undefined) {
    if (options.loadIfExists !== true) throw studyExists(name);
    return workOn(found, storage, options);
  }
  return workOn(await create(storage, name, directions, options), storage, options);
}

async function create(
  storage: Storage,
  name: string,
  directions: readonly Direction[],
  options: CreateStudyOptions,
) {
  try {
    await storage.createStudy(name, directions);
  } catch (error) {
    // Another worker may have created it since we looked.
    if (options.loadIfExists !== true || (await storage.findStudy(name)) === undefined) throw error;
  }
  return (await storage.findStudy(name))!;
}

/** Opens a study that exists. Throws STUDY_NOT_FOUND. */
export async function loadStudy(
  options: WorkerOptions & { name: string; storage: Storage | string },
): Promise<Study> {
  const storage = await asStorage(options.storage);
  const found = await storage.findStudy(options.name);
  if (found === undefined) throw studyNotFound(options.name);
  return workOn(found, storage, options);
}

/** Deletes a study with all its trials. Throws STUDY_NOT_FOUND. */
export async function deleteStudy(options: { name: string; storage: Storage | string }): Promise<void> {
  const storage = await asStorage(options.storage);
  const found = await storage.findStudy(options.name);
  if (found === undefined) throw studyNotFound(options.name);
  await storage.deleteStudy(found.id);
}

function asStorage(storage: Storage | string): Promise<Storage> {
  return typeof storage === 'string' ? openStorage(storage) : Promise.resolve(storage);
}

function workOn(study: FrozenStudy, storage: Storage, options: WorkerOptions): Study {
  const { sampler = tpeSampler(), pruner = medianPruner(), seed = freshSeed(), heartbeat } = options;
  const { random = (trial: number) => randomStream(seed, trial), warn = emitWarning } = options;
  requireArgument(
    heartbeat === undefined || heartbeat.intervalSeconds > 0,
    'heartbeat.intervalSeconds must be positive',
  );
  requireArgument(
    heartbeat === undefined || storage.heartbeats !== undefined,
    'this storage has no heartbeats',
  );
  return new Study({ storage, sampler, pruner, random, heartbeat, warn }, study);
}

function emitWarning(message: string): void {
  process.emitWarning(message, 'HpoWarning');
}

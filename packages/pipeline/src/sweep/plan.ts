// What a sweep is: settings, search space and fixed overrides. Written into its folder, and kept with its study for those who join.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../util/atomic.ts';
import { SpatterError } from '../util/errors.ts';
import { readObjectives } from './objectives.ts';
import { composeSettings, hpoSchema, isSweepOverride, type SweepSettings } from './settings.ts';
import { divideOverrides, mergeSpaces, type Searched } from './search-space.ts';

export interface SweepPlan {
  readonly format: 'spatter sweep';
  readonly version: 1;
  /** Name of the study, and of the folder below `paths.run_root`. */
  readonly study: string;
  /** Address of the storage, without its password; null: `study.db` in the folder. */
  readonly storage: string | null;
  readonly settings: SweepSettings;
  readonly searched: readonly Searched[];
  /** What every trial is given besides what is searched. */
  readonly overrides: readonly string[];
  readonly config_dirs: readonly string[];
}

export const PLAN = 'sweep.json';

/** A run of a sweep keeps its best and its last state only, unless the command line says otherwise. */
const FRUGAL = ['training.checkpoint.save_every=0', 'training.checkpoint.top_k=0'];

export interface PlanSource {
  readonly study: string;
  readonly storage: string | null;
  readonly overrides: readonly string[];
  readonly configDirs: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Composes the plan that a command line describes.
 * @throws {SpatterError} as `composeSettings` does, and CONFIG_VALUE when nothing is searched.
 */
export function composePlan({ study, storage, overrides, configDirs, env }: PlanSource): SweepPlan {
  const { settings, space: shipped } = composeSettings({
    overrides: overrides.filter(isSweepOverride),
    configDirs,
    env,
  });
  readObjectives(settings.objectives);
  const own = divideOverrides(overrides.filter((line) => !isSweepOverride(line)));
  const { searched, fixed } = mergeSpaces(shipped, own);
  requireSearched(searched);
  const head = {
    format: 'spatter sweep',
    version: 1,
    study,
    storage: storage && withoutPassword(storage),
  } as const;
  return { ...head, settings, searched, overrides: [...FRUGAL, ...fixed], config_dirs: [...configDirs] };
}

function requireSearched(searched: readonly Searched[]): void {
  if (searched.length > 0) return;
  throw new SpatterError(
    'CONFIG_VALUE',
    'a sweep must search one key or more, but every key of the space is fixed',
    "give a key several values, such as 'training.optimizer.lr=tag(log, interval(1e-4, 1e-1))'",
  );
}

/** An address that may be written down. */
export const withoutPassword = (address: string): string =>
  address.replace(/^(\w+(?:\+\w+)?:\/\/[^:/@]*):[^@]*@/, '$1@');

/** Whether an override may differ between machines that work on one study. */
export const isLocal = (line: string): boolean =>
  /^\+*(paths\.|device=|threads=|data\.(root|cache_dir)=|hpo\.(trials|timeout)=)/.test(line);

/** What must be equal for two command lines to work on one study: not where the data lie, nor how long to go on. */
export function planDigest({ settings, searched, overrides }: SweepPlan): string {
  const { objectives, sampler, seed, pruner } = settings;
  const own = overrides.filter((line) => !isLocal(line));
  return digestOf([objectives, sampler, seed, pruner, searched, own]);
}

/** SHA-256 of a value's JSON. */
export const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex');

export function writePlan(folder: string, plan: SweepPlan): void {
  writeFileAtomic(join(folder, PLAN), `${JSON.stringify(plan, null, 2)}\n`);
}

/** @throws {SpatterError} RUN_NOT_FOUND when `folder` is no sweep, CONFIG_VALUE when its plan is not one of ours. */
export function readPlan(folder: string): SweepPlan {
  const path = join(folder, PLAN);
  if (!existsSync(path)) {
    const message = `${folder} must be the folder of a sweep, but has no ${PLAN}`;
    throw new SpatterError('RUN_NOT_FOUND', message, 'name a folder that `spatter sweep` printed');
  }
  return parsePlan(readFileSync(path, 'utf8'), path);
}

/** @param where named when the text is no plan. */
export function parsePlan(text: string, where: string): SweepPlan {
  try {
    const plan = JSON.parse(text) as SweepPlan;
    hpoSchema.parse(plan.settings);
    if ((plan.format as string) === 'spatter sweep' && (plan.version as number) === 1) return plan;
  } catch {
    // Falls through to the one message for whatever is wrong.
  }
  throw new SpatterError(
    'CONFIG_VALUE',
    `${where} must hold the plan of a sweep, as this version writes it`,
    'restore the file, or begin a new sweep',
  );
}

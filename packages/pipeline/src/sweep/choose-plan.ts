// Which sweep a command line means: a new one, one to continue, or one that others have begun.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeWritableFolder } from '../util/atomic.ts';
import { SpatterError } from '../util/errors.ts';
import { composePlan, isLocal, PLAN, readPlan, writePlan, type SweepPlan } from './plan.ts';
import { planOfStudy, requireSamePlan, storageAddress } from './study.ts';
import { baseConfig } from './worker.ts';

/** The sweep to work on: its plan, its folder, and the address of its storage, password and all. */
export interface ChosenSweep {
  readonly plan: SweepPlan;
  readonly folder: string;
  readonly address: string;
}

export interface SweepChoice {
  readonly overrides: readonly string[];
  readonly configDirs: readonly string[];
  /** Folder of a sweep to continue. */
  readonly resume: string | undefined;
  readonly study: string | undefined;
  readonly storage: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: Date;
}

/** Makes the folder of a sweep that has none yet, with its plan. */
export function keepPlan({ plan, folder }: ChosenSweep): void {
  if (existsSync(join(folder, PLAN))) return;
  makeWritableFolder(folder);
  writePlan(folder, plan);
}

/**
 * Finds the sweep that is meant; writes nothing.
 * @throws {SpatterError} USAGE, RUN_NOT_FOUND, OUTPUT_EXISTS, SWEEP_DIFFERS, or what composing throws.
 */
export async function chooseSweep(choice: SweepChoice): Promise<ChosenSweep> {
  const { resume, storage, overrides } = choice;
  if (resume === undefined) return beginOrJoin(choice);
  if (overrides.length > 0) {
    const message = `--resume continues a sweep as it was configured, but ${overrides.join(' ')} would change it`;
    throw new SpatterError('USAGE', message, 'leave the overrides out, or begin a new sweep');
  }
  const plan = readPlan(resume);
  return { plan, folder: resume, address: storageAddress(resume, storage ?? plan.storage) };
}

async function beginOrJoin(choice: SweepChoice): Promise<ChosenSweep> {
  const { study, storage = null, overrides, configDirs, env } = choice;
  const draft = composePlan({ study: study ?? '', storage, overrides, configDirs, env });
  const { paths, experiment } = baseConfig(draft, env);
  const stamp = choice.now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');
  const named = study ?? (paths.run_dir === null ? undefined : basename(paths.run_dir));
  const own = { ...draft, study: named ?? `sweep_${experiment.name}_${stamp}` };
  const folder = paths.run_dir ?? join(paths.run_root, own.study);
  const address = storageAddress(folder, storage);
  requireSweepFolder(folder);
  const known = existsSync(join(folder, PLAN)) ? readPlan(folder) : undefined;
  const theirs = known ?? (storage === null ? undefined : await planOfStudy(address, own.study));
  return { plan: theirs === undefined ? own : joined(own, theirs, overrides), folder, address };
}

/** With local overrides only (where the data lie, the device) the others' plan is taken as it is. */
function joined(own: SweepPlan, theirs: SweepPlan, overrides: readonly string[]): SweepPlan {
  if (!overrides.every(isLocal)) requireSamePlan(own, theirs);
  const local = own.overrides.filter(isLocal);
  return {
    ...theirs,
    storage: own.storage,
    config_dirs: own.config_dirs.length > 0 ? own.config_dirs : theirs.config_dirs,
    overrides: [...theirs.overrides.filter((line) => !isLocal(line)), ...local],
  };
}

/** A folder that holds something else is not written into. */
function requireSweepFolder(folder: string): void {
  if (!existsSync(join(folder, 'config.yaml'))) return;
  const message = `${folder} already holds a run, and a sweep needs a folder of its own`;
  throw new SpatterError('OUTPUT_EXISTS', message, 'choose another --study or paths.run_dir');
}

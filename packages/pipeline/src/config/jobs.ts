// The jobs of a command line: one, or with multirun one for each combination of its sweeps; all are composed before the first runs.
import { join } from 'node:path';
import { SpatterError } from '../util/errors.ts';
import { composeHydra, isHydraOverride, type HydraPlaces } from './hydra-node.ts';
import { composeConfig, configFolders, type ComposedConfig, type ComposeOptions } from './compose-config.ts';
import { ConfigSources } from './sources.ts';
import { expandSweeps } from './sweep.ts';
import type { TreeMap } from './tree.ts';

export interface Job {
  readonly composed: ComposedConfig;
  /** The run directory; null where `paths.run_root` decides. */
  readonly path: string | null;
  /** Hydra's record of the job. */
  readonly hydra: TreeMap;
}

export interface JobPlan {
  readonly jobs: readonly Job[];
  /** Folder of a multirun; null for a single run. */
  readonly sweepDir: string | null;
}

export interface PlanOptions extends ComposeOptions {
  readonly multirun: boolean;
  /** The command, such as `train`. */
  readonly name: string;
  /** The working directory, for the record. */
  readonly cwd: string;
}

/**
 * Composes every job. `hydra.run.dir`, `hydra.sweep.dir` and `hydra.sweep.subdir` place their directories.
 * @throws {SpatterError} as {@link composeConfig}; CONFIG_OVERRIDE also when two jobs would share a directory.
 */
export function planJobs(options: PlanOptions): JobPlan {
  const { overrides, configDirs, multirun, now = new Date() } = options;
  const folders = configFolders(configDirs);
  const hydra = overrides.filter(isHydraOverride);
  const task = overrides.filter((line) => !isHydraOverride(line));
  const lists = multirun ? expandSweeps(task, new ConfigSources(folders)) : [task];
  const sources = folders.map(({ path }) => path);
  const jobs = lists.map((lines, i): Job & { places: HydraPlaces } => {
    const composed = composeConfig({ ...options, overrides: lines, now });
    const { env = {}, name, cwd } = options;
    const places = composeHydra({
      hydra,
      task: lines,
      name,
      num: multirun ? i : null,
      cwd,
      sources,
      env,
      now,
    });
    const path =
      composed.config.paths.run_dir ?? (multirun ? join(places.sweepDir, places.subdir) : places.runDir);
    return { composed, path, hydra: places.tree, places };
  });
  if (jobs.length === 0)
    throw new SpatterError(
      'CONFIG_OVERRIDE',
      'a sweep of this command line runs through no value',
      'check its glob() or range()',
    );
  if (multirun) requireDistinct(jobs);
  return { jobs, sweepDir: multirun ? (jobs[0]?.places.sweepDir ?? null) : null };
}

function requireDistinct(jobs: readonly Job[]): void {
  const paths = jobs.map(({ path }) => path);
  const shared = paths.find((path, i) => paths.indexOf(path) < i);
  if (shared === undefined) return;
  const message = `every job of a multirun needs a directory of its own, but several have ${String(shared)}`;
  throw new SpatterError(
    'CONFIG_OVERRIDE',
    message,
    'leave paths.run_dir out, or put ${hydra.job.num} into hydra.sweep.subdir',
  );
}

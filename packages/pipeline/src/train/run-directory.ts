// A run directory: the resolved config, what the data was, checkpoints, history and curves of one training run.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadResolvedConfig } from '../config/index.ts';
import type { Config } from '../config/index.ts';
import { writeFileAtomic } from '../util/atomic.ts';
import { SpatterError } from '../util/errors.ts';

export interface RunDirectory {
  readonly path: string;
  readonly config: Config;
}

export const checkpointFolder = (run: string): string => join(run, 'checkpoints');

/** `<run_root>/<experiment>_<YYYYmmdd_HHMMSS>` as the reference names it, unless `paths.run_dir` says otherwise. */
function runPath({ paths, experiment }: Config, now: Date): string {
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');
  return paths.run_dir ?? join(paths.run_root, `${experiment.name}_${stamp}`);
}

/**
 * Makes a new run directory and writes `config.yaml` (resolved) and `overrides.yaml` into it.
 * @throws {SpatterError} OUTPUT_EXISTS when a run already lives there.
 */
export function createRunDirectory(
  composed: { config: Config; yaml: string; overrides: readonly string[] },
  now: Date,
): RunDirectory {
  const path = runPath(composed.config, now);
  if (existsSync(join(path, 'config.yaml'))) {
    const hint = `choose another paths.run_dir, or continue this run with --resume ${path}`;
    throw new SpatterError('OUTPUT_EXISTS', `${path} already holds a run`, hint);
  }
  mkdirSync(checkpointFolder(path), { recursive: true });
  writeFileAtomic(
    join(path, 'overrides.yaml'),
    composed.overrides.map((o) => `- ${JSON.stringify(o)}\n`).join(''),
  );
  writeFileAtomic(join(path, 'config.yaml'), composed.yaml);
  return { path, config: composed.config };
}

/** @throws {SpatterError} RUN_NOT_FOUND when `path` is no run directory. */
export function openRunDirectory(path: string): RunDirectory {
  const config = join(path, 'config.yaml');
  if (!existsSync(config)) {
    const message = `${path} must be a run directory, but has no config.yaml`;
    throw new SpatterError('RUN_NOT_FOUND', message, 'name a folder that `spatter train` printed');
  }
  return { path, config: loadResolvedConfig(config) };
}

/**
 * Records what the run is trained on, or checks that it still is the same.
 * @throws {SpatterError} DATASET_CHANGED when the data differ from those the run began with.
 */
export function pinDataset(run: string, dataset: { hash: string } & Record<string, unknown>): void {
  const path = join(run, 'dataset.json');
  if (!existsSync(path)) {
    writeFileAtomic(path, `${JSON.stringify(dataset, null, 2)}\n`);
    return;
  }
  const pinned = JSON.parse(readFileSync(path, 'utf8')) as { hash: string };
  if (pinned.hash === dataset.hash) return;
  const message = `the data no longer are those that ${run} was trained on (index ${dataset.hash.slice(0, 12)}, was ${pinned.hash.slice(0, 12)})`;
  throw new SpatterError('DATASET_CHANGED', message, 'restore the old data, or start a new run');
}

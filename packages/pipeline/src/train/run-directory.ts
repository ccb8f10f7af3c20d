// A run directory: the resolved config, what the data was, checkpoints, history and curves of one training run.
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  formatYaml,
  isMap,
  loadResolvedConfig,
  settleComposed,
  type ComposedConfig,
  type Config,
  type Job,
} from '../config/index.ts';
import { dataFacts } from '../data/open-dataset.ts';
import { makeWritableFolder, writeFileAtomic, writeFilesAtomic } from '../util/atomic.ts';
import { SpatterError, fromSystemError } from '../util/errors.ts';

export interface RunDirectory {
  readonly path: string;
  readonly config: Config;
}

/** What a run pins of its data; written when it begins. */
const PINNED = 'dataset.json';

export const checkpointFolder = (run: string): string => join(run, 'checkpoints');

/** `<run_root>/<experiment>_<YYYYmmdd_HHMMSS>` as the reference names it, unless `paths.run_dir` says otherwise. */
function runPath({ paths, experiment }: Config, now: Date): string {
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');
  return paths.run_dir ?? join(paths.run_root, `${experiment.name}_${stamp}`);
}

/**
 * Makes a new run directory and writes `config.yaml` (resolved, with what the data decide), `overrides.yaml` and Hydra's
 * `.hydra` folder (as composed) into it.
 * @throws {SpatterError} OUTPUT_EXISTS when a run already lives there, CONFIG_VALUE when the config contradicts the data,
 * DISK_FULL or IO.
 */
export function createRunDirectory(
  composed: ComposedConfig,
  now: Date,
  { path: given = null, hydra = {} }: Partial<Pick<Job, 'path' | 'hydra'>> = {},
): RunDirectory {
  const { config, yaml, overrides, raw } = settleComposed(composed, dataFacts(composed.config));
  const path = given ?? runPath(config, now);
  const lines = overrides.map((each) => `- ${JSON.stringify(each)}\n`).join('');
  if (existsSync(join(path, 'config.yaml'))) {
    const hint = `choose another paths.run_dir, or continue this run with --resume ${path}`;
    throw new SpatterError('OUTPUT_EXISTS', `${path} already holds a run`, hint);
  }
  makeWritableFolder(checkpointFolder(path));
  writeFilesAtomic([
    [join(path, '.hydra', 'config.yaml'), formatYaml(raw)],
    [join(path, '.hydra', 'hydra.yaml'), formatYaml({ hydra: recordOf(hydra, path) })],
    [join(path, '.hydra', 'overrides.yaml'), lines || '[]\n'],
    [join(path, 'overrides.yaml'), lines],
    [join(path, 'config.yaml'), yaml],
  ]);
  return { path, config };
}

/** Hydra's record of the job with where it ended up. */
function recordOf(hydra: Job['hydra'], path: string): Job['hydra'] {
  const runtime = isMap(hydra['runtime']) ? hydra['runtime'] : {};
  return { ...hydra, runtime: { ...runtime, output_dir: resolve(path) } };
}

/**
 * Takes back a run that could not begin, so that the same command can be given again once its cause is mended. A run that
 * began, and whatever else lies in the folder, stays.
 */
export function removeUnbegun(path: string): void {
  if (existsSync(join(path, PINNED))) return;
  for (const name of ['config.yaml', 'overrides.yaml', '.hydra'])
    rmSync(join(path, name), { recursive: true, force: true });
  for (const folder of [checkpointFolder(path), path]) {
    if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  }
}

/** The overrides that the run at `path` was begun with, as they were typed; none where they are not recorded. */
export function overridesOf(path: string): string[] {
  const file = join(path, 'overrides.yaml');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return lines.flatMap((line) => (/^- ".*"$/.test(line) ? [JSON.parse(line.slice(2)) as string] : []));
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
  const path = join(run, PINNED);
  if (!existsSync(path)) {
    writeFileAtomic(path, `${JSON.stringify(dataset, null, 2)}\n`);
    return;
  }
  const pinned = readPinned(path);
  const sameOrder = pinned.order === undefined || pinned.order === dataset['order'];
  if (pinned.hash === dataset.hash && sameOrder) return;
  const change =
    pinned.hash === dataset.hash
      ? 'the rows of the index stand in another order'
      : `version ${dataset.hash.slice(0, 12)}, was ${pinned.hash.slice(0, 12)}`;
  const message = `the data no longer are those that ${run} was trained on (${change})`;
  throw new SpatterError('DATASET_CHANGED', message, 'restore the old data, or start a new run');
}

function readPinned(path: string): { hash: string; order?: string } {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { hash: string; order?: string };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw fromSystemError(error, path);
    const message = `${path} must be the JSON that says what data the run was trained on, but is damaged`;
    throw new SpatterError('DATASET_CHANGED', message, 'restore it, or start a new run');
  }
}

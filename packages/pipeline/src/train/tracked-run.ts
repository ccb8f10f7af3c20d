// The tracked run of a run directory: begun or continued, and remembered in the directory.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { resolveDevice } from '@spatter/tensor';
import { z } from 'zod';
import type { Config } from '../config/index.ts';
import type { ParamValue, TrackedRun, Tracker } from '../tracking/index.ts';
import { writeFileAtomic } from '../util/atomic.ts';
import type { RunDirectory } from './run-directory.ts';

/** Names the tracked run of a run directory. */
const TRACKED = 'tracking.json';
const RECORD = z.object({ uri: z.string(), run_id: z.string() });

/** Every value of the config by its dotted key. */
export function configParams(config: Config): Record<string, ParamValue> {
  const entries = (value: unknown, path: string): [string, ParamValue][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, item]) => entries(item, path === '' ? key : `${path}.${key}`))
      : [[path, value as ParamValue]];
  return Object.fromEntries(entries(config, ''));
}

/** Who logs a run, where, and what it is a part of. */
export interface Tracking {
  readonly tracker: Tracker;
  /** Tags of every run that begins here, such as {@link runSurroundings}. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Experiment where the config names none; default `experiment.name`. */
  readonly experiment?: string;
  /** Id of the tracked run that this one is a part of, such as a sweep. */
  readonly parent?: string;
}

/**
 * The tracked run of a run directory: the one it already has, or a new one, whose id is kept in the directory. Null where
 * nothing is tracked.
 */
export async function trackRun(tracking: Tracking, run: RunDirectory): Promise<TrackedRun | null> {
  const { tracker } = tracking;
  if (tracker.address === null) return null;
  const known = trackedIn(run.path);
  return (
    (known === null ? null : await tracker.continueRun(known.run_id, 'RUNNING')) ??
    startTracked(tracking, run)
  );
}

function startTracked(
  { tracker, parent, tags, experiment }: Tracking,
  { path, config }: RunDirectory,
): TrackedRun {
  const part = parent === undefined ? {} : { parent };
  const run = tracker.startRun({
    experiment: experimentName(config.tracking.experiment ?? experiment ?? config.experiment.name),
    name: config.tracking.run_name ?? basename(resolve(path)),
    tags: { ...tags, ...experimentTags(config), 'spatter.run_dir': path },
    ...part,
  });
  run.logParams(configParams(config));
  rememberTracked(path, { uri: tracker.address!, run_id: run.id });
  return run;
}

/** Keeps in the folder `path` where its run is tracked. */
export function rememberTracked(path: string, record: z.infer<typeof RECORD>): void {
  writeFileAtomic(join(path, TRACKED), `${JSON.stringify(record, null, 2)}\n`);
}

/** A run that others are parts of, such as a multirun; it logs under the experiment of `config`. Null where nothing is tracked. */
export function trackGroup(
  { tracker, tags, experiment }: Tracking,
  config: Config,
  name: string,
): TrackedRun | null {
  if (tracker.address === null) return null;
  return tracker.startRun({
    experiment: experimentName(config.tracking.experiment ?? experiment ?? config.experiment.name),
    name,
    tags: { ...tags, ...experimentTags(config) },
  });
}

/** Runs of an experiment that nobody named go where MLflow puts its own such runs. */
const experimentName = (name: string): string => (name === 'default' ? 'Default' : name);

function experimentTags({ experiment: { tags, notes }, device, threads }: Config): Record<string, string> {
  return {
    ...(notes === null ? {} : { 'mlflow.note.content': notes }),
    ...Object.fromEntries(tags.map((tag) => [`tag.${tag}`, 'true'])),
    'system.device': resolveDevice(device),
    'system.threads': threads === null ? 'all' : String(threads),
  };
}

/** Where a run directory says it is tracked, or null. */
export function trackedIn(path: string): { readonly uri: string; readonly run_id: string } | null {
  const file = join(path, TRACKED);
  if (!existsSync(file)) return null;
  try {
    return RECORD.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // A damaged note is no reason to stop a training: the run is tracked anew.
    return null;
  }
}

// What every command that takes a config shares: its overrides and folders, and Hydra's ways to print instead of run.
import { Option, type Command } from 'commander';
import {
  configFolders,
  formatYaml,
  isMap,
  planJobs,
  select,
  type Job,
  type JobPlan,
  type Tree,
} from '../config/index.ts';
import { SpatterError } from '../util/errors.ts';
import type { Context, Result } from './context.ts';

export interface ConfigOptions {
  readonly configDir: readonly string[];
  readonly cfg?: 'job' | 'hydra' | 'all';
  /** Prints the first job of a multirun. */
  readonly multirun?: boolean;
  readonly resolve?: boolean;
  readonly package?: string;
  readonly info?: (typeof INFOS)[number] | true;
}

const INFOS = ['all', 'config', 'defaults', 'searchpath'] as const;

/** One folder each time it is given. */
const collect = (folder: string, folders: readonly string[]) => [...folders, folder];

export function withConfigOptions(command: Command): Command {
  return command
    .argument('[overrides...]', 'key=value, +key=value, ~key, group=option, +experiment=name')
    .option(
      '--config-dir <dir>',
      'also search this folder for groups and options; may be repeated',
      collect,
      [],
    )
    .addOption(new Option('-c, --cfg <what>', 'print the config and stop').choices(['job', 'hydra', 'all']))
    .option('--resolve', 'with --cfg: interpolations resolved')
    .option('-p, --package <key>', 'with --cfg: only this part, such as training.optimizer')
    .addOption(new Option('-i, --info [what]', 'print what the config is made of and stop').choices(INFOS));
}

/** The jobs of the command `name`. */
export function planOf(
  name: string,
  { configDir }: ConfigOptions,
  overrides: readonly string[],
  multirun = false,
): JobPlan {
  return planJobs({ name, overrides, configDirs: configDir, multirun, env: process.env, cwd: process.cwd() });
}

/** Prints what --cfg and --info ask for; undefined when neither was given and the command is to run. */
export function printedConfig(
  context: Context,
  options: ConfigOptions,
  name: string,
  overrides: readonly string[],
): Result | undefined {
  const { cfg, info } = options;
  if (cfg === undefined && (options.resolve === true || options.package !== undefined))
    throw new SpatterError('USAGE', '--resolve and --package say how --cfg prints', 'add --cfg job');
  if (cfg === undefined && info === undefined) return undefined;
  const [job] = planOf(name, options, overrides, options.multirun).jobs as [Job];
  if (info !== undefined) return printInfo(context, options, job, info === true ? 'all' : info);
  const part = select(treeOf(job, cfg!, options.resolve === true), options.package ?? '');
  if (part === undefined)
    throw new SpatterError(
      'CONFIG_UNKNOWN_KEY',
      `${options.package ?? ''}: no such part of the config`,
      'see --cfg all',
    );
  if (options.package !== undefined) context.print(`# @package ${options.package}`);
  context.print(formatYaml(part).trimEnd());
  return { config: part, overrides };
}

/** The config alone, the `hydra` node alone, or both. */
function treeOf({ composed, hydra }: Job, what: 'job' | 'hydra' | 'all', resolve: boolean): Tree {
  const config = resolve ? (composed.config as unknown as Tree) : composed.raw;
  if (what === 'hydra') return { hydra };
  return what === 'job' ? config : { hydra, ...(isMap(config) ? config : {}) };
}

function printInfo(
  context: Context,
  { configDir }: ConfigOptions,
  { composed }: Job,
  what: (typeof INFOS)[number],
): Result {
  const searchpath = configFolders(configDir).map(({ path }) => path);
  const defaults = composed.merged.map(({ file, package: at }) => ({ file, package: at }));
  const parts = {
    searchpath: searchpath.map((path) => path),
    defaults: defaults.map(({ file, package: at }) => `${file}  → ${at === '' ? 'the root' : at}`),
    config: formatYaml(composed.raw).trimEnd().split('\n'),
  };
  for (const [name, lines] of Object.entries(parts)) {
    if (what !== 'all' && what !== name) continue;
    for (const line of [name, ...lines.map((each) => `  ${each}`), '']) context.print(line);
  }
  return { searchpath, defaults };
}

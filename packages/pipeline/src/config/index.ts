// The config of a command: composed from conf/ and the command line, or read back from a run directory.
import { readText } from '../util/read-file.ts';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ComposedConfig } from './compose-config.ts';
import { configSchema, type Config } from './schema.ts';
import { settleConfig, type DataFacts } from './settle.ts';
import { isMap, select, walk, type Origins, type Tree } from './tree.ts';
import { validateConfig } from './validate.ts';
import { formatYaml, parseYaml } from './yaml.ts';

export { brokenRule } from './rules.ts';
export { nearest } from './suggest.ts';
export {
  composeConfig,
  compositionOf,
  configFolders,
  type ComposedConfig,
  type ComposeOptions,
} from './compose-config.ts';
export { planJobs, type Job, type JobPlan } from './jobs.ts';
export { settledArchitecture, settledLoss } from './settle.ts';
export { configSchema, formatYaml, isMap, select, type Config, type Tree };

/**
 * The same with what it leaves to the data filled in.
 * @throws {SpatterError} CONFIG_VALUE when a value contradicts the data.
 */
export function settleComposed(composed: ComposedConfig, facts: DataFacts): ComposedConfig {
  const config = settleConfig(composed.config, facts);
  return { ...composed, config, yaml: formatYaml(config as unknown as Tree) };
}

/** Keys of `training` that came after runs had been written, with the value that changes nothing for those. */
const LATER_KEYS = {
  mixup_alpha: 0,
  cutmix_alpha: 0,
  steps_per_run: null,
  precision: 'fp32',
  autotune: false,
} as const;

/**
 * The config that a run saved, also with an earlier version.
 * @param path the run directory, or the YAML file itself.
 * @throws {SpatterError} FILE_NOT_FOUND, CONFIG_FILE, CONFIG_UNKNOWN_KEY or CONFIG_VALUE.
 */
export function loadResolvedConfig(path: string): Config {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'config.yaml') : path;
  const { value, lines } = parseYaml(readText(file), file);
  const origins: Origins = new Map([['', file]]);
  if (isMap(value)) walk(value, (at) => at !== '' && origins.set(at, `${file}:${lines.get(at) ?? 1}`));
  if (!isMap(value) || !isMap(value['training'])) return validateConfig(value, origins);
  return validateConfig({ ...value, training: { ...LATER_KEYS, ...value['training'] } }, origins);
}

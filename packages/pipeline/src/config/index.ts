// The config of a command: composed from conf/ and the command line, or read back from a run directory.
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { retiredHint, translateOverride, translateTree } from './aliases.ts';
import { composeTree, type Composition } from './compose.ts';
import { configSchema, type Config } from './schema.ts';
import { settleConfig, type DataFacts } from './settle.ts';
import { ConfigSources, readText } from './sources.ts';
import { isMap, walk, type Origins, type Tree } from './tree.ts';
import { schemaKeys, validateConfig } from './validate.ts';
import { formatYaml, parseYaml } from './yaml.ts';

export { nearest } from './suggest.ts';
export { settledArchitecture, settledLoss } from './settle.ts';
export { configSchema, type Config };

// src/config and dist/config both lie two folders below the package.
const SHIPPED = fileURLToPath(new URL('../../conf', import.meta.url));

/** What to compose. `env` and `now` serve `${oc.env:…}` and `${now:…}`; without them the environment is empty and the clock is read. */
export interface ComposeOptions {
  readonly overrides: readonly string[];
  /** More folders of groups and options, searched after the shipped one. */
  readonly configDirs?: readonly string[];
  readonly now?: Date;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A composed config: checked and frozen, as YAML in the schema's key order, and the overrides that made it. */
export interface ComposedConfig {
  readonly config: Config;
  readonly yaml: string;
  readonly overrides: readonly string[];
}

/**
 * Composes the config that `overrides` describe, by Hydra's rules, and checks it against the schema.
 * @throws {SpatterError} CONFIG_OVERRIDE, CONFIG_NOT_FOUND, CONFIG_FILE, CONFIG_UNKNOWN_KEY or CONFIG_VALUE.
 */
export function composeConfig(options: ComposeOptions): ComposedConfig {
  const { tree, origins } = composeTree({
    ...compositionOf('config', options),
    knownKeys: schemaKeys(),
    hintFor: retiredHint,
    translateOverride,
    translateTree,
  });
  const config = validateConfig(tree, origins);
  return { config, yaml: formatYaml(config as unknown as Tree), overrides: [...options.overrides] };
}

/** What composes the root config `configName` of the shipped folder and the user's. */
export function compositionOf(configName: string, options: ComposeOptions): Composition {
  const folders = (options.configDirs ?? []).map((path) => ({ path, label: join(path, '/') }));
  return {
    sources: new ConfigSources([{ path: SHIPPED, label: 'conf/' }, ...folders]),
    configName,
    overrides: options.overrides,
    env: options.env ?? {},
    now: options.now ?? new Date(),
  };
}

/**
 * The same with what it leaves to the data filled in.
 * @throws {SpatterError} CONFIG_VALUE when a value contradicts the data.
 */
export function settleComposed(composed: ComposedConfig, facts: DataFacts): ComposedConfig {
  const config = settleConfig(composed.config, facts);
  return { ...composed, config, yaml: formatYaml(config as unknown as Tree) };
}

/**
 * The config that a run saved.
 * @param path the run directory, or the YAML file itself.
 * @throws {SpatterError} FILE_NOT_FOUND, CONFIG_FILE, CONFIG_UNKNOWN_KEY or CONFIG_VALUE.
 */
export function loadResolvedConfig(path: string): Config {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'config.yaml') : path;
  const { value, lines } = parseYaml(readText(file), file);
  const origins: Origins = new Map([['', file]]);
  if (isMap(value)) walk(value, (at) => at !== '' && origins.set(at, `${file}:${lines.get(at) ?? 1}`));
  return validateConfig(value, origins);
}

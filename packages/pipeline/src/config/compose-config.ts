// The config of a command line, composed from conf/ and folders of the user's, and checked against the schema.
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { retiredHint, translateOverride, translateTree } from './aliases.ts';
import { composeTree, type Composition, type MergedFile } from './compose.ts';
import type { Config } from './schema.ts';
import { ConfigSources, type ConfigFolder } from './sources.ts';
import type { Tree, TreeMap } from './tree.ts';
import { schemaKeys, validateConfig } from './validate.ts';
import { formatYaml } from './yaml.ts';

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
  /** As composed, with its interpolations, in the order of the files. */
  readonly raw: TreeMap;
  readonly merged: readonly MergedFile[];
}

/** The folders that configs are searched in. @throws {SpatterError} CONFIG_NOT_FOUND. */
export function configFolders(configDirs: readonly string[] = []): readonly ConfigFolder[] {
  return [{ path: SHIPPED, label: 'conf/' }, ...configDirs.map((path) => ({ path, label: join(path, '/') }))];
}

/**
 * Composes the config that `overrides` describe, by Hydra's rules, and checks it against the schema.
 * @throws {SpatterError} CONFIG_OVERRIDE, CONFIG_NOT_FOUND, CONFIG_FILE, CONFIG_UNKNOWN_KEY or CONFIG_VALUE.
 */
export function composeConfig(options: ComposeOptions): ComposedConfig {
  const { tree, raw, merged, origins } = composeTree({
    ...compositionOf('config', options),
    knownKeys: schemaKeys(),
    hintFor: retiredHint,
    translateOverride,
    translateTree,
  });
  const config = validateConfig(tree, origins);
  const yaml = formatYaml(config as unknown as Tree);
  return { config, yaml, overrides: [...options.overrides], raw, merged };
}

/** What composes the root config `configName` of the shipped folder and the user's. */
export function compositionOf(configName: string, options: ComposeOptions): Composition {
  return {
    sources: new ConfigSources(configFolders(options.configDirs)),
    configName,
    overrides: options.overrides,
    env: options.env ?? {},
    now: options.now ?? new Date(),
  };
}

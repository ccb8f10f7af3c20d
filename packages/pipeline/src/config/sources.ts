// The search path of config folders: which groups and options exist, and their files, read once.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SpatterError } from '../util/errors.ts';
import { readText } from '../util/read-file.ts';
import { isMap, type Tree, type TreeMap } from './tree.ts';
import { parseYaml } from './yaml.ts';

/** A folder of config files; `label` stands before its files' names in messages. */
export interface ConfigFolder {
  readonly path: string;
  readonly label: string;
}

/** One config file. */
export interface ConfigFile {
  /** How messages call it. */
  readonly name: string;
  /** Content of its `# @package` header. */
  readonly header: string | undefined;
  readonly defaults: Tree | undefined;
  readonly content: TreeMap;
  readonly lines: ReadonlyMap<string, number>;
}

/** The folders in search order: the first that has a file wins, so later folders add options and never hide ours. */
export class ConfigSources {
  private readonly folders: readonly ConfigFolder[];
  private readonly cache = new Map<string, ConfigFile | undefined>();

  /** @throws {SpatterError} CONFIG_NOT_FOUND when a folder does not exist. */
  constructor(folders: readonly ConfigFolder[]) {
    this.folders = folders;
    for (const { path } of folders)
      if (!isFolder(path))
        throw new SpatterError('CONFIG_NOT_FOUND', `${path}: no such config folder`, 'check --config-dir');
  }

  isGroup(group: string): boolean {
    return group !== '' && this.folders.some(({ path }) => isFolder(join(path, group)));
  }

  /** Options of a group in all folders, sorted. */
  options(group: string): string[] {
    const names = this.folders
      .map(({ path }) => join(path, group))
      .filter(isFolder)
      .flatMap((folder) => readdirSync(folder))
      .filter((name) => name.endsWith('.yaml'));
    return [...new Set(names.map((name) => name.slice(0, -'.yaml'.length)))].sort();
  }

  /** The file of `group/option` without its `.yaml`, or undefined. */
  load(path: string): ConfigFile | undefined {
    if (!this.cache.has(path)) this.cache.set(path, this.read(path));
    return this.cache.get(path);
  }

  private read(path: string): ConfigFile | undefined {
    const relative = path.endsWith('.yaml') ? path : `${path}.yaml`;
    const folder = this.folders.find((candidate) => isFile(join(candidate.path, relative)));
    return folder === undefined
      ? undefined
      : readConfigFile(join(folder.path, relative), `${folder.label}${relative}`);
  }
}

function readConfigFile(path: string, name: string): ConfigFile {
  const text = readText(path);
  const { value, lines } = parseYaml(text, name);
  if (!isMap(value))
    throw new SpatterError(
      'CONFIG_FILE',
      `${name} must hold a map of keys`,
      'write it as `key: value` lines',
    );
  const { defaults, ...content } = value;
  return { name, header: packageHeader(text), defaults, content, lines };
}

/** The value of `# @package …`. As in Hydra it must stand on top: another comment before it hides it. */
function packageHeader(text: string): string | undefined {
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '') continue;
    if (!/^#\s*@/.test(line)) return undefined;
    const match = /^#\s*@package\s+(\S+)\s*$/.exec(line);
    if (match !== null) return match[1];
  }
  return undefined;
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

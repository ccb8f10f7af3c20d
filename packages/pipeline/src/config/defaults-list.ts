// Expands a defaults list to the ordered files it means, by Hydra's rules.
import { SpatterError } from '../util/errors.ts';
import type { Choices } from './choices.ts';
import {
  folderOf,
  fullPath,
  overrideKey,
  packageOf,
  parseEntries,
  type Entry,
  type Place,
} from './defaults-entry.ts';
import type { ConfigFile, ConfigSources } from './sources.ts';
import { nearest } from './suggest.ts';

/** A file and the package (dotted path, '' for the root) at which its content is merged. */
export interface Placed {
  readonly file: ConfigFile;
  readonly package: string;
}

/** A config in the tree of lists: its path, where its entries stand, and whether its files may be absent. */
interface Node extends Place {
  readonly path: string;
  readonly file: ConfigFile;
  readonly isRoot: boolean;
  readonly interpolated: boolean;
}

/**
 * The files of `configName` and all it lists, in merging order (later ones win).
 * @throws {SpatterError} CONFIG_NOT_FOUND, CONFIG_OVERRIDE or CONFIG_FILE.
 */
export function expandDefaults(configName: string, sources: ConfigSources, choices: Choices): Placed[] {
  const file = sources.load(configName);
  if (file === undefined)
    throw new SpatterError(
      'CONFIG_NOT_FOUND',
      `${configName}.yaml: no such config`,
      'check the config folder',
    );
  const expansion = new Expansion(sources, choices);
  const root = {
    path: configName,
    file,
    group: folderOf(configName),
    package: '',
    isRoot: true,
    interpolated: false,
  };
  const placed = expansion.expand(root);
  choices.ensureUsed();
  return placed;
}

class Expansion {
  private readonly sources: ConfigSources;
  private readonly choices: Choices;
  private readonly open: string[] = [];
  private readonly listed = new Set<string>();

  constructor(sources: ConfigSources, choices: Choices) {
    this.sources = sources;
    this.choices = choices;
  }

  expand(node: Node): Placed[] {
    const entries = this.entriesOf(node);
    this.collectOverrides(entries, node);
    this.open.push(node.path);
    // From the last entry to the first: an `override` in a later config must be known when an earlier group is reached.
    const pieces: Placed[][] = [];
    const deferred: [number, Entry][] = [];
    for (let i = entries.length - 1; i >= 0; i--) {
      const entry = this.chosen(entries[i]!, node);
      if (isInterpolated(entry)) deferred.push([i, entry]);
      else pieces[i] = this.expandEntry(entry, node);
    }
    for (const [i, entry] of deferred)
      pieces[i] = this.expandEntry(this.resolved(entry, node), { ...node, interpolated: true });
    this.open.pop();
    return pieces.flat();
  }

  /** The entries of a config, `_self_` last when it is not written, then those added on the command line. */
  private entriesOf(node: Node): Entry[] {
    const entries = parseEntries(node.file.defaults, node.file.name);
    const selves = entries.filter((entry) => entry.kind === 'self').length;
    if (selves > 1)
      throw new SpatterError('CONFIG_FILE', `${node.file.name}: _self_ is listed twice`, 'keep one');
    if (selves === 0) entries.push(...parseEntries(['_self_'], node.file.name));
    return node.isRoot ? [...entries, ...this.choices.appended] : entries;
  }

  private collectOverrides(entries: readonly Entry[], node: Node): void {
    let seen: string | undefined;
    for (const entry of entries) {
      if (entry.kind === 'self' || this.choices.appended.includes(entry)) continue;
      if (entry.override) {
        seen = overrideKey(entry, node);
        if (node.interpolated) listError(node, `override ${seen} may not stand below an interpolated entry`);
        this.choices.override(seen, entry.option, node.file.name);
      } else if (seen !== undefined) listError(node, `override ${seen} must stand after all other entries`);
    }
  }

  private chosen(entry: Entry, node: Node): Entry {
    if (entry.kind !== 'group' || entry.override) return entry;
    return { ...entry, option: this.choices.optionFor(overrideKey(entry, node), entry.option) };
  }

  private expandEntry(entry: Entry, node: Node): Placed[] {
    if (entry.kind === 'self') return [{ file: node.file, package: node.package }];
    if (entry.override) return [];
    if (entry.kind === 'config') return this.expandConfig(entry, fullPath(entry, node), node);
    if (typeof entry.option === 'string' || entry.option === null)
      return this.expandGroup(entry, entry.option, node);
    const single = (option: string): Entry => ({
      ...entry,
      kind: 'config',
      path: `${entry.path}/${option}`,
      option: null,
    });
    // Reversed for the same reason as in `expand`.
    const reversed = entry.option.map(single).reverse();
    return reversed
      .map((item) => this.expandConfig(item, fullPath(item, node), node))
      .reverse()
      .flat();
  }

  private expandGroup(entry: Entry, option: string | null, node: Node): Placed[] {
    const key = overrideKey(entry, node);
    if (this.choices.isDeleted(key, option)) return [];
    this.choices.know(key, option, node.file.name);
    if (option === null) return [];
    const group = fullPath(entry, node);
    if (option === '???') this.refuseMissing(key, group);
    if (this.listed.has(key)) listError(node, `${key} is listed twice`);
    const placed = this.expandConfig(entry, `${group}/${option}`, node);
    this.listed.add(key);
    return placed;
  }

  private expandConfig(entry: Entry, path: string, node: Node): Placed[] {
    const file = this.sources.load(path);
    if (file === undefined) {
      if (entry.optional) return [];
      this.refuseUnknown(path, node);
    }
    if (this.open.includes(path)) listError(node, `${path} lists itself, by way of ${this.open.join(' → ')}`);
    const inner = { group: folderOf(path), package: packageOf(entry, node, file.header) };
    return this.expand({ path, file, ...inner, isRoot: false, interpolated: node.interpolated });
  }

  /** Replaces `${group}` in an entry by the options that the groups ended with. */
  private resolved(entry: Entry, node: Node): Entry {
    const fill = (text: string) =>
      text.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
        const option = this.choices.known.get(name);
        if (typeof option === 'string') return option;
        return listError(
          node,
          `\${${name}} must name a group with one option, such as ${this.knownGroups()}`,
        );
      });
    const option = typeof entry.option === 'string' ? fill(entry.option) : entry.option;
    return { ...entry, path: fill(entry.path), option };
  }

  private knownGroups(): string {
    return [...this.choices.known.keys()].join(', ') || '(none)';
  }

  private refuseMissing(key: string, group: string): never {
    const options = this.sources.options(group).join(', ');
    throw new SpatterError(
      'CONFIG_VALUE',
      `an option for ${key} must be chosen`,
      `add ${key}=… with one of ${options}`,
    );
  }

  private refuseUnknown(path: string, node: Node): never {
    const [group, name] = [folderOf(path), path.slice(path.lastIndexOf('/') + 1)];
    const options = this.sources.options(group);
    const near = nearest(name, options);
    const list = options.length === 0 ? `there is no group ${group}` : `${group} has ${options.join(', ')}`;
    const asked = node.isRoot ? '' : ` (listed in ${node.file.name})`;
    const hint = near === undefined ? list : `did you mean ${near}? ${list}`;
    throw new SpatterError('CONFIG_NOT_FOUND', `no config ${path}${asked}`, hint);
  }
}

function isInterpolated(entry: Entry): boolean {
  return `${entry.path}${typeof entry.option === 'string' ? entry.option : ''}`.includes('${');
}

function listError(node: Node, message: string): never {
  throw new SpatterError('CONFIG_FILE', `${node.file.name}: ${message}`, 'correct the defaults list');
}

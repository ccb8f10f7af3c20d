// Entries of a defaults list: how they are written, and which group, option and package they mean in their place.
import { SpatterError } from '../util/errors.ts';
import { isMap, type Tree } from './tree.ts';

/** One entry as written in a file or added on the command line. */
export interface Entry {
  readonly kind: 'self' | 'config' | 'group';
  /** Group (with a leading slash when absolute), or the path of a single config. */
  readonly path: string;
  /** Option of a group: null for none, a list for several. */
  readonly option: string | null | readonly string[];
  /** What follows `@`. */
  readonly package: string | undefined;
  readonly optional: boolean;
  readonly override: boolean;
}

/** Where an entry stands: the group folder and the package of the config that lists it. */
export interface Place {
  readonly group: string;
  readonly package: string;
}

function fail(file: string, message: string): never {
  throw new SpatterError('CONFIG_FILE', `${file}: ${message}`, 'correct the defaults list');
}

/** Parses the `defaults` of a file; an absent list is empty. */
export function parseEntries(defaults: Tree | undefined, file: string): Entry[] {
  if (defaults === undefined) return [];
  if (!Array.isArray(defaults)) fail(file, 'defaults must be a list');
  return defaults.map((item) => parseEntry(item, file));
}

function parseEntry(item: Tree, file: string): Entry {
  const common = { option: null, optional: false, override: false };
  if (item === '_self_') return { ...common, kind: 'self', path: '_self_', package: undefined };
  if (typeof item === 'string') {
    const [path, at] = splitPackage(item);
    return { ...common, kind: 'config', path, package: at };
  }
  const pairs = isMap(item) ? Object.entries(item) : [];
  if (pairs.length !== 1)
    fail(file, `an entry must be \`option\` or \`group: option\`, got ${JSON.stringify(item)}`);
  return parseGroup(pairs[0]![0], pairs[0]![1], file);
}

function parseGroup(key: string, value: Tree, file: string): Entry {
  const words = key.trim().split(/\s+/);
  const [path, at] = splitPackage(words.pop()!);
  const wrong = words.find((word) => word !== 'optional' && word !== 'override');
  if (wrong !== undefined)
    fail(file, `${JSON.stringify(key)}: only optional and override may stand before a group`);
  const several = Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (value !== null && typeof value !== 'string' && !several)
    fail(file, `${path}: an option must be a name, a list of names or null, got ${JSON.stringify(value)}`);
  return {
    kind: 'group',
    path,
    option: value,
    package: at,
    optional: words.includes('optional'),
    override: words.includes('override'),
  };
}

function splitPackage(text: string): [string, string | undefined] {
  const at = text.indexOf('@');
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Full path of an entry from the root of the search path: the group of a group entry, the file of a config entry. */
export function fullPath(entry: Entry, place: Place): string {
  if (entry.path.startsWith('/')) return entry.path.slice(1);
  return place.group === '' ? entry.path : `${place.group}/${entry.path}`;
}

/** The group part of a config path: `a/b/c` → `a/b`. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/**
 * Package of an entry, from the root of the config: `@package` of the entry, else the file's header, else the group's
 * own path, all below the package of the listing config; `_global_` starts again at the root, `_here_` stays.
 */
export function packageOf(entry: Entry, place: Place, header?: string): string {
  const bare = entry.path.replace(/^\//, '');
  const own = (entry.kind === 'group' ? bare : folderOf(bare)).replaceAll('/', '.');
  const written = entry.package === '_here_' ? '' : entry.package;
  const absolute = header === undefined || /^_global_(\.|$)/.test(header) ? header : `_global_.${header}`;
  const chosen = written ?? absolute ?? own;
  const joined = [place.package, chosen].filter((part) => part !== '').join('.');
  const restart = joined.lastIndexOf('_global_');
  return restart === -1 ? joined : joined.slice(restart + '_global_'.length).replace(/^\./, '');
}

/** The name by which a group entry is overridden: its group, with `@package` when that is not the group's own. */
export function overrideKey(entry: Entry, place: Place): string {
  const group = fullPath(entry, place);
  const target = packageOf(entry, place);
  if (target === group.replaceAll('/', '.')) return group;
  return `${group}@${target === '' ? '_global_' : target}`;
}

// Applies value overrides to a composed tree that is closed: `k=v` needs the key, `+` adds, `++` does either, `~` deletes.
import { SpatterError } from '../util/errors.ts';
import type { Override } from './grammar.ts';
import { nearest } from './suggest.ts';
import {
  MissingKey,
  TreeError,
  child,
  compatible,
  isContainer,
  isMap,
  joinPath,
  mergeInto,
  select,
  setChild,
  splitPath,
  walk,
  type Origins,
  type Tree,
  type TreeMap,
} from './tree.ts';

/** What overrides are applied to. */
export interface Composed {
  readonly tree: TreeMap;
  readonly origins: Origins;
  /** Keys that suggestions may name besides those of the tree. */
  readonly knownKeys: readonly string[];
  /** What to do instead of a key that is gone. */
  readonly hintFor: (key: string) => string | undefined;
}

const COMMAND_LINE = 'the command line';

/**
 * Applies one override in place.
 * @throws {SpatterError} CONFIG_UNKNOWN_KEY or CONFIG_OVERRIDE.
 */
export function applyOverride(override: Override, composed: Composed): void {
  const { key, line } = override;
  const adds = override.action === 'add' || override.action === 'force';
  if (override.package !== undefined || (key.includes('/') && !adds))
    throw new SpatterError(
      'CONFIG_OVERRIDE',
      `${line}: there is no config group ${key}`,
      'check the group’s name',
    );
  try {
    if (override.action === 'delete') remove(override, composed);
    else update(override, composed);
  } catch (error) {
    if (error instanceof MissingKey) throw unknownKey(error.path, composed, override);
    if (error instanceof TreeError)
      throw new SpatterError('CONFIG_OVERRIDE', `${line}: ${error.message}`, 'check the value');
    throw error;
  }
}

function unknownKey(
  path: string,
  { tree, knownKeys, hintFor }: Composed,
  { line, key }: Override,
): SpatterError {
  const keys = [...knownKeys];
  walk(tree, (here) => keys.push(here));
  const near = nearest(path, keys);
  const add = `to add a key write +${line}`;
  const hint = hintFor(path) ?? (near === undefined ? add : `did you mean ${near}?`);
  const typed = path === key ? '' : ` in ${line}`;
  return new SpatterError('CONFIG_UNKNOWN_KEY', `${path}: unknown key (from ${COMMAND_LINE}${typed})`, hint);
}

function remove({ key, value, line }: Override, { tree, origins }: Composed): void {
  const old = select(tree, key);
  if (old === undefined || old === null)
    throw new SpatterError('CONFIG_OVERRIDE', `${line}: there is no ${key} to delete`, 'check the key');
  if (value !== undefined && value !== null && JSON.stringify(value) !== JSON.stringify(old))
    throw new SpatterError(
      'CONFIG_OVERRIDE',
      `${line}: ${key} is ${JSON.stringify(old)}`,
      'give that value, or none',
    );
  const keys = splitPath(key);
  const last = keys.pop()!;
  const parent = select(tree, keys.join('.'));
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isMap(parent)) Reflect.deleteProperty(parent, last);
  origins.set(key, `${COMMAND_LINE}: ${line}`);
}

function update({ action, key, value = null, line }: Override, { tree, origins }: Composed): void {
  const old = select(tree, key);
  if (action === 'add' && old !== undefined && old !== null && old !== '???' && !isContainer(value))
    throw new SpatterError(
      'CONFIG_OVERRIDE',
      `${line}: ${key} exists already`,
      `write ${line.slice(1)} to change it, or +${line} to set it either way`,
    );
  setAt(tree, key, value, action !== 'change');
  for (const path of [...origins.keys()]) if (path.startsWith(`${key}.`)) origins.delete(path);
  // Sections that the override made on the way are its doing too.
  const parents = splitPath(key).map((_, i, keys) => keys.slice(0, i).join('.'));
  for (const path of parents) if (path !== '' && !origins.has(path)) origins.set(path, COMMAND_LINE);
  walk(value, (path) => origins.set(path, COMMAND_LINE), key);
}

function setAt(tree: TreeMap, key: string, value: Tree, mayAdd: boolean): void {
  const keys = splitPath(key);
  const last = keys.pop()!;
  let node: Tree[] | TreeMap = tree;
  let path = '';
  for (const part of keys) {
    path = joinPath(path, part);
    node = inside(node, part, path, mayAdd);
  }
  const old = child(node, last);
  if (old === undefined && !mayAdd && !Array.isArray(node)) throw new MissingKey(key);
  if (isMap(old) && isMap(value)) mergeInto(old, value, key, mayAdd);
  else setChild(node, last, compatible(old, value, key));
}

/** The container below `part`; made when `mayAdd`, in place of a scalar too. */
function inside(node: Tree[] | TreeMap, part: string, path: string, mayAdd: boolean): Tree[] | TreeMap {
  const next = child(node, part);
  if (isContainer(next)) return next;
  if (!mayAdd) throw new MissingKey(path);
  setChild(node, part, {});
  return child(node, part) as TreeMap;
}

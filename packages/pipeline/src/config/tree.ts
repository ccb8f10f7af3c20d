// Plain config trees: reading by dotted path, merging as OmegaConf merges, and remembering where every value came from.

/** A YAML value. */
export type Tree = null | boolean | number | string | Tree[] | TreeMap;
export interface TreeMap {
  [key: string]: Tree;
}

/** Dotted path → the file and line, or `the command line`, that last set it. */
export type Origins = Map<string, string>;

/** Why a merge or an update was refused; callers add the file or override it happened in. */
export class TreeError extends Error {}

export function isMap(value: Tree | undefined): value is TreeMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isContainer(value: Tree | undefined): value is Tree[] | TreeMap {
  return typeof value === 'object' && value !== null;
}

export function joinPath(parent: string, key: string | number): string {
  return parent === '' ? String(key) : `${parent}.${key}`;
}

export function splitPath(path: string): string[] {
  return path === '' ? [] : path.split('.');
}

/** Child of a container; list items by their index. Undefined when absent. */
export function child(node: Tree | undefined, key: string): Tree | undefined {
  if (Array.isArray(node)) return /^\d+$/.test(key) ? node[Number(key)] : undefined;
  return isMap(node) && Object.hasOwn(node, key) ? node[key] : undefined;
}

/** Value at a dotted path, or undefined. */
export function select(root: Tree, path: string): Tree | undefined {
  return splitPath(path).reduce<Tree | undefined>(child, root);
}

/** Sets a child; maps get an own property even for names such as `__proto__`. */
export function setChild(node: Tree[] | TreeMap, key: string, value: Tree): void {
  if (!Array.isArray(node)) {
    Object.defineProperty(node, key, { value, writable: true, enumerable: true, configurable: true });
    return;
  }
  if (!/^\d+$/.test(key) || Number(key) >= node.length)
    throw new TreeError(`the list has ${node.length} items, and ${key} is not the index of one`);
  node[Number(key)] = value;
}

/** `value` wrapped in maps so that it stands at the dotted path. */
export function embed(value: Tree, path: string): Tree {
  return splitPath(path).reduceRight<Tree>((inner, key) => {
    const map: TreeMap = {};
    setChild(map, key, inner);
    return map;
  }, value);
}

/** Origin of a path: its own, or that of the nearest parent that has one. */
export function originOf(origins: Origins, path: string): string | undefined {
  for (let keys = splitPath(path); ; keys = keys.slice(0, -1)) {
    const origin = origins.get(keys.join('.'));
    if (origin !== undefined || keys.length === 0) return origin;
  }
}

/**
 * Merges `source` into `target` in place, as `OmegaConf.merge` does: maps key by key, everything else replaced,
 * `???` never hides a value. `mayAdd` false refuses keys that `target` lacks.
 * @throws {TreeError} when a list meets a map, or a key may not be added.
 */
export function mergeInto(target: TreeMap, source: TreeMap, path = '', mayAdd = true): void {
  for (const [key, value] of Object.entries(source)) {
    const old = child(target, key);
    const here = joinPath(path, key);
    if (old === undefined && !mayAdd) throw new MissingKey(here);
    if (value === '???' && old !== undefined) continue;
    if (isMap(old) && isMap(value)) mergeInto(old, value, here, mayAdd);
    else setChild(target, key, compatible(old, value, here));
  }
}

/** A key that does not exist in a closed tree. */
export class MissingKey extends TreeError {
  readonly path: string;
  constructor(path: string) {
    super(`${path} does not exist`);
    this.path = path;
  }
}

/** A copy of `value`, unless a list is about to replace a map or a map a list. */
export function compatible(old: Tree | undefined, value: Tree, path: string): Tree {
  if (isContainer(old) && isContainer(value) && Array.isArray(old) !== Array.isArray(value))
    throw new TreeError(
      `${path} is a ${Array.isArray(old) ? 'list' : 'map'} and cannot become a ${Array.isArray(value) ? 'list' : 'map'}`,
    );
  return structuredClone(value);
}

/** Calls `visit` for every node below `value`, parents first. */
export function walk(value: Tree, visit: (path: string, node: Tree) => void, path = ''): void {
  visit(path, value);
  if (!isContainer(value)) return;
  for (const [key, item] of Object.entries(value)) walk(item, visit, joinPath(path, key));
}

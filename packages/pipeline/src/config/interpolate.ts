// Resolves `${…}` in a composed tree: absolute and relative keys, resolvers, nesting, `\${` for a literal.
import { SpatterError } from '../util/errors.ts';
import { GrammarError, parseValue } from './grammar.ts';
import { asText, callResolver, type ResolverContext } from './resolvers.ts';
import {
  TreeError,
  child,
  isContainer,
  joinPath,
  originOf,
  setChild,
  splitPath,
  type Origins,
  type Tree,
  type TreeMap,
} from './tree.ts';

/** A text cut into literal pieces and the insides of `${…}`. */
type Piece = { readonly text: string } | { readonly inside: string };

/** Environment and clock of a composition. */
export type Surroundings = Pick<ResolverContext, 'env' | 'now'>;

/**
 * A copy of `tree` with every interpolation replaced.
 * @throws {SpatterError} CONFIG_VALUE for a missing key, a cycle, a resolver that fails, or a mandatory `???` left.
 */
export function resolveTree(tree: TreeMap, origins: Origins, surroundings: Surroundings): TreeMap {
  return new Resolution(tree, origins, surroundings).resolve(tree, '') as TreeMap;
}

class Resolution {
  private readonly root: TreeMap;
  private readonly origins: Origins;
  private readonly surroundings: Surroundings;
  private readonly open = new Set<string>();

  constructor(root: TreeMap, origins: Origins, surroundings: Surroundings) {
    this.root = root;
    this.origins = origins;
    this.surroundings = surroundings;
  }

  resolve(value: Tree, path: string): Tree {
    if (isContainer(value)) return this.container(value, path);
    if (value === '???') this.refuse(path, 'is mandatory (???) and was not given', `add ${path}=…`);
    if (typeof value !== 'string' || !value.includes('${')) return value;
    if (this.open.has(path)) this.refuse(path, 'refers to itself', 'break the circle');
    this.open.add(path);
    try {
      return this.text(value, path);
    } catch (error) {
      if (!(error instanceof TreeError) && !(error instanceof GrammarError)) throw error;
      return this.refuse(
        path,
        `cannot be resolved from ${JSON.stringify(value)}: ${error.message}`,
        'check the interpolation',
      );
    } finally {
      this.open.delete(path);
    }
  }

  private container(value: Tree[] | TreeMap, path: string): Tree {
    if (Array.isArray(value)) return value.map((item, i) => this.resolve(item, joinPath(path, i)));
    const result: TreeMap = {};
    for (const [key, item] of Object.entries(value))
      setChild(result, key, this.resolve(item, joinPath(path, key)));
    return result;
  }

  private text(text: string, path: string): Tree {
    const pieces = splitPieces(text);
    const only = pieces.length === 1 ? pieces[0]! : undefined;
    if (only !== undefined && 'inside' in only) return this.inside(only.inside, path);
    return pieces
      .map((piece) => ('text' in piece ? piece.text : asText(this.inside(piece.inside, path))))
      .join('');
  }

  private inside(inside: string, path: string): Tree {
    const call = /^\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*:/.exec(inside);
    if (call === null) return this.reference(asText(this.text(inside.trim(), path)), path);
    const args = splitArguments(inside.slice(call[0].length)).map((arg) => this.argument(arg, path));
    return callResolver(call[1]!, args, { ...this.surroundings, select: (key) => this.find(key, path) });
  }

  private argument(arg: string, path: string): Tree {
    if (!arg.includes('${')) return parseValue(arg);
    const bare = /^(["']).*\1$/s.test(arg) ? arg.slice(1, -1) : arg;
    const value = this.text(bare, path);
    return bare === arg ? value : asText(value);
  }

  private reference(key: string, path: string): Tree {
    const value = this.find(key, path);
    if (value === undefined) throw new TreeError(`there is no ${key}`);
    return value;
  }

  /** Resolved value of a key as seen from `path`: `.a` is a sibling, each further dot one container up. */
  private find(key: string, path: string): Tree | undefined {
    const [, dots, rest] = /^(\.*)(.*)$/s.exec(key)!;
    const names = rest!
      .replace(/\[([^\]]*)\]/g, '.$1')
      .split('.')
      .filter((name) => name !== '');
    const here = splitPath(path);
    if (dots!.length > here.length) throw new TreeError(`${key} climbs above the root`);
    const start = dots === '' ? [] : here.slice(0, here.length - dots!.length);
    return this.descend([...start, ...names]);
  }

  // Step by step, because a container on the way may itself be an interpolation.
  private descend(names: readonly string[]): Tree | undefined {
    let node: Tree | undefined = this.root;
    let path = '';
    for (const name of names) {
      if (typeof node === 'string') node = this.resolve(node, path);
      node = child(node, name);
      path = joinPath(path, name);
      if (node === undefined) return undefined;
    }
    return this.resolve(node, path);
  }

  private refuse(path: string, message: string, hint: string): never {
    const origin = originOf(this.origins, path);
    const from = origin === undefined ? '' : ` (from ${origin})`;
    throw new SpatterError('CONFIG_VALUE', `${path} ${message}${from}`, hint);
  }
}

/** Cuts a text at its `${…}`, whose braces and quotes may nest; backslashes before `${` escape it in pairs. */
function splitPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let literal = '';
  for (let at = 0; at < text.length;) {
    const start = text.indexOf('${', at);
    if (start === -1) {
      literal += text.slice(at);
      break;
    }
    const slashes = /\\*$/.exec(text.slice(at, start))![0].length;
    literal += text.slice(at, start - Math.ceil(slashes / 2));
    at = start + 2;
    if (slashes % 2 === 1) literal += '${';
    else {
      const end = closingBrace(text, at);
      if (literal !== '') pieces.push({ text: literal });
      literal = '';
      pieces.push({ inside: text.slice(at, end) });
      at = end + 1;
    }
  }
  if (literal !== '') pieces.push({ text: literal });
  return pieces;
}

/** Calls `visit` for every character outside quotes with its nesting depth; stops when it returns true. */
function scan(
  text: string,
  from: number,
  visit: (character: string, depth: number, at: number) => boolean,
): void {
  let depth = 0;
  let quote: string | undefined;
  for (let at = from; at < text.length; at++) {
    const character = text[at]!;
    if (character === '\\') at++;
    else if (quote !== undefined) quote = character === quote ? undefined : quote;
    else if (character === '"' || character === "'") quote = character;
    else {
      if (visit(character, depth, at)) return;
      if ('{[('.includes(character)) depth++;
      else if ('}])'.includes(character)) depth--;
    }
  }
}

function closingBrace(text: string, from: number): number {
  let end = -1;
  scan(text, from, (character, depth, at) => {
    if (character !== '}' || depth > 0) return false;
    end = at;
    return true;
  });
  if (end === -1) throw new TreeError('a } is missing');
  return end;
}

function splitArguments(text: string): string[] {
  const args: string[] = [];
  let start = 0;
  scan(text, 0, (character, depth, at) => {
    if (character !== ',' || depth > 0) return false;
    args.push(text.slice(start, at).trim());
    start = at + 1;
    return false;
  });
  const last = text.slice(start).trim();
  return args.length === 0 && last === '' ? [] : [...args, last];
}

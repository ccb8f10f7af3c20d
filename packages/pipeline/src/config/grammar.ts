// Hydra's override grammar: `k=v`, `+k=v`, `++k=v`, `~k`, `group@package=option`, with lists, maps, quotes and functions as values.
import { evaluateCall, type Call } from './grammar-functions.ts';
import { GrammarError, tokenize, type Token, type TokenKind } from './grammar-tokens.ts';
import { setChild, type Tree, type TreeMap } from './tree.ts';

export { GrammarError } from './grammar-tokens.ts';

/** One parsed override. `value` is undefined only for `~key` without a value. */
export interface Override {
  readonly action: 'change' | 'add' | 'force' | 'delete';
  /** Dotted config key, or group with slashes. */
  readonly key: string;
  /** What follows `@`, where a group's content goes. */
  readonly package: string | undefined;
  readonly value: Tree | undefined;
  /** As it was typed. */
  readonly line: string;
}

const ID = '[A-Za-z_][A-Za-z0-9_-]*';
const SPECIAL = '[A-Za-z_$][A-Za-z0-9_$-]*';
const PART = `(?:${SPECIAL}|0|[1-9](?:_?[0-9])*)`;
const PACKAGE = `(?:${PART}(?:\\.${PART})+|${SPECIAL})`;
const KEY = new RegExp(`^(~|\\+\\+|\\+|)(${ID}(?:/${ID})+|${PACKAGE})(?:@(${PACKAGE}|))?$`);
const ACTIONS = { '': 'change', '+': 'add', '++': 'force', '~': 'delete' } as const;

/**
 * Parses one override.
 * @throws {GrammarError} with the position of the first character that does not fit.
 */
export function parseOverride(line: string): Override {
  const equal = line.indexOf('=');
  const head = equal === -1 ? line : line.slice(0, equal);
  const match = KEY.exec(head);
  if (match === null) throw new GrammarError('a key such as a.b or group/sub is needed before =', 0);
  const action = ACTIONS[match[1] as keyof typeof ACTIONS];
  if (equal === -1 && action !== 'delete') throw new GrammarError('= and a value are missing', line.length);
  const value = equal === -1 ? undefined : valueAt(line, equal + 1);
  return { action, key: match[2]!, package: match[3], value, line };
}

function valueAt(line: string, start: number): Tree {
  try {
    return parseValue(line.slice(start));
  } catch (error) {
    if (error instanceof GrammarError) throw new GrammarError(error.message, start + error.at);
    throw error;
  }
}

/** Parses the value part of an override; an empty text is an empty string. */
export function parseValue(text: string): Tree {
  const tokens = tokenize(text.replace(/^[ \t]+/, (blanks) => (blanks === text ? blanks : '')));
  if (tokens.length === 0) return '';
  const parser = new Parser(tokens, text.length);
  const value = parser.element();
  parser.end();
  return value;
}

/** Recursive descent over the tokens; one method per rule of the grammar. */
class Parser {
  private readonly tokens: readonly Token[];
  private readonly length: number;
  private next = 0;

  constructor(tokens: readonly Token[], length: number) {
    this.tokens = tokens;
    this.length = length;
  }

  element(): Tree {
    const kind = this.peek();
    if (kind === 'bracket-open') return this.list();
    if (kind === 'brace-open') return this.map();
    if (kind === 'id' && this.tokens[this.next + 1]?.kind === 'popen') return this.call();
    return this.primitive(PRIMITIVE);
  }

  /** @throws {GrammarError} when tokens are left; a comma means a sweep, which needs multirun. */
  end(): void {
    const left = this.tokens[this.next];
    if (left === undefined) return;
    if (left.kind === 'comma')
      throw new GrammarError(
        'several values are a sweep, which needs --multirun; write a list as [a,b], or quote the comma',
        left.at,
      );
    throw new GrammarError(`unexpected ${JSON.stringify(left.text.trim())}`, left.at);
  }

  private list(): Tree[] {
    this.take('bracket-open');
    return this.items('bracket-close', () => this.element());
  }

  private map(): TreeMap {
    this.take('brace-open');
    const map: TreeMap = {};
    this.items('brace-close', () => {
      const { at } = this.tokens[this.next] ?? { at: this.length };
      const key = this.primitive(MAP_KEY);
      if (key === null) throw new GrammarError('null cannot be a key', at);
      this.take('colon');
      setChild(map, typeof key === 'string' ? key : JSON.stringify(key), this.element());
    });
    return map;
  }

  private call(): Tree {
    const at = this.tokens[this.next]!.at;
    const call: Call = { name: this.take('id').text, args: [], named: {} };
    this.take('popen');
    this.items('pclose', () => {
      if (this.peek() === 'id' && this.tokens[this.next + 1]?.kind === 'equal') {
        const name = this.take('id').text;
        this.take('equal');
        call.named[name] = this.element();
      } else call.args.push(this.element());
    });
    return evaluateCall(call, at);
  }

  private items<T>(close: TokenKind, item: () => T): T[] {
    const items: T[] = [];
    if (this.peek() !== close) {
      do items.push(item());
      while (this.skip('comma'));
    }
    this.take(close);
    return items;
  }

  private primitive(allowed: ReadonlySet<TokenKind>): Tree {
    const first = this.next;
    if (allowed.has('quoted') && this.peek() === 'quoted') return unquote(this.take('quoted').text);
    while (this.next < this.tokens.length && this.peek() !== 'quoted' && allowed.has(this.peek()!))
      this.next++;
    if (this.next === first) this.fail('a value');
    const tokens = this.tokens.slice(first, this.next);
    if (tokens.length > 1 && tokens[0]!.kind === 'space') tokens.shift();
    if (tokens.length > 1 && tokens.at(-1)!.kind === 'space') tokens.pop();
    if (tokens[0]!.kind === 'space')
      throw new GrammarError('a value of blanks only must be quoted', tokens[0]!.at);
    return tokens.length === 1 ? single(tokens[0]!) : tokens.map(unescaped).join('');
  }

  private peek(): TokenKind | undefined {
    return this.tokens[this.next]?.kind;
  }

  private skip(kind: TokenKind): boolean {
    if (this.peek() !== kind) return false;
    this.next++;
    return true;
  }

  private take(kind: TokenKind): Token {
    if (this.peek() !== kind) this.fail(NAMES[kind] ?? kind);
    return this.tokens[this.next++]!;
  }

  private fail(wanted: string): never {
    const token = this.tokens[this.next];
    const got = token === undefined ? 'the end' : JSON.stringify(token.text.trim());
    throw new GrammarError(`${wanted} is needed, got ${got}`, token?.at ?? this.length);
  }
}

const NAMES: Partial<Record<TokenKind, string>> = {
  'bracket-close': '] or a comma',
  'brace-close': '} or a comma',
  pclose: ') or a comma',
  colon: 'a colon',
};
const MAP_KEY: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'id',
  'null',
  'int',
  'float',
  'bool',
  'char',
  'escape',
  'space',
]);
const PRIMITIVE: ReadonlySet<TokenKind> = new Set<TokenKind>([
  ...MAP_KEY,
  'interpolation',
  'colon',
  'quoted',
]);

function unescaped({ kind, text }: Token): string {
  return kind === 'escape' ? text.replace(/\\(.)/gs, '$1') : text;
}

function single(token: Token): Tree {
  const text = token.text.toLowerCase().replaceAll('_', '');
  if (token.kind === 'null') return null;
  if (token.kind === 'bool') return text === 'true';
  if (token.kind === 'int') return Number(text);
  if (token.kind !== 'float') return unescaped(token);
  if (/^[+-]?nan$/.test(text)) return NaN;
  return Number(text.replace('inf', 'Infinity'));
}

/** Takes the quotes off; a run of backslashes is halved only where it stands before the quote character. */
function unquote(text: string): string {
  const run = new RegExp(`\\\\+${text[0]!}`, 'g');
  const body = text
    .slice(1)
    .replace(run, (escaped) => escaped.replace(/.(.)/gs, '$1').slice(0, escaped.length >> 1));
  // A run before the closing quote has swallowed that quote already.
  return text.length > 2 && text.at(-2) === '\\' ? body : body.slice(0, -1);
}

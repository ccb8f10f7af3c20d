// The values of one sweep in an override: `a,b`, `choice(…)`, `range(…)`, `glob(…)`, by Hydra's grammar.
import { GrammarError, tokenize, type Token } from './grammar-tokens.ts';
import { parseValue } from './grammar.ts';
import type { Tree } from './tree.ts';

const OPENING: ReadonlySet<string> = new Set(['popen', 'bracket-open', 'brace-open']);
const CLOSING: ReadonlySet<string> = new Set(['pclose', 'bracket-close', 'brace-close']);

/** Functions that make sweeps which only other sweepers than Hydra's own understand, or that depend on chance. */
const REFUSED: ReadonlySet<string> = new Set(['interval', 'shuffle', 'sort', 'tag']);

/**
 * The values that `text`, what stands after `=`, runs through, as they would be typed one by one; null when it is one value.
 * @param options the options of the group that the override chooses from, for `glob`.
 * @throws {GrammarError} with the place of what does not fit.
 */
export function sweepValues(text: string, options: () => readonly string[]): string[] | null {
  const tokens = tokenize(text.replace(/^[ \t]+/, (blanks) => (blanks === text ? blanks : '')));
  const call = wholeCall(tokens);
  if (call !== null) return callValues(call, options);
  const pieces = split(tokens);
  return pieces.length > 1 ? pieces.map((piece) => textOf(piece, text.length)) : null;
}

interface Call {
  readonly name: string;
  readonly args: readonly Token[][];
  readonly at: number;
}

/** A call that is the whole value, such as `choice(1,2)`. */
function wholeCall(tokens: readonly Token[]): Call | null {
  const [name, open] = tokens;
  if (name?.kind !== 'id' || open?.kind !== 'popen' || tokens.at(-1)?.kind !== 'pclose') return null;
  const inside = tokens.slice(2, -1);
  return { name: name.text, args: inside.length === 0 ? [] : split(inside), at: name.at };
}

/** Cuts at the commas that stand in no bracket. */
function split(tokens: readonly Token[]): Token[][] {
  const pieces: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    depth += Number(OPENING.has(token.kind)) - Number(CLOSING.has(token.kind));
    if (depth === 0 && token.kind === 'comma') pieces.push([]);
    else pieces.at(-1)!.push(token);
  }
  return pieces;
}

function textOf(tokens: readonly Token[], end: number): string {
  if (tokens.length === 0)
    throw new GrammarError('a value is missing beside the comma', Math.max(0, end - 1));
  return tokens.map(({ text }) => text).join('').trim(); // prettier-ignore
}

function callValues(call: Call, options: () => readonly string[]): string[] | null {
  if (call.name === 'choice') return choiceValues(call);
  if (call.name === 'range') return rangeValues(call);
  if (call.name === 'glob') return globValues(call, options());
  if (!REFUSED.has(call.name)) return null;
  throw new GrammarError(
    `${call.name}() is no sweep that spatter runs; there are choice, range and glob`,
    call.at,
  );
}

function choiceValues({ args, at }: Call): string[] {
  if (args.length === 0) throw new GrammarError('choice() needs values', at);
  const values = args.map((arg) => textOf(arg, at));
  if (values.some((value) => parseValue(value) === null))
    throw new GrammarError('choice() takes no null; write the values with commas alone', at);
  return values;
}

/** Arguments by position or name. */
function argumentsOf({ name, args, at }: Call, names: readonly string[]): Map<string, string> {
  const given = new Map<string, string>();
  args.forEach((arg, i) => {
    const named = arg[0]?.kind === 'id' && arg[1]?.kind === 'equal';
    const key = named ? arg[0]!.text : names[i];
    if (key === undefined || !names.includes(key) || given.has(key))
      throw new GrammarError(`${name}() takes ${names.join(', ')}`, at);
    given.set(key, textOf(named ? arg.slice(2) : arg, at));
  });
  return given;
}

const decimals = (text: string): number => /\.(\d+)$/.exec(text)?.[1]?.length ?? 0;

/** `range(stop)`, `range(start,stop)`, `range(start,stop,step)`: from start up to, but without, stop. Counts in exact decimals: 0.7, where Hydra's sums of binary fractions give 0.7000000000000001. */
function rangeValues(call: Call): string[] {
  const one = call.args.length === 1 && call.args[0]![1]?.kind !== 'equal';
  const given = argumentsOf(call, one ? ['stop'] : ['start', 'stop', 'step']);
  const texts = [given.get('start') ?? '0', given.get('stop') ?? '', given.get('step') ?? '1'];
  const values = texts.map(parseValue);
  const [start, stop, step] = values as [number, number, number];
  if (!values.every((value) => typeof value === 'number' && Number.isFinite(value)) || step === 0)
    throw new GrammarError('range() takes numbers, and a step that is not 0', call.at);
  const scale = 10 ** Math.max(...texts.map((text) => (text.includes('e') ? 12 : decimals(text))));
  const count = Math.max(
    0,
    Math.ceil((Math.round(stop * scale) - Math.round(start * scale)) / Math.round(step * scale)),
  );
  const whole = texts.every((text) => !/[.e]/.test(text));
  return Array.from({ length: count }, (_, i) => {
    const value = (Math.round(start * scale) + i * Math.round(step * scale)) / scale;
    return whole || !Number.isInteger(value) ? String(value) : `${value}.0`;
  });
}

/** `glob(include, exclude)`: the options of a group whose names fit a pattern with `*`, `?` and `[…]`. */
function globValues(call: Call, options: readonly string[]): string[] {
  const given = argumentsOf(call, ['include', 'exclude']);
  if (!given.has('include')) throw new GrammarError('glob() needs a pattern', call.at);
  const patterns = (name: string) => namesIn(given.get(name), call.at).map(patternOf);
  const [include, exclude] = [patterns('include'), patterns('exclude')];
  const fits = (name: string, tests: readonly RegExp[]) => tests.some((test) => test.test(name));
  return options.filter((name) => fits(name, include) && !fits(name, exclude));
}

function namesIn(text: string | undefined, at: number): string[] {
  if (text === undefined) return [];
  const value: Tree = parseValue(text);
  const names = Array.isArray(value) ? value : [value];
  if (names.every((name) => typeof name === 'string')) return names;
  throw new GrammarError('glob() takes a pattern or a list of patterns', at);
}

/** Python's fnmatch. */
function patternOf(glob: string): RegExp {
  const source = glob.replace(/\[(!?)([^\]]+)\]|[*?]|[^*?[]|\[/g, (part, not?: string, set?: string) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (set !== undefined) return `[${not === '!' ? '^' : ''}${set.replaceAll('\\', '\\\\')}]`;
    return part.replace(/[\\^$.|+(){}[\]]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}

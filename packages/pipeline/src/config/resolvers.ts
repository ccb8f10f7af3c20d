// Functions of interpolations: `${oc.env:NAME,default}`, `${now:%Y-%m-%d}` and their family, under OmegaConf's names.
import { parseValue } from './grammar.ts';
import { TreeError, isMap, type Tree } from './tree.ts';

/** What resolvers may look at; nothing here is read from the process. */
export interface ResolverContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: Date;
  /** Resolved value at a key (relative keys start with a dot), or undefined. */
  readonly select: (key: string) => Tree | undefined;
}

type Resolver = (args: readonly Tree[], context: ResolverContext) => Tree;

/** A value as text inside a longer text, in Python's spelling as OmegaConf writes it. */
export function asText(value: Tree): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'object') throw new TreeError('a list or a map cannot stand inside a text');
  return String(value);
}

function one(args: readonly Tree[], most: number): string {
  if (args.length < 1 || args.length > most || typeof args[0] !== 'string' || args[0] === '')
    throw new TreeError(`it takes a name${most > 1 ? ' and perhaps a default' : ''}`);
  return args[0];
}

function environment(args: readonly Tree[], { env }: ResolverContext): Tree {
  const name = one(args, 2);
  const value = env[name];
  if (value !== undefined) return value;
  if (args.length === 1)
    throw new TreeError(`the environment variable ${name} is not set and there is no default`);
  return args[1] === null ? null : asText(args[1]!);
}

function selected(args: readonly Tree[], { select }: ResolverContext): Tree {
  return select(one(args, 2)) ?? args[1] ?? null;
}

function mapAt(args: readonly Tree[], { select }: ResolverContext): Record<string, Tree> {
  const value = typeof args[0] === 'string' ? select(one(args, 1)) : args[0];
  if (!isMap(value)) throw new TreeError('it takes the key of a map');
  return value;
}

function decode(args: readonly Tree[]): Tree {
  if (args.length !== 1) throw new TreeError('it takes one text');
  if (args[0] === null) return null;
  if (typeof args[0] !== 'string') throw new TreeError('it takes a text');
  return parseValue(args[0]);
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
const digits = (value: number, width: number) => String(value).padStart(width, '0');

// Python's strftime, in the C locale.
const DATE_PARTS: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => digits(date.getFullYear(), 4),
  y: (date) => digits(date.getFullYear() % 100, 2),
  m: (date) => digits(date.getMonth() + 1, 2),
  d: (date) => digits(date.getDate(), 2),
  H: (date) => digits(date.getHours(), 2),
  I: (date) => digits(date.getHours() % 12 || 12, 2),
  M: (date) => digits(date.getMinutes(), 2),
  S: (date) => digits(date.getSeconds(), 2),
  f: (date) => digits(date.getMilliseconds() * 1000, 6),
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  A: (date) => DAYS[date.getDay()]!,
  a: (date) => DAYS[date.getDay()]!.slice(0, 3),
  B: (date) => MONTHS[date.getMonth()]!,
  b: (date) => MONTHS[date.getMonth()]!.slice(0, 3),
  j: (date) => digits(dayOfYear(date), 3),
  '%': () => '%',
};

function dayOfYear(date: Date): number {
  const start = Date.UTC(date.getFullYear(), 0, 1);
  return Math.round((Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - start) / 86_400_000) + 1;
}

function formatNow(args: readonly Tree[], { now }: ResolverContext): string {
  const pattern = args.length === 0 ? '%Y-%m-%d' : one(args, 1);
  return pattern.replace(/%(.?)/gs, (whole, letter: string) => {
    const part = Object.hasOwn(DATE_PARTS, letter) ? DATE_PARTS[letter] : undefined;
    if (part === undefined) throw new TreeError(`the date part ${whole} is not known`);
    return part(now);
  });
}

/** The catalogue of resolvers. */
const RESOLVERS: Readonly<Record<string, Resolver>> = {
  'oc.env': environment,
  'oc.select': selected,
  'oc.decode': decode,
  'oc.dict.keys': (args, context) => Object.keys(mapAt(args, context)),
  'oc.dict.values': (args, context) => Object.values(mapAt(args, context)),
  now: formatNow,
};

/** Calls a resolver. @throws {TreeError} when there is none of that name, or its arguments are wrong. */
export function callResolver(name: string, args: readonly Tree[], context: ResolverContext): Tree {
  const resolver = Object.hasOwn(RESOLVERS, name) ? RESOLVERS[name] : undefined;
  if (resolver === undefined)
    throw new TreeError(`no resolver ${name}; there are ${Object.keys(RESOLVERS).join(', ')}`);
  return resolver(args, context);
}

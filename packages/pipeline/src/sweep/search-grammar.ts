// Hydra's sweep grammar: `interval()`, `range()`, `choice()`, `tag(log, …)`, `int(…)` and `a,b` as search intervals.
import { GrammarError, parseValue } from '../config/grammar.ts';
import { tokenize } from '../config/grammar-tokens.ts';
import {
  categoricalDistribution,
  floatDistribution,
  HpoError,
  intDistribution,
  type Choice,
  type Distribution,
} from '@spatter/hpo';

/** A call such as `tag(log, interval(1e-4, 1))`: the texts of its arguments, named ones under their name. */
interface Call {
  readonly name: string;
  readonly args: readonly string[];
  readonly named: Readonly<Record<string, string>>;
}

/** How `tag()` and the casts around an interval change it. */
interface Manner {
  readonly log: boolean;
  readonly whole: boolean;
}

const SEARCHES = ['choice', 'range', 'interval', 'tag'] as const;
const CALL = /^\s*([a-z]+)\s*\(([^]*)\)\s*$/;

/** Whether an override's value is several values: a search, not a setting. */
export function isSearch(text: string): boolean {
  const name = CALL.exec(text)?.[1] ?? '';
  if (SEARCHES.some((search) => search === name)) return true;
  if (name === 'int' || name === 'float') return isSearch(CALL.exec(text)![2]!);
  return splitAtCommas(text).length > 1;
}

/**
 * The distribution that `text` describes. `interval(a, b)` is real unless `whole` (the key takes whole numbers) or an
 * `int()` around it says otherwise; both ends can be drawn. `range(a, b, step)` ends before b, as in Hydra.
 * @throws {GrammarError} when it is no search, or one whose ends do not fit.
 */
export function parseSearch(text: string, whole = false): Distribution {
  try {
    return searched(text, { log: false, whole });
  } catch (error) {
    if (!(error instanceof HpoError)) throw error;
    throw new GrammarError(error.message, 0);
  }
}

function searched(text: string, manner: Manner): Distribution {
  const call = parseCall(text);
  switch (call?.name) {
    case 'choice':
      return categoricalDistribution(call.args.map(choiceOf));
    case 'range':
      return range(call);
    case 'interval':
      return interval(call, manner);
    case 'tag':
      return tagged(call, manner);
    case 'int':
      return searched(call.args[0] ?? '', { ...manner, whole: true });
    case 'float':
      return searched(call.args[0] ?? '', { ...manner, whole: false });
    default:
      return categoricalDistribution(splitAtCommas(text).map(choiceOf));
  }
}

function parseCall(text: string): Call | undefined {
  const match = CALL.exec(text);
  if (match === null) return undefined;
  const args: string[] = [];
  const named: Record<string, string> = {};
  for (const part of splitAtCommas(match[2]!)) {
    const assigned = /^\s*([a-z]+)\s*=([^]*)$/.exec(part);
    if (assigned === null) args.push(part);
    else named[assigned[1]!] = assigned[2]!;
  }
  return { name: match[1]!, args, named };
}

/** Parts between commas that stand in no bracket and no quotes. */
function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  let [depth, from] = [0, 0];
  for (const { kind, at, text: token } of tokenize(text)) {
    if (kind === 'popen' || kind === 'bracket-open' || kind === 'brace-open') depth++;
    if (kind === 'pclose' || kind === 'bracket-close' || kind === 'brace-close') depth--;
    if (kind !== 'comma' || depth !== 0) continue;
    parts.push(text.slice(from, at));
    from = at + token.length;
  }
  return [...parts, text.slice(from)];
}

/** A plain value as it is; lists and maps as the text that an override would hold. */
function choiceOf(text: string): Choice {
  const value = parseValue(text.trim());
  return typeof value === 'object' && value !== null ? text.trim() : value;
}

function numbersOf({ name, args, named }: Call, names: readonly string[]): (number | undefined)[] {
  const texts = names.map((key, i) => named[key] ?? args[i]);
  return texts.map((text) => {
    const value = text === undefined ? undefined : parseValue(text.trim());
    if (value === undefined || typeof value === 'number') return value;
    throw new GrammarError(`${name}() takes numbers, got ${text!}`, 0);
  });
}

function interval(call: Call, { log, whole }: Manner): Distribution {
  const [low, high] = numbersOf(call, ['start', 'end']);
  if (low === undefined || high === undefined)
    throw new GrammarError('interval() takes a start and an end', 0);
  return whole ? intDistribution(low, high, { log }) : floatDistribution(low, high, { log });
}

function range(call: Call): Distribution {
  const single = call.args.length === 1 && call.named['stop'] === undefined;
  const [start = 0, stop, step = 1] = single
    ? [0, ...numbersOf(call, ['stop'])]
    : numbersOf(call, ['start', 'stop', 'step']);
  if (stop === undefined || !(step > 0) || stop <= start)
    throw new GrammarError('range() takes a start below its stop, and a step above 0', 0);
  const last = start + (Math.ceil((stop - start) / step - 1e-9) - 1) * step;
  const isWhole = [start, step].every(Number.isInteger);
  return isWhole
    ? intDistribution(start, last, { step })
    : floatDistribution(start, Number(last.toPrecision(12)), { step });
}

function tagged({ args }: Call, manner: Manner): Distribution {
  const tags = args.slice(0, -1).map((tag) => tag.trim());
  const unknown = tags.find((tag) => tag !== 'log');
  if (unknown !== undefined)
    throw new GrammarError(`${unknown} is no known tag; tag(log, …) searches on a logarithmic scale`, 0);
  return searched(args.at(-1) ?? '', { ...manner, log: manner.log || tags.length > 0 });
}

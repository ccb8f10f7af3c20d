// What a sweep searches: config keys with their intervals, some only where another key has a certain value.
import { GrammarError } from '../config/grammar.ts';
import { schemaFields } from '../config/validate.ts';
import { isContainer, isMap, type Tree, type TreeMap } from '../config/tree.ts';
import { SpatterError } from '../util/errors.ts';
import type { Distribution, Params, ParamValue } from '@spatter/hpo';
import { isSearch, parseSearch } from './search-grammar.ts';

/** A key of the config (or a group, or `+key`) and where it is searched. */
export interface Searched {
  readonly key: string;
  readonly distribution: Distribution;
  /** Searched only where this earlier key was given this value. */
  readonly when: Condition | null;
}

export interface Condition {
  readonly key: string;
  readonly value: string;
}

export interface SearchSpace {
  readonly searched: readonly Searched[];
  /** Overrides that stand in the space, such as `model: cnn`: every trial has them. */
  readonly fixed: readonly string[];
}

/** `model=cnn` as a key of a space: what stands below is searched where that was chosen. */
const CONDITION = /^([^=\s]+)\s*=\s*(\S+)$/;

/**
 * Reads the map of a config file: keys to searches, to plain values, or `KEY=VALUE` to such a map.
 * @throws {SpatterError} CONFIG_VALUE naming the key that cannot be read.
 */
export function readSpace(tree: TreeMap, when: Condition | null = null): SearchSpace {
  const parts = Object.entries(tree).map(([key, value]) => readEntry(key, value, when));
  return { searched: parts.flatMap((part) => part.searched), fixed: parts.flatMap((part) => part.fixed) };
}

function readEntry(key: string, value: Tree, when: Condition | null): SearchSpace {
  const condition = CONDITION.exec(key);
  if (condition !== null && isMap(value)) {
    if (when !== null) throw unreadable(key, 'a condition cannot stand inside another one');
    return readSpace(value, { key: condition[1]!, value: condition[2]! });
  }
  if (isMap(value)) throw unreadable(key, 'a map must stand below KEY=VALUE');
  const text = Array.isArray(value) ? value.map(valueText).join(',') : valueText(value);
  if (Array.isArray(value) || isSearch(text))
    return { searched: [searchedKey(key, Array.isArray(value) ? `choice(${text})` : text, when)], fixed: [] };
  if (when !== null) throw unreadable(key, 'below a condition a search must stand');
  return { searched: [], fixed: [`${key}=${text}`] };
}

const valueText = (value: Tree): string => (isContainer(value) ? JSON.stringify(value) : String(value));

const unreadable = (key: string, why: string): SpatterError =>
  new SpatterError(
    'CONFIG_VALUE',
    `the search space cannot be read at ${key}: ${why}`,
    'write interval(a, b), tag(log, interval(a, b)), range(a, b, step) or choice(a, b, …)',
  );

function searchedKey(key: string, text: string, when: Condition | null): Searched {
  const bare = key.replace(/^\+{1,2}/, '');
  const field = schemaFields().find(({ path }) => path === bare);
  try {
    const whole = field !== undefined && /^an integer/.test(field.expects);
    return { key, distribution: parseSearch(text, whole), when };
  } catch (error) {
    if (error instanceof GrammarError) throw unreadable(`${key}=${text}`, error.message);
    throw error;
  }
}

/** Overrides of a command line, divided: searches among them, and what every trial is given. */
export function divideOverrides(overrides: readonly string[]): SearchSpace {
  const divided = overrides.map((line): SearchSpace => {
    const match = /^(\+{0,2}[^=~]+)=([^]*)$/.exec(line);
    if (match === null || !looksLikeSearch(match[2]!)) return { searched: [], fixed: [line] };
    return { searched: [searchedKey(match[1]!, match[2]!, null)], fixed: [] };
  });
  return { searched: divided.flatMap((each) => each.searched), fixed: divided.flatMap((each) => each.fixed) };
}

/** What is no value of the grammar at all is left to the composition, which says what is wrong with it. */
function looksLikeSearch(text: string): boolean {
  try {
    return isSearch(text);
  } catch (error) {
    if (error instanceof GrammarError) return false;
    throw error;
  }
}

const keyOf = (override: string): string => override.replace(/^[+~]+/, '').split('=')[0]!;

/**
 * `own` over `shipped`: a key that the command line searches or fixes is no longer searched as the file says, and neither
 * is what the file searches below it (`model=…` on the command line drops `model.architecture.depth` only with its condition).
 */
export function mergeSpaces(shipped: SearchSpace, own: SearchSpace): SearchSpace {
  const taken = new Set([...own.searched.map(({ key }) => keyOf(key)), ...own.fixed.map(keyOf)]);
  const fixedTo = new Map(own.fixed.map((line) => [keyOf(line), line.slice(line.indexOf('=') + 1)]));
  const stays = ({ key, when }: Searched): boolean =>
    !taken.has(keyOf(key)) &&
    (when === null || !fixedTo.has(when.key) || fixedTo.get(when.key) === when.value);
  // A condition that a fixed value meets always holds.
  const unconditional = (each: Searched): Searched =>
    each.when !== null && fixedTo.has(each.when.key) ? { ...each, when: null } : each;
  return {
    searched: [...shipped.searched.filter(stays).map(unconditional), ...own.searched],
    fixed: [...shipped.fixed.filter((line) => !taken.has(keyOf(line))), ...own.fixed],
  };
}

/** Whether a key is searched, given what was chosen before it. */
export function applies({ when }: Searched, chosen: Params): boolean {
  return when === null || (when.key in chosen && String(chosen[when.key]) === when.value);
}

/** An override line that sets `key` to a value of the search. Texts that are no plain words go in quotes. */
export function overrideLine(key: string, value: ParamValue): string {
  if (typeof value !== 'string' || /^[[{]/.test(value)) return `${key}=${String(value)}`;
  const isPlain = /^[A-Za-z_][\w./-]*$/.test(value) && !/^(null|true|false|nan|inf)$/i.test(value);
  return isPlain ? `${key}=${value}` : `${key}=${quoted(value)}`;
}

/** In single quotes; backslashes are doubled where they stand before a quote, as the grammar wants it. */
function quoted(value: string): string {
  const escaped = value.replace(/\\*'/g, (run) => '\\'.repeat(run.length) + run);
  return `'${escaped.replace(/\\+$/, (run) => run + run)}'`;
}

// The three kinds of search space a parameter can have, with Optuna's names, rules and JSON.
import { HpoError } from './errors.ts';
import { parsePythonJson, toPythonJson, type Json } from './python-json.ts';

/** A value a categorical parameter can take. */
export type Choice = null | boolean | number | string;

/** A value a parameter can take. */
export type ParamValue = Choice;

/** Real numbers in [low, high]; with `step`, low + k·step; with `log`, searched on a logarithmic scale. */
export interface FloatDistribution {
  readonly name: 'FloatDistribution';
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly step: number | null;
}

/** Integers low + k·step in [low, high]; with `log`, searched on a logarithmic scale. */
export interface IntDistribution {
  readonly name: 'IntDistribution';
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly step: number;
}

/** One of `choices`. Its internal value is the index. */
export interface CategoricalDistribution {
  readonly name: 'CategoricalDistribution';
  readonly choices: readonly Choice[];
}

export type NumericDistribution = FloatDistribution | IntDistribution;
export type Distribution = NumericDistribution | CategoricalDistribution;

/** `high` is lowered to the last multiple of `step`, in decimal arithmetic, as Optuna does. */
export function floatDistribution(
  low: number,
  high: number,
  options: { log?: boolean; step?: number | null } = {},
): FloatDistribution {
  const { log = false, step = null } = options;
  requireInterval(low, high, log ? 'low > 0' : undefined, !log || low > 0);
  requireSpace(step === null || !log, 'step must be absent when log is true', `step=${step ?? 'none'}`);
  requireSpace(step === null || step > 0, 'step > 0 must hold', `step=${step ?? 'none'}`);
  return {
    name: 'FloatDistribution',
    low,
    high: step === null ? high : lastStep(low, high, step),
    log,
    step,
  };
}

/** `high` is lowered to the last multiple of `step`. With `log`, `step` must be 1 and `low` at least 1. */
export function intDistribution(
  low: number,
  high: number,
  options: { log?: boolean; step?: number } = {},
): IntDistribution {
  const { log = false, step = 1 } = options;
  requireInterval(low, high, log ? 'low >= 1' : undefined, !log || low >= 1);
  requireSpace(
    [low, high, step].every(Number.isSafeInteger),
    'low, high and step must be integers',
    `${low}, ${high}, ${step}`,
  );
  requireSpace(step > 0, 'step > 0 must hold', `step=${step}`);
  requireSpace(!log || step === 1, 'step must be 1 when log is true', `step=${step}`);
  return { name: 'IntDistribution', low, high: low + Math.floor((high - low) / step) * step, log, step };
}

/** At least one choice; null, boolean, number or string. */
export function categoricalDistribution(choices: readonly Choice[]): CategoricalDistribution {
  requireSpace(choices.length > 0, 'choices must hold one element or more', 'none');
  return { name: 'CategoricalDistribution', choices: [...choices] };
}

function requireInterval(low: number, high: number, rule: string | undefined, holds: boolean): void {
  const finite = Number.isFinite(low) && Number.isFinite(high);
  requireSpace(
    finite && low <= high,
    'finite numbers with low <= high must be given',
    `low=${low}, high=${high}`,
  );
  requireSpace(holds, `${rule ?? ''} must hold when log is true`, `low=${low}, high=${high}`);
}

function requireSpace(holds: boolean, rule: string, got: string): void {
  if (!holds)
    throw new HpoError('INVALID_DISTRIBUTION', `${rule}, but got ${got}`, 'correct the search space');
}

/** The largest low + k·step that is at most high, exact in the decimal digits as written. */
function lastStep(low: number, high: number, step: number): number {
  const digits = Math.max(...[low, high, step].map(decimals));
  const [a, b, s] = [low, high, step].map((value) => scaled(value, digits)) as [bigint, bigint, bigint];
  return (b - a) % s === 0n ? high : Number(`${a + ((b - a) / s) * s}e-${digits}`);
}

function decimals(value: number): number {
  const [mantissa = '', exponent = '0'] = String(value).split('e');
  return Math.max(0, (mantissa.split('.')[1]?.length ?? 0) - Number(exponent));
}

function scaled(value: number, digits: number): bigint {
  const [mantissa = '', exponent = '0'] = String(value).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return BigInt(whole + fraction) * 10n ** BigInt(digits - fraction.length + Number(exponent));
}

/** Whether only one value is possible. */
export function isSingle(distribution: Distribution): boolean {
  if (distribution.name === 'CategoricalDistribution') return distribution.choices.length === 1;
  return distribution.low === distribution.high;
}

/** The first value of a distribution. */
export function firstValue(distribution: Distribution): ParamValue {
  return distribution.name === 'CategoricalDistribution' ? distribution.choices[0]! : distribution.low;
}

/** The number that storages keep: the value itself, or the index of a choice. Throws INVALID_DISTRIBUTION. */
export function toInternal(distribution: Distribution, value: ParamValue): number {
  if (distribution.name === 'CategoricalDistribution') {
    const index = distribution.choices.findIndex((choice) => Object.is(choice, value) || choice === value);
    requireSpace(
      index >= 0,
      `one of ${toPythonJson(distribution.choices)} must be given`,
      toPythonJson(value),
    );
    return index;
  }
  const number = typeof value === 'boolean' ? Number(value) : value;
  const valid = typeof number === 'number' && !Number.isNaN(number) && (!distribution.log || number > 0);
  requireSpace(valid, 'a number the distribution can hold must be given', toPythonJson(value));
  return number as number;
}

/** The value for a number that a storage kept. */
export function toExternal(distribution: Distribution, internal: number): ParamValue {
  if (distribution.name === 'FloatDistribution') return internal;
  if (distribution.name === 'IntDistribution') return Math.trunc(internal);
  const choice = distribution.choices[Math.trunc(internal)];
  requireSpace(
    choice !== undefined,
    `an index below ${distribution.choices.length} must be given`,
    String(internal),
  );
  return choice!;
}

/** Whether an internal value lies in the distribution. */
export function contains(distribution: Distribution, internal: number): boolean {
  if (distribution.name === 'CategoricalDistribution') {
    return Math.trunc(internal) >= 0 && Math.trunc(internal) < distribution.choices.length;
  }
  if (!(distribution.low <= internal && internal <= distribution.high)) return false;
  if (distribution.step === null) return true;
  const steps = (internal - distribution.low) / distribution.step;
  return Math.abs(steps - Math.round(steps)) < 1e-8;
}

export function sameDistribution(a: Distribution, b: Distribution): boolean {
  if (a.name === 'CategoricalDistribution' || b.name === 'CategoricalDistribution') {
    return a.name === 'CategoricalDistribution' && b.name === a.name && sameChoices(a.choices, b.choices);
  }
  return a.name === b.name && a.low === b.low && a.high === b.high && a.log === b.log && a.step === b.step;
}

function sameChoices(a: readonly Choice[], b: readonly Choice[]): boolean {
  return a.length === b.length && a.every((choice, i) => choice === b[i] || Object.is(choice, b[i]));
}

/** Throws INCOMPATIBLE_DISTRIBUTION when a study that used `before` for a name may not use `now` for it. Bounds may differ. */
export function requireCompatible(param: string, before: Distribution, now: Distribution): void {
  const compatible =
    before.name === now.name &&
    (before.name === 'CategoricalDistribution' || now.name === 'CategoricalDistribution'
      ? sameDistribution(before, now)
      : before.log === now.log);
  if (compatible) return;
  throw new HpoError(
    'INCOMPATIBLE_DISTRIBUTION',
    `${param} must keep its kind, log setting and choices in a study: it was ${distributionToJson(before)}, now ${distributionToJson(now)}`,
    'give the parameter another name, or start a new study',
  );
}

/** Optuna's `distribution_to_json`. */
export function distributionToJson(distribution: Distribution): string {
  const { name, ...attributes } = distribution;
  if (name !== 'FloatDistribution') return toPythonJson({ name, attributes: { ...attributes } });
  const { step, low, high, log } = distribution;
  const written = `{"step": ${step === null ? 'null' : pythonFloat(step)}, "low": ${pythonFloat(low)}, "high": ${pythonFloat(high)}, "log": ${log}}`;
  return `{"name": "FloatDistribution", "attributes": ${written}}`;
}

function pythonFloat(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : String(value);
}

type Attributes = Record<string, Json>;
type Reader = (attributes: Attributes) => Distribution;
const number = (attributes: Attributes, key: string): number => Number(attributes[key]);
const float = (a: Attributes, log: boolean, step: Json | undefined): Distribution =>
  floatDistribution(number(a, 'low'), number(a, 'high'), {
    log,
    step: typeof step === 'number' ? step : null,
  });
const int = (a: Attributes, log: boolean): Distribution =>
  intDistribution(number(a, 'low'), number(a, 'high'), { log, step: log ? 1 : Number(a['step'] ?? 1) });

/** Every class name that Optuna has ever written, the ones from before version 3 included. */
const READERS: Readonly<Record<string, Reader>> = {
  FloatDistribution: (a) => float(a, a['log'] === true, a['step']),
  UniformDistribution: (a) => float(a, false, null),
  LogUniformDistribution: (a) => float(a, true, null),
  DiscreteUniformDistribution: (a) => float(a, false, a['q']),
  IntDistribution: (a) => int(a, a['log'] === true),
  IntUniformDistribution: (a) => int(a, false),
  IntLogUniformDistribution: (a) => int(a, true),
  CategoricalDistribution: (a) => categoricalDistribution(a['choices'] as readonly Choice[]),
};

/** Optuna's `json_to_distribution`. Throws INVALID_DISTRIBUTION for a kind it does not know. */
export function distributionFromJson(json: string): Distribution {
  const cached = PARSED.get(json);
  if (cached !== undefined) return cached;
  const { name, attributes } = parsePythonJson(json) as { name?: string; attributes?: Attributes };
  const read = name === undefined ? undefined : READERS[name];
  if (read === undefined || attributes === undefined) {
    throw new HpoError(
      'INVALID_DISTRIBUTION',
      `a known distribution must be stored, but got ${json}`,
      'update this package',
    );
  }
  const distribution = read(attributes);
  if (PARSED.size < MAX_PARSED) PARSED.set(json, distribution);
  return distribution;
}

/** A study's trials repeat the same few texts: parsing each once makes loading ten thousand trials cheap. */
const PARSED = new Map<string, Distribution>();
const MAX_PARSED = 10_000;

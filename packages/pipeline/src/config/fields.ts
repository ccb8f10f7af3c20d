// Builders of schema fields: each carries, beside its check, the words that error lines and the reference page use.
import { z } from 'zod';

/** What a field's metadata holds: `expects` completes "must be …"; `help` is its line in the reference page. */
export interface FieldMeta {
  readonly expects: string;
  readonly help: string;
}

const META = z.registry<FieldMeta>();

function field<T extends z.ZodType>(schema: T, expects: string, help: string): T {
  META.add(schema, { expects, help });
  return schema;
}

/** The words attached to a field, or undefined for a section. */
export function fieldMeta(schema: z.ZodType): FieldMeta | undefined {
  return META.get(schema);
}

/** An integer in [min, max]. */
export function integer(min: number, help: string, max?: number): z.ZodInt {
  const schema = max === undefined ? z.int().min(min) : z.int().min(min).max(max);
  return field(schema, max === undefined ? `an integer ≥ ${min}` : `an integer from ${min} to ${max}`, help);
}

/** A finite number; `above` and `below` are exclusive bounds, `min` and `max` inclusive ones. */
export function real(
  bounds: { above?: number; min?: number; max?: number; below?: number },
  help: string,
): z.ZodNumber {
  let schema = z.number();
  const words: string[] = [];
  if (bounds.above !== undefined) [schema, words[0]] = [schema.gt(bounds.above), `> ${bounds.above}`];
  if (bounds.min !== undefined) [schema, words[0]] = [schema.gte(bounds.min), `≥ ${bounds.min}`];
  if (bounds.max !== undefined) [schema, words[1]] = [schema.lte(bounds.max), `≤ ${bounds.max}`];
  if (bounds.below !== undefined) [schema, words[1]] = [schema.lt(bounds.below), `< ${bounds.below}`];
  return field(schema, `a number ${words.filter(Boolean).join(' and ')}`.trim(), help);
}

export function flag(help: string): z.ZodBoolean {
  return field(z.boolean(), 'true or false', help);
}

export function text(help: string): z.ZodString {
  return field(z.string().min(1), 'a non-empty string', help);
}

export function choice<const T extends readonly [string, ...string[]]>(options: T, help: string) {
  const words = options.length === 1 ? options[0] : `one of ${options.join(', ')}`;
  return field(z.enum(options), words, help);
}

/** A list of strings, possibly empty. */
export function texts(help: string) {
  return field(z.array(z.string()), 'a list of strings', help);
}

/** Two numbers in [0, 1). */
export function pairOfRates(help: string) {
  const rate = z.number().gte(0).lt(1);
  return field(z.tuple([rate, rate]), 'a list of two numbers ≥ 0 and < 1', help);
}

/** A list of two or more numbers > 0. */
export function positives(help: string) {
  return field(z.array(z.number().gt(0)).min(2), 'a list of two or more numbers > 0', help);
}

/** The same field, or one word that stands for what the data say. */
export function orWord<const W extends string, T extends z.ZodType>(
  word: W,
  inner: T,
): z.ZodUnion<[z.ZodLiteral<W>, T]> {
  const meta = META.get(inner) ?? { expects: 'a value', help: '' };
  return field(z.union([z.literal(word), inner]), `${word}, ${meta.expects}`, meta.help);
}

/** The same field, or null. */
export function orNull<T extends z.ZodType>(inner: T): z.ZodNullable<T> {
  const meta = META.get(inner) ?? { expects: 'a value', help: '' };
  return field(inner.nullable(), `${meta.expects} or null`, meta.help);
}

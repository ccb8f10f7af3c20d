// Checks a resolved tree against the schema and the rules between fields, and words the first failure.
import { z } from 'zod';
import { SpatterError } from '../util/errors.ts';
import { retiredHint } from './aliases.ts';
import { fieldMeta } from './fields.ts';
import { brokenRule } from './rules.ts';
import { configSchema, type Config } from './schema.ts';
import { nearest } from './suggest.ts';
import { joinPath, originOf, select, type Origins, type Tree } from './tree.ts';

/** A field of the schema: its dotted path and words. */
export interface FieldRow {
  readonly path: string;
  readonly expects: string;
  readonly help: string;
}

/** Every field of the schema, in its order. */
export function schemaFields(schema: z.ZodType = configSchema, path = ''): FieldRow[] {
  const meta = fieldMeta(schema);
  if (meta !== undefined) return [{ path, ...meta }];
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([key, inner]) =>
    schemaFields(inner as z.ZodType, joinPath(path, key)),
  );
}

/** Every dotted key that a config may have: fields and the sections around them. */
export function schemaKeys(schema: z.ZodType = configSchema): string[] {
  const keys = new Set<string>();
  for (const { path } of schemaFields(schema)) {
    const parts = path.split('.');
    parts.forEach((_, i) => keys.add(parts.slice(0, i + 1).join('.')));
  }
  return [...keys];
}

/**
 * The checked and frozen config, in the schema's key order.
 * @throws {SpatterError} CONFIG_UNKNOWN_KEY or CONFIG_VALUE, for the first thing that is wrong.
 */
export function validateConfig(tree: Tree, origins: Origins): Config {
  const config = checkTree(configSchema, tree, origins);
  const broken = brokenRule(config);
  if (broken !== undefined)
    throw new SpatterError('CONFIG_VALUE', `${broken.must}${from(origins, broken.path)}`, broken.hint);
  return deepFreeze(config);
}

/**
 * The tree as `schema`, made of the fields of `fields.ts`, types it.
 * @throws {SpatterError} CONFIG_UNKNOWN_KEY or CONFIG_VALUE, for the first thing that is wrong.
 */
export function checkTree<T extends z.ZodType>(schema: T, tree: Tree, origins: Origins): z.infer<T> {
  const parsed = schema.safeParse(tree);
  if (parsed.success) return parsed.data;
  throw firstFailure(parsed.error.issues, { schema, tree, origins });
}

/** What was checked, for the words of a failure. */
interface Checked {
  readonly schema: z.ZodType;
  readonly tree: Tree;
  readonly origins: Origins;
}

function from(origins: Origins, path: string): string {
  const origin = originOf(origins, path);
  return origin === undefined ? '' : ` (from ${origin})`;
}

function firstFailure(issues: readonly z.core.$ZodIssue[], checked: Checked): SpatterError {
  // A misspelt key also leaves its right spelling missing: the unknown key is the cause, so it speaks first.
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    return unknownKey(joinPath(issue.path.join('.'), issue.keys[0]!), checked);
  }
  return wrongValue(issues[0]!.path.join('.'), checked);
}

function unknownKey(path: string, { schema, origins }: Checked): SpatterError {
  const near = nearest(path, schemaKeys(schema));
  const hint =
    retiredHint(path) ?? (near === undefined ? 'spatter config lists all keys' : `did you mean ${near}?`);
  return new SpatterError('CONFIG_UNKNOWN_KEY', `${path}: unknown key${from(origins, path)}`, hint);
}

function wrongValue(path: string, { schema, tree, origins }: Checked): SpatterError {
  const field = schemaFields(schema).find((row) => path === row.path || path.startsWith(`${row.path}.`));
  const at = field?.path ?? path;
  const value = select(tree, at);
  const expects = field?.expects ?? 'a map of keys';
  const got = value === undefined ? 'nothing' : JSON.stringify(value);
  const hint = value === undefined ? `add ${at}=…` : hintFor(value, field);
  return new SpatterError(
    'CONFIG_VALUE',
    `${at || 'the config'} must be ${expects}, got ${got}${from(origins, at)}`,
    hint,
  );
}

function hintFor(value: Tree, field: FieldRow | undefined): string {
  const options = /^(?:one of )?([\w-]+(?:, [\w-]+)*)(?: or null)?$/
    .exec(field?.expects ?? '')?.[1]
    ?.split(', ');
  const near = typeof value === 'string' && options !== undefined ? nearest(value, options) : undefined;
  if (near !== undefined) return `did you mean ${near}?`;
  return field === undefined ? 'see docs/reference/config.md' : `change ${field.path}`;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

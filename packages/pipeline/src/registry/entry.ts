// One entry of a registry's log, and the hash that chains it to the one before.
import { z } from 'zod';
import { sha256 } from '../export/seal.ts';
import { canonicalJson } from '../util/canonical-json.ts';

const common = {
  /** From 1, without gaps. */
  sequence: z.int().positive(),
  model: z.string(),
  version: z.int().positive(),
  /** Who, when (ISO 8601, UTC) and why. */
  user: z.string(),
  time: z.string(),
  reason: z.string(),
  /** Hash of the entry before; 64 zeros for the first. */
  previous: z.string(),
  hash: z.string(),
};

const entry = z.discriminatedUnion('action', [
  z.strictObject({
    ...common,
    action: z.literal('register'),
    /** SHA-256 of every file of the version, by its path below the version's folder. */
    files: z.record(z.string(), z.string()),
  }),
  z.strictObject({
    ...common,
    action: z.enum(['promote', 'rollback']),
    alias: z.string(),
    /** Version that the alias named before; null for a new alias. */
    from: z.int().positive().nullable(),
  }),
]);

export type LogEntry = z.infer<typeof entry>;
export type RegisterEntry = Extract<LogEntry, { action: 'register' }>;
export type AliasEntry = Exclude<LogEntry, RegisterEntry>;

type Unhashed<E> = E extends LogEntry ? Omit<E, 'hash'> : never;

/** What is said of an entry before it has its place in the chain. */
export type NewEntry = LogEntry extends infer E
  ? E extends LogEntry
    ? Omit<E, 'sequence' | 'previous' | 'hash'>
    : never
  : never;

/** `previous` of the first entry. */
export const GENESIS = '0'.repeat(64);

/** SHA-256 over everything else in the entry. */
export function entryHash(content: Unhashed<LogEntry>): string {
  return sha256(canonicalJson({ ...content, hash: undefined }));
}

/** `said` as the entry after `tail`. */
export function chained(said: NewEntry, tail: LogEntry | undefined): LogEntry {
  const content = { ...said, sequence: (tail?.sequence ?? 0) + 1, previous: tail?.hash ?? GENESIS };
  return { ...content, hash: entryHash(content) };
}

/** Reads one entry's text; a string says what is wrong with it. */
export function parseEntry(text: string): LogEntry | string {
  try {
    const parsed = entry.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

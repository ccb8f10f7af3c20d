// The log of a registry: one file per entry, chained by hashes, appended without locks; `head.json` says where it ends.
import { existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { makeWritableFolder, ownTemporaryPath, writeFileAtomic } from '../util/atomic.ts';
import { canonicalJson } from '../util/canonical-json.ts';
import { fromSystemError } from '../util/errors.ts';
import { GENESIS, chained, entryHash, parseEntry, type LogEntry, type NewEntry } from './entry.ts';

const head = z.strictObject({
  format: z.literal('spatter registry'),
  version: z.literal(1),
  entries: z.int().nonnegative(),
  hash: z.string(),
  /** Version that each alias of each model names: for people, and to find a log that was cut off. */
  aliases: z.record(z.string(), z.record(z.string(), z.int())),
});

export type Head = z.infer<typeof head>;

/** Something in a registry that is not as it was written. */
export interface Fault {
  /** File below the registry, such as `log/000003.json`. */
  readonly where: string;
  readonly what: string;
}

export interface Log {
  readonly entries: readonly LogEntry[];
  readonly faults: readonly Fault[];
}

const DIGITS = 6;
/** Keys in one order, so that a file whose keys were moved is told from the one that was written. */
const fileText = (value: unknown): string => `${JSON.stringify(JSON.parse(canonicalJson(value)), null, 2)}\n`;
const entryName = (sequence: number): string => `${String(sequence).padStart(DIGITS, '0')}.json`;
const headPath = (root: string): string => join(root, 'head.json');

/** Reads the log of the registry at `root` and checks the chain, and that it reaches as far as its head says. */
export function readLog(root: string): Log {
  const found = readHead(root); // before the entries: whoever appends meanwhile moves it last
  const folder = join(root, 'log');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];
  const faults: Fault[] = [];
  const entries: LogEntry[] = [];
  names.sort().forEach((name, i) => {
    const where = `log/${name}`;
    const text = readFileSync(join(folder, name), 'utf8');
    const entry = parseEntry(text);
    if (typeof entry === 'string') faults.push({ where, what: `is no entry of a log: ${entry}` });
    else {
      const what = chainFault(name, i, entry, entries.at(-1)) ?? textFault(text);
      if (what !== undefined) faults.push({ where, what });
      entries.push(entry);
    }
  });
  return { entries, faults: [...faults, ...headFaults(found, entries)] };
}

function chainFault(
  name: string,
  i: number,
  entry: LogEntry,
  before: LogEntry | undefined,
): string | undefined {
  if (name !== entryName(i + 1))
    return `stands where ${entryName(i + 1)} must: an entry was removed, added or renamed`;
  if (entry.sequence !== i + 1) return `says it is entry ${entry.sequence}: entries were reordered`;
  if (entry.hash !== entryHash(entry)) return 'was edited: its hash is not that of its contents';
  if (entry.previous === (before?.hash ?? GENESIS)) return undefined;
  return 'does not follow the entry before it: one of the two was replaced';
}

/** Blanks, moved or doubled keys and other ways to write a number change no hash; whole bytes tell them. */
function textFault(text: string): string | undefined {
  return text === fileText(JSON.parse(text)) ? undefined : 'was edited: it says the same in other bytes';
}

function headFaults(found: Head | string | undefined, entries: readonly LogEntry[]): Fault[] {
  const where = 'head.json';
  if (found === undefined) return entries.length === 0 ? [] : [{ where, what: 'is missing' }];
  if (typeof found === 'string') return [{ where, what: `is damaged: ${found}` }];
  if (found.entries > entries.length) {
    return [
      {
        where: 'log',
        what: `was cut off: it has ${entries.length} of the ${found.entries} entries of its head`,
      },
    ];
  }
  const known = entries.slice(0, found.entries);
  if (found.hash !== (known.at(-1)?.hash ?? GENESIS)) {
    return [{ where, what: `names another entry ${found.entries} than the log: one of the two was edited` }];
  }
  const aliases = JSON.stringify(aliasesOf(known));
  return JSON.stringify(found.aliases) === aliases
    ? []
    : [{ where, what: 'was edited: its aliases are not the log’s' }];
}

function readHead(root: string): Head | string | undefined {
  if (!existsSync(headPath(root))) return undefined;
  try {
    const text = readFileSync(headPath(root), 'utf8');
    const parsed = head.safeParse(JSON.parse(text));
    if (!parsed.success) return parsed.error.issues[0]?.message ?? 'of another form';
    return textFault(text) ?? parsed.data;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Appends the entry that `say` makes of the log as it stands, and returns it. Any number of processes may append at once: an
 * entry comes into being by a hard link, which fails when another got the number first; then `say` is asked again. Killed at any moment,
 * the log holds the entry whole or not at all.
 * @throws {SpatterError} what `say` throws, DISK_FULL or IO.
 */
export function appendEntry(root: string, say: (entries: readonly LogEntry[]) => NewEntry): LogEntry {
  const folder = join(root, 'log');
  makeWritableFolder(folder);
  const draft = ownTemporaryPath(join(folder, 'draft'));
  try {
    beginHead(root, draft);
    for (;;) {
      const { entries } = readLog(root);
      const entry = chained(say(entries), entries.at(-1));
      writeFileAtomic(draft, fileText(entry));
      if (!linked(draft, join(folder, entryName(entry.sequence)))) continue;
      advanceHead(root, draft);
      return entry;
    }
  } catch (error) {
    throw fromSystemError(error, folder);
  } finally {
    rmSync(draft, { force: true });
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** A log has a head before it has an entry, so that whoever is killed between the two leaves both. */
function beginHead(root: string, draft: string): void {
  if (existsSync(headPath(root))) return;
  writeFileAtomic(draft, fileText(headOf([])));
  linked(draft, headPath(root));
}

/** Lets the head name the last entry; again when others appended meanwhile, so that the last of them leaves it right. */
function advanceHead(root: string, draft: string): void {
  for (let written = -1; ;) {
    const { entries } = readLog(root);
    if (entries.length === written) return;
    written = entries.length;
    writeFileAtomic(draft, fileText(headOf(entries)));
    renameSync(draft, headPath(root));
  }
}

function headOf(entries: readonly LogEntry[]): Head {
  const hash = entries.at(-1)?.hash ?? GENESIS;
  return {
    ...{ format: 'spatter registry', version: 1 },
    ...{ entries: entries.length, hash, aliases: aliasesOf(entries) },
  };
}

/** Version that each alias of each model names after `entries`. */
export function aliasesOf(entries: readonly LogEntry[]): Record<string, Record<string, number>> {
  const aliases: Record<string, Record<string, number>> = {};
  for (const entry of entries) {
    if (entry.action === 'register') continue;
    aliases[entry.model] = { ...aliases[entry.model], [entry.alias]: entry.version };
  }
  return aliases;
}

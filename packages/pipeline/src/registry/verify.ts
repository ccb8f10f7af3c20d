// Checks a whole registry: the chain of its log, and every registered file against the hash that the log keeps.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { sha256 } from '../export/seal.ts';
import type { LogEntry, RegisterEntry } from './entry.ts';
import { readLog, type Fault } from './log.ts';
import { registryDamaged, versionFolder, type RegisteredVersion } from './registry.ts';

export interface Verification {
  readonly entries: number;
  readonly versions: number;
  readonly files: number;
  /** Hash of the last entry. Kept elsewhere, it also proves that nobody wrote the whole log anew. */
  readonly head: string | null;
  readonly faults: readonly Fault[];
  /** What is odd, but harmless: folders that no entry of the log names. */
  readonly notices: readonly Fault[];
}

/** Looks at everything; nothing is changed. */
export function verifyRegistry(root: string): Verification {
  const { entries, faults } = readLog(root);
  const registered = entries.filter((entry): entry is RegisterEntry => entry.action === 'register');
  return {
    entries: entries.length,
    versions: registered.length,
    files: registered.reduce((sum, entry) => sum + Object.keys(entry.files).length, 0),
    head: entries.at(-1)?.hash ?? null,
    faults: [
      ...faults,
      ...namelessAliases(entries),
      ...registered.flatMap((entry) => fileFaults(root, entry)),
    ],
    notices: unlogged(root, registered),
  };
}

/** What differs between the files of a version and the log. */
function fileFaults(root: string, { model, version, files }: RegisterEntry): Fault[] {
  const folder = versionFolder(root, model, version);
  const where = (file: string) => `models/${model}/${version}/${file}`;
  const changed = Object.entries(files).flatMap(([file, hash]): Fault[] => {
    const path = join(folder, file);
    if (!existsSync(path)) return [{ where: where(file), what: 'was removed' }];
    return sha256(readFileSync(path)) === hash
      ? []
      : [{ where: where(file), what: 'was edited: its SHA-256 is not that of its registration' }];
  });
  const added = filesBelow(folder).filter((file) => !Object.hasOwn(files, file));
  return [
    ...changed,
    ...added.map((file) => ({ where: where(file), what: 'was added after the registration' })),
  ];
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** Entries that let an alias name a version that was never registered. */
function namelessAliases(entries: readonly LogEntry[]): Fault[] {
  const known = new Set<string>();
  return entries.flatMap((entry) => {
    const name = `${entry.model}/${entry.version}`;
    if (entry.action === 'register') known.add(name);
    if (known.has(name)) return [];
    return [
      {
        where: `log/${String(entry.sequence).padStart(6, '0')}.json`,
        what: `names ${name}, which is not registered`,
      },
    ];
  });
}

function unlogged(root: string, registered: readonly RegisterEntry[]): Fault[] {
  const known = new Set(registered.map(({ model, version }) => `${model}/${version}`));
  const models = join(root, 'models');
  const listed = existsSync(models) ? readdirSync(models, { withFileTypes: true }) : [];
  return listed.flatMap((entry) =>
    (entry.isDirectory()
      ? readdirSync(join(models, entry.name)).map((name) => `${entry.name}/${name}`)
      : [entry.name]
    )
      .filter((path) => !basename(path).startsWith('.') && !known.has(path))
      .map((path) => ({
        where: `models/${path}`,
        what: 'is not in the log, so no name reaches it: a registration was interrupted, or the folder was put there by hand',
      })),
  );
}

/** @throws {SpatterError} REGISTRY_DAMAGED when a file of `registered` is not as registered. */
export function requireUntouched(root: string, { entry }: RegisteredVersion): void {
  const faults = fileFaults(root, entry);
  if (faults.length > 0) throw registryDamaged(root, faults);
}

// A registry of models: immutable versions in a folder, aliases that move, and a log of every change.
import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { modelFiles, type ExportedModel } from '../export/exported-model.ts';
import { sha256 } from '../export/seal.ts';
import { ownTemporaryPath, writeFilesAtomic } from '../util/atomic.ts';
import { canonicalJson } from '../util/canonical-json.ts';
import { SpatterError, fromSystemError } from '../util/errors.ts';
import type { AliasEntry, LogEntry, RegisterEntry } from './entry.ts';
import { aliasesOf, appendEntry, readLog, type Fault } from './log.ts';
import { readBytes } from '../util/read-file.ts';

/** Who changes a registry, when and why; the clock and the user are read by the command line. */
export interface Signature {
  readonly user: string;
  readonly time: Date;
  readonly reason: string;
}

export interface RegisteredVersion {
  readonly model: string;
  readonly version: number;
  readonly folder: string;
  readonly entry: RegisterEntry;
  /** Aliases that name it now. */
  readonly aliases: readonly string[];
}

const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

export class Registry {
  readonly root: string;
  /** The whole log, oldest first. */
  readonly entries: readonly LogEntry[];

  private constructor(root: string, entries: readonly LogEntry[]) {
    this.root = root;
    this.entries = entries;
  }

  /** Reads the log; a folder that does not exist is an empty registry. @throws {SpatterError} REGISTRY_DAMAGED. */
  static open(root: string): Registry {
    const { entries, faults } = readLog(root);
    if (faults.length > 0) throw registryDamaged(root, faults);
    return new Registry(root, entries);
  }

  /** Every version of every model, in the order of their registration. */
  versions(model?: string): RegisteredVersion[] {
    const aliases = aliasesOf(this.entries);
    return registrations(this.entries)
      .filter((entry) => model === undefined || entry.model === model)
      .map((entry) => ({
        model: entry.model,
        version: entry.version,
        folder: versionFolder(this.root, entry.model, entry.version),
        entry,
        aliases: Object.entries(aliases[entry.model] ?? {}).flatMap(([alias, version]) =>
          version === entry.version ? [alias] : [],
        ),
      }));
  }

  /** @throws {SpatterError} MODEL_UNKNOWN. */
  version(model: string, version: number): RegisteredVersion {
    const all = this.versions(model);
    const found = all.find((each) => each.version === version);
    if (found !== undefined) return found;
    throw unknownModel(
      this.root,
      `${model} version ${version}`,
      all.map((each) => `${model}/${each.version}`),
      this.#models(),
    );
  }

  /** @throws {SpatterError} MODEL_UNKNOWN. */
  aliased(model: string, alias: string): RegisteredVersion {
    const aliases = aliasesOf(this.entries)[model] ?? {};
    const version = aliases[alias];
    if (version !== undefined) return this.version(model, version);
    throw unknownModel(
      this.root,
      `${model}@${alias}`,
      Object.keys(aliases).map((each) => `${model}@${each}`),
      this.#models(),
    );
  }

  #models(): string[] {
    return [...new Set(registrations(this.entries).map((entry) => entry.model))];
  }

  /** Changes of aliases and registrations of `model`, oldest first. */
  history(model: string): LogEntry[] {
    return this.entries.filter((entry) => entry.model === model);
  }
}

export const versionFolder = (root: string, model: string, version: number): string =>
  join(root, 'models', model, String(version));

function registrations(entries: readonly LogEntry[]): RegisterEntry[] {
  return entries.filter((entry): entry is RegisterEntry => entry.action === 'register');
}

/**
 * Copies `model` into the registry as the next version of `name`. The folder of the version is claimed by renaming it into place,
 * and it counts once the log says so: a folder that an interrupted registration left has no name that reaches it. Registering the same files again gives
 * the version that has them.
 * @throws {SpatterError} USAGE for an unusable name, REGISTRY_DAMAGED, DISK_FULL or IO.
 */
export function register(root: string, name: string, model: ExportedModel, by: Signature): RegisteredVersion {
  requireName(name, 'model');
  const contents = modelFiles(model).map((file) => [file, readBytes(join(model.folder, file))] as const);
  const files = Object.fromEntries(contents.map(([file, bytes]) => [file, sha256(bytes)]));
  const twin = Registry.open(root)
    .versions(name)
    .find(({ entry }) => canonicalJson(entry.files) === canonicalJson(files));
  if (twin !== undefined) return twin;
  const version = claimFolder(root, name, contents);
  appendEntry(root, () => ({ action: 'register', model: name, version, ...signed(by), files }));
  return Registry.open(root).version(name, version);
}

/** Writes the files beside, then takes the first free number for them; returns the version. */
function claimFolder(
  root: string,
  name: string,
  contents: readonly (readonly [string, Uint8Array])[],
): number {
  const staged = ownTemporaryPath(join(root, 'models', name, 'version'));
  try {
    rmSync(staged, { recursive: true, force: true });
    writeFilesAtomic(contents.map(([file, bytes]) => [join(staged, file), bytes]));
    for (const [file] of contents) chmodSync(join(staged, file), 0o444);
    for (let version = 1; ; version++)
      if (claimed(staged, versionFolder(root, name, version))) return version;
  } catch (error) {
    throw fromSystemError(error, staged);
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

/** Renames `staged` to `folder` unless that exists; the system refuses to replace a folder that holds something. */
function claimed(staged: string, folder: string): boolean {
  if (existsSync(folder)) return false;
  try {
    renameSync(staged, folder);
    return true;
  } catch (error) {
    if (existsSync(folder)) return false;
    throw error;
  }
}

/**
 * Lets `alias` of `model` name `version`; the change is one entry of the log.
 * @throws {SpatterError} USAGE for an unusable alias, MODEL_UNKNOWN, REGISTRY_DAMAGED, DISK_FULL or IO.
 */
export function promote(
  root: string,
  to: { model: string; version: number; alias: string },
  by: Signature,
): AliasEntry {
  requireName(to.alias, 'alias');
  Registry.open(root).version(to.model, to.version);
  return appendEntry(root, (entries) => {
    const from = aliasesOf(entries)[to.model]?.[to.alias] ?? null;
    return { action: 'promote', ...to, from, ...signed(by) };
  }) as AliasEntry;
}

/**
 * Lets `alias` of `model` name what it named before its last promotion that was not rolled back.
 * @throws {SpatterError} MODEL_UNKNOWN when it never named another version; REGISTRY_DAMAGED, DISK_FULL or IO.
 */
export function rollback(root: string, of: { model: string; alias: string }, by: Signature): AliasEntry {
  Registry.open(root).aliased(of.model, of.alias);
  return appendEntry(root, (entries) => {
    const [now, before] = aliasStack(entries, of).slice(-2).reverse();
    if (now === undefined || before === undefined) {
      const message = `${of.model}@${of.alias} must have named another version before, but named ${now ?? 'none'} from the first`;
      throw new SpatterError('MODEL_UNKNOWN', message, 'promote a version instead');
    }
    return { action: 'rollback', ...of, version: before, from: now, ...signed(by) };
  }) as AliasEntry;
}

/** Versions that the alias has named, those rolled back taken off. */
function aliasStack(
  entries: readonly LogEntry[],
  { model, alias }: { model: string; alias: string },
): number[] {
  const stack: number[] = [];
  for (const entry of entries) {
    if (entry.action === 'register' || entry.model !== model || entry.alias !== alias) continue;
    if (entry.action === 'rollback') stack.pop();
    else if (stack.at(-1) !== entry.version) stack.push(entry.version);
  }
  return stack;
}

const signed = ({ user, time, reason }: Signature) => ({ user, time: time.toISOString(), reason });

function requireName(name: string, what: 'model' | 'alias'): void {
  if (NAME.test(name)) return;
  const message = `the name of a registered ${what} must be letters, digits, _ . and -, at most 64, got '${name}'`;
  throw new SpatterError('USAGE', message, 'for example line-3');
}

function unknownModel(
  root: string,
  wanted: string,
  near: readonly string[],
  models: readonly string[],
): SpatterError {
  const known = near.length > 0 ? near : models;
  const hint =
    known.length > 0 ? `there is ${known.slice(0, 5).join(', ')}` : 'register one: spatter registry register';
  return new SpatterError('MODEL_UNKNOWN', `the registry ${root} has no ${wanted}`, hint);
}

/** The failure for a registry with `faults`; the first is named. */
export function registryDamaged(root: string, faults: readonly Fault[]): SpatterError {
  const [{ where, what } = { where: '', what: '' }] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  const message = `${join(root, where)} ${what}${more}`;
  return new SpatterError(
    'REGISTRY_DAMAGED',
    message,
    'restore the registry from a copy; `spatter registry verify` lists everything',
  );
}

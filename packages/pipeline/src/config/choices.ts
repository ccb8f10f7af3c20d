// Choices of group options: those made on the command line, those made by `override` entries, and those the lists end with.
import { SpatterError } from '../util/errors.ts';
import type { Entry } from './defaults-entry.ts';
import type { Override } from './grammar.ts';
import type { ConfigSources } from './sources.ts';
import { isMap } from './tree.ts';

interface Made {
  readonly option: Entry['option'];
  /** The command-line text or the file that made the choice. */
  readonly by: string;
  readonly external: boolean;
  used: boolean;
}

interface Deletion {
  readonly option: string | undefined;
  readonly line: string;
  used: boolean;
}

/** Everything that changes a defaults list. Earlier choices win; the command line comes first. */
export class Choices {
  readonly made = new Map<string, Made>();
  readonly deletions = new Map<string, Deletion>();
  /** Groups added with `+group=option`. */
  readonly appended: Entry[] = [];
  /** Overrides of values, in order. */
  readonly values: Override[] = [];
  /** Final option of every group in the lists, by override key. */
  readonly known = new Map<string, string | null>();

  constructor(overrides: readonly Override[], sources: ConfigSources) {
    for (const override of overrides) {
      if (isMap(override.value) || !sources.isGroup(override.key)) this.values.push(override);
      else this.addGroup(override);
    }
  }

  private addGroup(override: Override): void {
    const { action, key, value, line } = override;
    const name = override.package === undefined ? key : `${key}@${override.package}`;
    if (action === 'force') refuse(line, 'a group cannot be forced in', 'use one +');
    if (action === 'delete') {
      if (value !== undefined && typeof value !== 'string')
        refuse(line, 'an option is a name', 'name the option or drop =');
      this.deletions.set(name, { option: value, line, used: false });
      return;
    }
    if (typeof value !== 'string' && !isNames(value))
      refuse(
        line,
        `an option of the group ${key} must be a name or a list of names`,
        `quote it if it is a name`,
      );
    const option = value;
    if (action === 'change') this.made.set(name, { option, by: line, external: true, used: false });
    else
      this.appended.push({
        kind: 'group',
        path: key,
        option,
        package: override.package,
        optional: false,
        override: false,
      });
  }

  /** Notes an `override` entry, unless the choice was made already. */
  override(key: string, option: Entry['option'], file: string): void {
    if (!this.made.has(key)) this.made.set(key, { option, by: file, external: false, used: false });
  }

  /** The option an entry ends with. */
  optionFor(key: string, option: Entry['option']): Entry['option'] {
    const made = this.made.get(key);
    if (made === undefined) return option;
    made.used = true;
    return made.option;
  }

  /** Whether `~group` or `~group=option` removes this entry. */
  isDeleted(key: string, option: string | null): boolean {
    const deletion = this.deletions.get(key);
    if (deletion === undefined || (deletion.option !== undefined && deletion.option !== option)) return false;
    deletion.used = true;
    return true;
  }

  /** @throws {SpatterError} CONFIG_FILE when one group is listed with two options. */
  know(key: string, option: string | null, file: string): void {
    const before = this.known.get(key);
    if (before !== undefined && before !== option)
      throw new SpatterError(
        'CONFIG_FILE',
        `${file}: ${key} is listed as ${String(before)} and as ${String(option)}`,
        `write \`override ${key}: ${String(option)}\` to change an earlier choice`,
      );
    this.known.set(key, option);
  }

  /** @throws {SpatterError} CONFIG_OVERRIDE or CONFIG_FILE when a choice or a deletion met no entry. */
  ensureUsed(): void {
    for (const [key, made] of this.made) if (!made.used) this.refuseUnused(key, made);
    for (const { line, used } of this.deletions.values())
      if (!used) refuse(line, 'the defaults list has no such group or option', 'leave it out');
  }

  private refuseUnused(key: string, { by, external, option }: Made): never {
    const group = key.split('@')[0]!;
    const similar = [...this.known.keys()].filter((known) => known.split('@')[0] === group);
    const instead = similar.length > 0 ? `did you mean ${similar.join(' or ')}?` : undefined;
    const message = `nothing to override: the defaults list has no ${key}`;
    if (external) refuse(by, message, instead ?? `add it with +${key}=${String(option)}`);
    const hint = instead ?? 'is `# @package _global_` missing on top of that file?';
    throw new SpatterError('CONFIG_FILE', `${by}: ${message}`, hint);
  }
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function refuse(line: string, message: string, hint: string): never {
  throw new SpatterError('CONFIG_OVERRIDE', `${line}: ${message}`, hint);
}

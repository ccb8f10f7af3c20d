// Composition: overrides parsed → defaults list expanded → files merged → overrides applied → interpolations resolved.
import { SpatterError } from '../util/errors.ts';
import { applyOverride } from './apply-overrides.ts';
import { Choices } from './choices.ts';
import { expandDefaults, type Placed } from './defaults-list.ts';
import { GrammarError, parseOverride, type Override } from './grammar.ts';
import { resolveTree, type Surroundings } from './interpolate.ts';
import type { ConfigSources } from './sources.ts';
import { TreeError, embed, joinPath, mergeInto, walk, type Origins, type TreeMap } from './tree.ts';

/** What to compose, and the spellings of an older program to translate on the way. */
export interface Composition extends Surroundings {
  readonly sources: ConfigSources;
  /** Root config, without `.yaml`. */
  readonly configName: string;
  readonly overrides: readonly string[];
  /** Keys that suggestions may name besides those of the files. */
  readonly knownKeys?: readonly string[];
  /** What to do instead of a key that is gone. */
  readonly hintFor?: (key: string) => string | undefined;
  readonly translateOverride?: (override: Override) => Override;
  readonly translateTree?: (tree: TreeMap) => void;
}

/** A file and the package (dotted path, empty for the root) at which its content stands. */
export interface MergedFile {
  readonly file: string;
  readonly package: string;
}

/** A composed tree without `${…}` and `???`, and where its values came from. */
export interface ComposedTree {
  readonly tree: TreeMap;
  /** The same before interpolations were resolved. */
  readonly raw: TreeMap;
  /** The files that it was merged from, in that order. */
  readonly merged: readonly MergedFile[];
  readonly origins: Origins;
}

/**
 * Composes by Hydra's rules; knows nothing of the schema.
 * @throws {SpatterError} CONFIG_OVERRIDE, CONFIG_NOT_FOUND, CONFIG_FILE, CONFIG_UNKNOWN_KEY or CONFIG_VALUE.
 */
export function composeTree(composition: Composition): ComposedTree {
  const { sources, configName, translateOverride = (override: Override) => override } = composition;
  const overrides = composition.overrides.map((line) => parseLine(line)).map(translateOverride);
  const choices = new Choices(overrides, sources);
  const placed = expandDefaults(configName, sources, choices);
  const origins: Origins = new Map();
  const tree: TreeMap = {};
  for (const piece of placed) mergePlaced(piece, tree, origins, composition.translateTree);
  const { knownKeys = [], hintFor = () => undefined } = composition;
  const composed = { tree, origins, knownKeys, hintFor };
  for (const override of choices.values) applyOverride(override, composed);
  const merged = placed.map(({ file, package: at }) => ({ file: file.name, package: at }));
  return { tree: resolveTree(tree, origins, composition), raw: tree, merged, origins };
}

function parseLine(line: string): Override {
  try {
    return parseOverride(line);
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    throw refuseLine(line, error);
  }
}

/** The failure of an override that the grammar does not know. */
export function refuseLine(line: string, { message, at }: GrammarError): SpatterError {
  const where = `${line}: ${message} (character ${at + 1})`;
  return new SpatterError('CONFIG_OVERRIDE', where, 'write key=value, +key=value, ~key or group=option');
}

function mergePlaced(
  { file, package: target }: Placed,
  tree: TreeMap,
  origins: Origins,
  translate?: (tree: TreeMap) => void,
): void {
  const content = embed(structuredClone(file.content), target) as TreeMap;
  translate?.(content);
  try {
    mergeInto(tree, content);
  } catch (error) {
    if (error instanceof TreeError)
      throw new SpatterError('CONFIG_FILE', `${file.name}: ${error.message}`, 'correct the file');
    throw error;
  }
  walk(file.content, (path) => {
    const line = file.lines.get(path);
    if (path !== '')
      origins.set(joinPath(target, path), line === undefined ? file.name : `${file.name}:${line}`);
  });
}

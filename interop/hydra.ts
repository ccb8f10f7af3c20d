// Checks composition against the real hydra-core: the shipped conf/ and a tree that uses every rule, right and wrong command lines.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { composeTree } from '../packages/pipeline/src/config/compose.ts';
import { composeConfig } from '../packages/pipeline/src/config/index.ts';
import { ConfigSources } from '../packages/pipeline/src/config/sources.ts';
import { expandSweeps } from '../packages/pipeline/src/config/sweep.ts';
import type { Checks } from './checks.ts';
import {
  EXTRA,
  INTERPOLATION_FILES,
  RICH,
  SHIPPED,
  SPELLING,
  STRICTER,
  TREE,
  WITH_EXTRA,
} from './hydra-cases.ts';
import { SWEEPS } from './hydra-sweep-cases.ts';
import { pythonWith, runPython } from './python.ts';

const REQUIREMENTS = ['hydra-core==1.3.8', 'omegaconf==2.3.1'];
const ENV = { SPATTER_HYDRA_TEST: 'from the environment', SPATTER_HYDRA_NUMBER: '12' };
const CONF = join(import.meta.dirname, '../packages/pipeline/conf');

interface Case {
  readonly folder: string;
  readonly extra: string | null;
  readonly config: string;
  readonly overrides: readonly string[];
  /** The overrides sweep: the outcome is the list of the jobs' configs. */
  readonly multirun?: boolean;
}
interface Outcome {
  readonly value?: unknown;
  readonly error?: string;
}
interface Answer {
  readonly version: string;
  readonly outcomes: readonly Outcome[];
}

function writeTree(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-hydra-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

function attempt(run: () => unknown): Outcome {
  try {
    return { value: JSON.parse(JSON.stringify(run(), spellSpecials)) as unknown };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** JSON has no infinities; Python's answers spell them so too. */
function spellSpecials(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function ours({ folder, extra, config, overrides, multirun = false }: Case): Outcome {
  const folders = [folder, ...(extra === null ? [] : [extra])].map((path) => ({ path, label: '' }));
  const sources = () => new ConfigSources(folders);
  const composed = (lines: readonly string[]) =>
    composeTree({ sources: sources(), configName: config, overrides: lines, env: ENV, now: new Date() }).tree;
  return attempt(() => (multirun ? expandSweeps(overrides, sources()).map(composed) : composed(overrides)));
}

function hydra(cases: readonly Case[]): Answer {
  const request = join(mkdtempSync(join(tmpdir(), 'spatter-hydra-')), 'request.json');
  writeFileSync(request, JSON.stringify({ cases, env: ENV }));
  const script = join(import.meta.dirname, 'python/hydra_compose.py');
  const answer = runPython<Answer>(pythonWith(REQUIREMENTS), script, [request]);
  rmSync(dirname(request), { recursive: true });
  return answer;
}

/** Dotted paths and values of a composed config. */
function leaves(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0)
    return new Map([[path, JSON.stringify(value)]]);
  return new Map(Object.entries(value).flatMap(([key, item]) => [...leaves(item, `${path}.${key}`)]));
}

/** What differs between two outcomes, in words. */
function difference(mine: Outcome, theirs: Outcome): string {
  if (mine.error !== undefined) return `we refuse: ${mine.error}`;
  if (theirs.error !== undefined) return `Hydra refuses: ${theirs.error}`;
  const [a, b] = [leaves(mine.value), leaves(theirs.value)];
  const paths = [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path));
  return paths
    .map((path) => `${path} ours ${a.get(path) ?? 'absent'}, Hydra ${b.get(path) ?? 'absent'}`)
    .join('; ');
}

const agree = (a: Outcome, b: Outcome) =>
  a.error === undefined
    ? b.error === undefined && isDeepStrictEqual(a.value, b.value)
    : b.error !== undefined;

export function run(checks: Checks): void {
  const [tree, extra, interpolations] = [TREE, EXTRA, INTERPOLATION_FILES].map(writeTree) as [
    string,
    string,
    string,
  ];
  const shipped = (overrides: readonly string[]): Case => ({
    folder: CONF,
    extra: null,
    config: 'config',
    overrides,
  });
  const rich = (overrides: readonly string[], config = 'config'): Case => ({
    folder: tree,
    extra: null,
    config,
    overrides,
  });
  const roots = Object.keys(TREE).filter((path) => !path.includes('/') && path !== 'config.yaml');
  const same: Case[] = [
    ...SHIPPED.map(shipped),
    ...RICH.map((overrides) => rich(overrides)),
    ...roots.map((path) => rich([], path.replace('.yaml', ''))),
    ...Object.keys(INTERPOLATION_FILES).map((path) => ({
      ...rich([], path.replace('.yaml', '')),
      folder: interpolations,
    })),
    ...WITH_EXTRA.map((overrides) => ({ ...rich(overrides), extra })),
    ...SWEEPS.map((overrides) => ({ ...rich(overrides), multirun: true })),
  ];
  const stricter = STRICTER.map(shipped);
  const spelling = SPELLING.map(([override]) => rich([override]));
  const { version, outcomes } = hydra([...same, ...stricter, ...spelling]);
  console.log(`hydra-core ${version}`);
  same.forEach((item, i) => compare(checks, item, outcomes[i]!));
  stricter.forEach((item, i) => compareStricter(checks, item, outcomes[same.length + i]!));
  spelling.forEach((item, i) =>
    compareSpelling(checks, item, i, outcomes[same.length + stricter.length + i]!),
  );
  for (const folder of [tree, extra, interpolations]) rmSync(folder, { recursive: true });
}

function title({ folder, config, overrides, multirun = false }: Case): string {
  const root =
    folder === CONF ? 'conf' : (INTERPOLATION_FILES[`${config}.yaml`]?.split('\n', 2)[1] ?? config);
  return `${root}: ${multirun ? '-m ' : ''}${overrides.join(' ') || '(no overrides)'}`;
}

function compare(checks: Checks, item: Case, theirs: Outcome): void {
  const mine = ours(item);
  const how = theirs.error === undefined ? 'same config' : 'both refuse';
  checks.check(`${title(item)}: ${how}`, agree(mine, theirs), difference(mine, theirs));
}

function compareStricter(checks: Checks, item: Case, theirs: Outcome): void {
  const mine = attempt(() => composeConfig({ overrides: item.overrides, env: ENV }).config);
  const ok = mine.error !== undefined && theirs.error === undefined && agree(ours(item), theirs);
  checks.check(`${title(item)}: our schema refuses, Hydra has none`, ok, difference(mine, theirs));
}

function compareSpelling(checks: Checks, item: Case, index: number, theirs: Outcome): void {
  const [, mineWanted, theirsWanted] = SPELLING[index]!;
  const at = (outcome: Outcome) => (outcome.value as { x?: unknown } | undefined)?.x;
  const mine = ours(item);
  const ok = at(mine) === mineWanted && at(theirs) === theirsWanted;
  checks.check(`${title(item)}: numbers in text differ as documented`, ok, difference(mine, theirs));
}

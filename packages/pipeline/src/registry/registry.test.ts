// The registry: versions that stay, aliases that move and go back, a log in which every edit shows, many writers at once.
import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExportedModel } from '../export/exported-model.ts';
import { openModel } from '../infer/open-model.ts';
import { tinyModel } from '../infer/testing/tiny-model.ts';
import { integer, randomStream } from '../util/random.ts';
import { entryHash, type LogEntry } from './entry.ts';
import { appendEntry } from './log.ts';
import { Registry, promote, register, rollback } from './registry.ts';
import { verifyRegistry } from './verify.ts';

let root: string;
let models: ExportedModel[];
const by = { user: 'ann', time: new Date('2026-05-04T03:02:01Z'), reason: 'a test' };
const champion = { model: 'line-3', alias: 'champion' };

beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-registry-'));
  root = join(folder, 'registry');
  models = [await tinyModel(join(folder, 'a'), 1), await tinyModel(join(folder, 'b'), 2)];
});
afterEach(() => rmSync(join(root, '..'), { recursive: true }));

/** Two versions and four log entries. */
function filled(): void {
  for (const model of models) register(root, 'line-3', model, by);
  for (const version of [1, 2]) promote(root, { ...champion, version }, by);
}

const faults = () => verifyRegistry(root).faults.map(({ where, what }) => `${where} ${what}`);
const entryPath = (n: number) => join(root, 'log', `00000${n}.json`);
const readEntry = (n: number) => JSON.parse(readFileSync(entryPath(n), 'utf8')) as LogEntry;
const writeEntry = (n: number, entry: unknown) =>
  writeFileSync(entryPath(n), `${JSON.stringify(entry, null, 2)}\n`);

describe('a registry', () => {
  it('keeps versions, moves aliases and goes back', () => {
    filled();
    const named = () => Registry.open(root).aliased('line-3', 'champion').version;
    expect(named()).toBe(2);
    expect(rollback(root, champion, by)).toMatchObject({ version: 1, from: 2, action: 'rollback' });
    expect(named()).toBe(1);
    expect(() => rollback(root, champion, by)).toThrow(/must have named another version before/);
    promote(root, { ...champion, version: 2 }, by);
    expect(named()).toBe(2);
    expect(Registry.open(root).history('line-3').at(-1)).toMatchObject({
      user: 'ann',
      reason: 'a test',
      sequence: 6,
    });
    expect(verifyRegistry(root)).toMatchObject({ entries: 6, versions: 2, faults: [], notices: [] });
  });

  it('gives the same files the same version', () => {
    filled();
    expect(register(root, 'line-3', models[0]!, by).version).toBe(1);
    expect(Registry.open(root).versions()).toHaveLength(2);
  });

  it('says what there is where a name is unknown', () => {
    filled();
    expect(() => Registry.open(root).version('line-3', 9)).toThrow(/has no line-3 version 9/);
    expect(() => Registry.open(root).aliased('line-4', 'champion')).toThrow(/has no line-4@champion/);
    expect(() => promote(root, { ...champion, version: 9 }, by)).toThrow(/has no line-3 version 9/);
    expect(() => register(root, '../x', models[0]!, by)).toThrow(/letters, digits/);
  });

  it('opens models by alias and by version, and refuses one whose files are not those registered', async () => {
    filled();
    for (const uri of ['models:/line-3@champion', 'models:/line-3/2']) {
      const classifier = await openModel(uri, { registry: root });
      expect(classifier.model.card.onnx_sha256).toBe(models[1]!.card.onnx_sha256);
      await classifier.close();
    }
    await expect(openModel('models:/line-3', { registry: root })).rejects.toThrow(/must be named models:/);
    const folder = join(root, 'models/line-3/2');
    const requirements = join(folder, 'requirements.txt');
    chmodSync(requirements, 0o644);
    writeFileSync(requirements, 'other');
    await expect(openModel('models:/line-3@champion', { registry: root })).rejects.toThrow(
      /requirements.txt was edited/,
    );
  });
});

describe('verify', () => {
  it('finds an edited entry, also with its hash made anew', () => {
    filled();
    writeEntry(2, { ...readEntry(2), user: 'eve' });
    expect(faults()[0]).toMatch(/^log\/000002\.json was edited/);
    const forged = { ...readEntry(2), user: 'eve' };
    writeEntry(2, { ...forged, hash: entryHash(forged) });
    expect(faults()[0]).toMatch(/^log\/000003\.json does not follow the entry before it/);
    expect(() => promote(root, { ...champion, version: 1 }, by)).toThrow(/000003\.json does not follow/);
  });

  it('finds a removed, a reordered and a cut-off entry', () => {
    filled();
    const [second, third] = [readEntry(2), readEntry(3)];
    writeEntry(2, third);
    writeEntry(3, second);
    expect(faults()[0]).toMatch(/^log\/000002\.json says it is entry 3: entries were reordered/);
    writeEntry(2, second);
    writeEntry(3, third);
    expect(faults()).toEqual([]);
    const last = readEntry(4);
    rmSync(entryPath(4));
    expect(faults()).toEqual(['log was cut off: it has 3 of the 4 entries of its head']);
    writeEntry(4, last);
    rmSync(entryPath(2));
    expect(faults()[0]).toMatch(/^log\/000003\.json stands where 000002\.json must/);
    renameSync(entryPath(3), entryPath(2));
    expect(faults()[0]).toMatch(/^log\/000002\.json says it is entry 3/);
  });

  it('finds an edited head', () => {
    filled();
    const path = join(root, 'head.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"champion": 2', '"champion": 1'));
    expect(faults()).toEqual(['head.json was edited: its aliases are not the log’s']);
    rmSync(path);
    expect(faults()).toEqual(['head.json is missing']);
  });

  it('finds files that were edited, removed or added', () => {
    filled();
    const folder = join(root, 'models/line-3/1');
    chmodSync(join(folder, 'model.json'), 0o644);
    writeFileSync(join(folder, 'model.json'), '{}');
    rmSync(join(folder, 'golden/00.jpg'));
    writeFileSync(join(folder, 'more.txt'), '');
    expect(faults().map((line) => line.replace('models/line-3/1/', ''))).toEqual([
      'golden/00.jpg was removed',
      'model.json was edited: its SHA-256 is not that of its registration',
      'more.txt was added after the registration',
    ]);
  });
});

/** Every file below the registry. */
const allFiles = () =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name));

describe('one byte', () => {
  const random = randomStream(7);
  /** The first, the last and some bytes between. */
  const places = (length: number) => [
    0,
    length - 1,
    ...Array.from({ length: 4 }, () => integer(random, length)),
  ];

  it('changed anywhere in any file is found', () => {
    filled();
    for (const path of allFiles()) {
      const whole = readFileSync(path);
      chmodSync(path, 0o644);
      for (const at of places(whole.length)) {
        const edited = Uint8Array.from(whole);
        edited[at]! ^= 1 + integer(random, 255);
        writeFileSync(path, edited);
        expect(faults(), `${path} byte ${at} is ${edited[at]!}`).not.toEqual([]);
      }
      writeFileSync(path, whole);
    }
    expect(faults()).toEqual([]);
  });

  it('is found too where it changes no meaning', () => {
    filled();
    for (const path of [entryPath(1), join(root, 'head.json')]) {
      const whole = readFileSync(path, 'utf8');
      const turned = Object.fromEntries(Object.entries(JSON.parse(whole) as object).reverse());
      for (const edited of [whole.replace('\n  ', '\n\t '), `${JSON.stringify(turned, null, 2)}\n`]) {
        writeFileSync(path, edited);
        expect(faults()[0]).toMatch(/edited: it says the same in other bytes/);
      }
      writeFileSync(path, whole);
    }
  });
});

describe('a writer killed between the first entry and its head', () => {
  it('leaves a registry that verifies and goes on', () => {
    const killed = () =>
      appendEntry(root, () => {
        throw new Error('killed');
      });
    expect(killed).toThrow('killed');
    const head = readFileSync(join(root, 'head.json'));
    register(root, 'line-3', models[0]!, by);
    writeFileSync(join(root, 'head.json'), head);
    expect(faults()).toEqual([]);
    promote(root, { ...champion, version: 1 }, by);
    expect(verifyRegistry(root)).toMatchObject({ entries: 2, faults: [] });
    expect(JSON.parse(readFileSync(join(root, 'head.json'), 'utf8'))).toMatchObject({ entries: 2 });
  });
});

describe('many at once', () => {
  it('lose no entry', async () => {
    filled();
    const [writers, each] = [4, 12];
    const url = new URL('../../dist/registry/registry.js', import.meta.url).href;
    const script = `const { promote } = await import(${JSON.stringify(url)});
      for (let i = 0; i < ${each}; i++)
        promote(${JSON.stringify(root)}, { model: 'line-3', alias: 'champion', version: 1 + i % 2 },
          { user: process.argv[1], time: new Date(0), reason: String(i) });`;
    const ends = Array.from({ length: writers }, async (_, k) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, `writer-${k}`], {
        stdio: 'ignore',
      });
      return new Promise((resolve) => child.on('close', resolve));
    });
    expect(await Promise.all(ends)).toEqual([0, 0, 0, 0]);
    expect(verifyRegistry(root)).toMatchObject({ entries: 4 + writers * each, faults: [] });
    const said = Registry.open(root)
      .entries.slice(4)
      .map(({ user, reason }) => `${user} ${reason}`);
    expect(new Set(said).size).toBe(writers * each);
    expect(readdirSync(join(root, 'log')).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

// Kills processes that register, promote and roll back in one registry, at random moments; it must verify after each of them.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readExportedModel } from '../packages/pipeline/src/export/exported-model.ts';
import { openModel } from '../packages/pipeline/src/infer/open-model.ts';
import { tinyModel } from '../packages/pipeline/src/infer/testing/tiny-model.ts';
import { Registry, promote, register } from '../packages/pipeline/src/registry/registry.ts';
import { verifyRegistry } from '../packages/pipeline/src/registry/verify.ts';
import { integer, randomStream } from '../packages/pipeline/src/util/random.ts';
import type { Checks } from '../interop/checks.ts';

const WRITERS = 3;
const MODELS = 2;
/** Longest that a writer lives after it begins, ms. */
const LONGEST = 200;
const built = join(import.meta.dirname, '../packages/pipeline/dist');

/** Says that it begins, then changes the registry without end: names of its own, and an alias that all of them move. */
const WRITER = `
  const [root, model, me] = process.argv.slice(1);
  const { register, promote, rollback } = await import(${JSON.stringify(join(built, 'registry/registry.js'))});
  const { readExportedModel } = await import(${JSON.stringify(join(built, 'export/exported-model.js'))});
  const by = { user: me, time: new Date(0), reason: 'torture' };
  process.stdout.write('begins');
  for (let i = 0; ; i++) {
    const name = 'line-' + me + '-' + i;
    register(root, name, readExportedModel(model), by);
    promote(root, { model: name, version: 1, alias: 'champion' }, by);
    try {
      for (const version of [1, 2]) promote(root, { model: 'line-3', version, alias: 'champion' }, by);
      rollback(root, { model: 'line-3', alias: 'champion' }, by);
    } catch (error) {
      if (error.code !== 'MODEL_UNKNOWN') throw error;
    }
  }`;

/** Resolves to what a writer said that ended by itself; empty when the kill ended it. */
function writeUntilKilled(args: readonly string[], delay: number): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), delay));
  let said = 'it ended by itself ';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  return new Promise((resolve) =>
    child.on('close', (_, signal) => resolve(signal === 'SIGKILL' ? '' : said)),
  );
}

/** What is wrong with the registry; empty when it verifies and its aliases name whole versions. */
async function faultsOf(root: string): Promise<string> {
  const { faults } = verifyRegistry(root);
  if (faults.length > 0) return faults.map(({ where, what }) => `${where} ${what}`).join('; ');
  try {
    const registry = Registry.open(root);
    for (const each of registry.versions()) readExportedModel(each.folder);
    await (await openModel('models:/line-3@champion', { registry: root })).close();
    return '';
  } catch (error) {
    return String(error);
  }
}

/** Every second registry is empty at first, so that the first entries of a registry are killed too. */
async function round(
  root: string,
  models: readonly string[],
  i: number,
  random: () => number,
): Promise<string> {
  const by = { user: 'torture', time: new Date(0), reason: 'round' };
  const fill = () => models.forEach((model) => register(root, 'line-3', readExportedModel(model), by));
  if (i % 2 === 0) fill();
  const writers = Array.from({ length: WRITERS }, (_, w) =>
    writeUntilKilled([root, models[w % MODELS]!, String(w)], integer(random, LONGEST)),
  );
  const said = (await Promise.all(writers)).join('');
  if (said !== '') return said;
  const { faults } = verifyRegistry(root);
  if (faults.length > 0) return faults.map(({ where, what }) => `${where} ${what}`).join('; ');
  if (i % 2 === 1) fill();
  promote(root, { model: 'line-3', version: 1 + (i % MODELS), alias: 'champion' }, by);
  return faultsOf(root);
}

export async function run(checks: Checks, count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-torture-'));
  const random = randomStream(Date.now() >>> 0);
  try {
    const models = [];
    for (let i = 0; i < MODELS; i++) models.push((await tinyModel(join(folder, `model${i}`), i + 1)).folder);
    for (let i = 0; i < count; i++) {
      const root = join(folder, `registry${i}`);
      const wrong = await round(root, models, i, random);
      const { entries } = verifyRegistry(root);
      checks.check(
        `round ${i + 1}: ${WRITERS} writers killed, ${entries} entries, all whole`,
        wrong === '',
        wrong,
      );
      rmSync(root, { recursive: true, force: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

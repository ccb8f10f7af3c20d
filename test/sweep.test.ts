// Sweeps as a user runs them: to their end, killed and continued, in two processes, joined, and drawn.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { postgresPrograms, startPostgres } from '../packages/hpo/src/storages/testing/postgres-server.ts';
import { openStore } from '../packages/pipeline/src/tracking/open.ts';
import { readCsv } from '../packages/pipeline/src/util/csv.ts';
import { BIN, simulatedData, spatter, spatterJson } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'spatter-sweep-'));
const data = [
  ...[
    `paths.data_root=${folder}`,
    'data.split.gap_frames=10',
    'data.split.blocks=3',
    'training.batch_size=32',
  ],
  ...['training.epochs=2', 'device=cpu', `tracking.uri=sqlite:///${folder}/mlflow.db`],
];
const space = ['hpo/space=[learning_rate]', 'training.optimizer.name=adam,sgd'];
const begin = (name: string, ...more: string[]) => [
  ...['sweep', ...data, ...space, `paths.run_dir=${join(folder, name)}`, ...more],
];
/** Rows of trials.csv by column. */
const rows = (name: string) => {
  const { columns, rows: lines } = readCsv(join(folder, name, 'trials.csv'));
  return lines.map((line) => Object.fromEntries(columns.map((column, i) => [column, line[i]!])));
};
const column = (name: string, key: string) => rows(name).map((row) => row[key]);

beforeAll(() => void simulatedData(folder), 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a sweep', () => {
  it('trains every trial in a folder of its own, chooses the best, and goes on where it stopped', () => {
    const first = spatterJson(...begin('first'), 'threads=1', '--trials', '2');
    expect(first).toMatchObject({ finished: true, study: 'first', counts: { complete: 2, fail: 0 } });
    const again = spatterJson('sweep', '--resume', join(folder, 'first'), '--trials', '3');
    expect(again).toMatchObject({ counts: { complete: 3 } });
    expect(column('first', 'run_dir')).toEqual(['trial_0000', 'trial_0001', 'trial_0002']);
    const accuracies = column('first', 'val_accuracy').map(Number);
    const { chosen } = again as { chosen: { number: number; values: number[] } };
    expect(chosen.values[0]).toBe(Math.max(...accuracies));
    expect(chosen).toMatchObject({ split: 'time-block', val_leak_share: 0 });
    const history = readCsv(join(folder, 'first', 'trial_0001', 'history.csv')).rows;
    expect(Math.max(...history.map((row) => Number(row[4])))).toBe(accuracies[1]);
    // The trial's own config holds what was searched, and evaluates like any run.
    const config = readFileSync(join(folder, 'first', 'trial_0001', 'config.yaml'), 'utf8');
    expect(config).toContain(`name: ${rows('first')[1]!['training.optimizer.name']!}`);
    expect(spatterJson('evaluate', join(folder, 'first', 'trial_0001'))).toHaveProperty('test_accuracy');
  });

  it('is tracked as one run with its trials as parts', async () => {
    const note = JSON.parse(readFileSync(join(folder, 'first', 'tracking.json'), 'utf8')) as {
      run_id: string;
    };
    const store = await openStore(`sqlite:///${folder}/mlflow.db`, { now: Date.now });
    for (const trial of ['trial_0000', 'trial_0002']) {
      const { run_id } = JSON.parse(
        readFileSync(join(folder, 'first', trial, 'tracking.json'), 'utf8'),
      ) as typeof note;
      expect((await store.run(run_id))!.tags['mlflow.parentRunId']).toBe(note.run_id);
    }
    await store.close();
  });

  it('is drawn on one page that needs nothing else', () => {
    const report = spatterJson('sweep', 'report', join(folder, 'first'));
    const html = readFileSync(String(report['page']), 'utf8');
    for (const title of [
      'split time-block, leak 0.0&nbsp;%',
      'History: val_accuracy',
      'Parallel coordinates',
      'Slices',
      'trial_0002',
      'fANOVA',
    ]) {
      expect(html).toContain(title);
    }
    expect(html).not.toMatch(/<script|(?:src|href)="(?!data:)/);
    expect(report).toMatchObject({ study: 'first', front: [expect.any(Number)] });
  });

  it('continues a killed trial in its folder and ends with what an unkilled sweep has', async () => {
    spatterJson(...begin('whole', 'training.epochs=4'), 'threads=1', '--trials', '2');
    await killed([...begin('killed', 'training.epochs=4'), 'threads=1', '--trials', '2'], 'killed');
    spatterJson('sweep', '--resume', join(folder, 'killed'));
    expect(column('killed', 'state').filter((state) => state === 'COMPLETE')).toHaveLength(2);
    expect(column('killed', 'state')).toContain('FAIL');
    expect(column('killed', 'state')).not.toContain('RUNNING');
    const bytes = (name: string) =>
      readFileSync(join(folder, name, 'trial_0000', 'checkpoints', 'last.safetensors'));
    expect(bytes('killed').equals(bytes('whole'))).toBe(true);
  });

  it('times lowerings once for all trials, and for a comparison after it', () => {
    const tuned = [...data, 'training.autotune=true', 'training.epochs=1', 'threads=1'];
    vi.stubEnv('XDG_CACHE_HOME', join(folder, 'caches'));
    onTestFinished(() => void vi.unstubAllEnvs());
    const answers = (...path: string[]) => readFileSync(join(folder, ...path, 'lowerings.json'), 'utf8');
    const run = `paths.run_dir=${join(folder, 'tuned')}`;
    spatterJson('sweep', ...tuned, 'hpo/space=[learning_rate]', run, '--trials', '2');
    const known = answers('caches', 'spatter');
    expect(answers('tuned', 'trial_0000')).toBe(known);
    expect(answers('tuned', 'trial_0001')).toBe(known);
    spatterJson('compare', ...tuned, '--models', 'lenet5', '--out', join(folder, 'tuned-zoo'));
    expect(answers('tuned-zoo', 'lenet5')).toBe(known);
    expect(answers('caches', 'spatter')).toBe(known);
  });

  it('shares its trials between two processes, none doubled', () => {
    const { counts } = spatterJson(...begin('pair'), '--trials', '5', '--workers', '2');
    expect(counts).toMatchObject({ complete: 5, fail: 0, running: 0 });
    expect(column('pair', 'number')).toEqual(['0', '1', '2', '3', '4']);
    expect(new Set(column('pair', 'training.optimizer.lr')).size).toBe(5);
    expect(readdirSync(join(folder, 'pair')).filter((name) => name.startsWith('trial_'))).toHaveLength(5);
  });

  it('is joined by others through its storage, as it is or not at all', () => {
    const storage = ['--storage', `journal:${join(folder, 'study.log')}`, '--study', 'joint'];
    const local = (name: string) => [`paths.data_root=${folder}`, `paths.run_dir=${join(folder, name)}`];
    spatterJson(...begin('here'), ...storage, '--trials', '1');
    const there = spatterJson('sweep', ...local('there'), ...storage, '--trials', '2');
    expect(there).toMatchObject({ study: 'joint', counts: { complete: 2 } });
    expect(existsSync(join(folder, 'there', 'trial_0001', 'config.yaml'))).toBe(true);
    const { code, stderr } = spatter('sweep', ...local('other'), 'seed=1,2', ...storage);
    expect([code, stderr]).toEqual([1, expect.stringContaining('[SWEEP_DIFFERS]')]);
    expect(existsSync(join(folder, 'other'))).toBe(false);
  });

  it('says in one line what is wrong, and leaves nothing behind', () => {
    const wrong = (code: string, ...args: string[]) => {
      const { code: exit, stderr } = spatter(...begin('wrong'), ...args);
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(new RegExp(`^spatter: .*\\[${code}\\]$`));
      expect(exit).toBeGreaterThan(0);
    };
    wrong('FILE_NOT_FOUND', 'paths.data_root=nowhere');
    wrong('CONFIG_UNKNOWN_KEY', 'training.optimizer.rate=1,2');
    wrong('CONFIG_VALUE', 'hpo.objectives=[speed]');
    wrong('CONFIG_VALUE', 'training.momentum=interval(3)');
    wrong('USAGE', '--trials', '0');
    wrong('USAGE', '--resume', join(folder, 'first'));
    expect(existsSync(join(folder, 'wrong'))).toBe(false);
  });
});

const installed = postgresPrograms() !== undefined;

describe.skipIf(!installed)(
  `a sweep of many machines${installed ? '' : ' (skipped: the package postgresql is not installed)'}`,
  () => {
    it('goes on in PostgreSQL after one of its pods was killed, no trial lost or doubled', async () => {
      const server = (await startPostgres())!;
      try {
        const sweep = join(folder, 'line3');
        const job = ['sweep', '--study', 'line3', ...data, ...space, 'training.epochs=4', 'threads=1'];
        // All reach the same runs, as pods that mount one claim do.
        const args = [...job, `paths.run_root=${folder}`, '--trials', '5'];
        const pod = (index: number) =>
          running(args, { SPATTER_STORAGE: server.url, JOB_COMPLETION_INDEX: String(index) });
        const doomed = pod(1);
        await until(() => existsSync(join(sweep, 'trial_0000')));
        const other = pod(0);
        await until(() => existsSync(join(sweep, 'trial_0000', 'history.csv')));
        doomed.child.kill('SIGKILL');
        await doomed.ended;
        const ends = await Promise.all([other.ended, pod(1).ended]);
        expect(ends.filter(({ code }) => code !== 0)).toEqual([]);
        const states = column('line3', 'state');
        expect(states.filter((state) => state === 'COMPLETE')).toHaveLength(5);
        expect(states[0]).toBe('FAIL');
        expect(states).toHaveLength(6);
        expect(column('line3', 'number')).toEqual(states.map((_, number) => String(number)));
        // Tried again with its parameters, and continued in its folder.
        const [lost, ...rest] = rows('line3');
        const again = rest.filter((row) => row['run_dir'] === lost!['run_dir']);
        expect(again).toHaveLength(1);
        const lr = 'training.optimizer.lr';
        expect([again[0]!['state'], again[0]![lr]]).toEqual(['COMPLETE', lost![lr]]);
      } finally {
        await server.stop();
      }
    });
  },
);

/** A `spatter` beside this process, with more of an environment; `ended` tells its exit code and what it said. */
function running(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [BIN, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stderr })),
  );
  return { child, ended };
}

/** Looks every 5 ms; a test that waits for what never comes fails by its own time limit. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Runs a sweep and kills it, as `kill -9` does, once its first trial has written state of an epoch. */
async function killed(args: readonly string[], name: string): Promise<void> {
  const { child, ended } = running(args);
  const state = join(folder, name, 'trial_0000', 'history.csv');
  await Promise.race([until(() => existsSync(state)), ended]);
  child.kill('SIGKILL');
  await ended;
}

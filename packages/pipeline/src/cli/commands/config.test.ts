// Tests of `spatter config`: what it prints, its JSON line, and its one-line failure.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { composeConfig } from '../../config/index.ts';
import { main } from '../main.ts';

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

/** Runs a command line; returns what it wrote. */
async function run(...args: string[]): Promise<{ out: string; err: string }> {
  const written = { out: '', err: '' };
  const into = (stream: 'out' | 'err') => (text: string | Uint8Array) => {
    written[stream] += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(into('out'));
  vi.spyOn(process.stderr, 'write').mockImplementation(into('err'));
  await main(['node', 'spatter', 'config', ...args]);
  return written;
}

it('prints the resolved config as YAML', async () => {
  const overrides = ['+experiment=baseline', 'training.epochs=5'];
  expect((await run(...overrides)).out).toBe(composeConfig({ overrides }).yaml);
});

it('prints one JSON line with --json', async () => {
  const { out } = await run('device=cpu', '--json');
  const result = JSON.parse(out) as unknown;
  expect(result).toEqual({
    config: composeConfig({ overrides: ['device=cpu'] }).config,
    overrides: ['device=cpu'],
  });
});

it('reads folders of the user and the environment', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-conf-'));
  mkdirSync(join(folder, 'experiment'));
  writeFileSync(
    join(folder, 'experiment/mine.yaml'),
    '# @package _global_\npaths: {run_root: "${oc.env:SPATTER_RUNS}"}\n',
  );
  vi.stubEnv('SPATTER_RUNS', '/elsewhere');
  const { out } = await run('--config-dir', folder, '+experiment=mine');
  vi.unstubAllEnvs();
  expect(out).toContain('run_root: /elsewhere\n');
});

it('fails in one line and with exit code 1', async () => {
  const { out, err } = await run('training.batchsize=3');
  expect(process.exitCode).toBe(1);
  expect(out).toBe('');
  expect(err).toBe(
    'spatter: training.batchsize: unknown key (from the command line); did you mean training.batch_size? [CONFIG_UNKNOWN_KEY]\n',
  );
});

it('prints as Hydra’s --cfg does: as composed or resolved, the whole or a part, with the hydra node', async () => {
  expect((await run('--cfg', 'job', '-p', 'data.root')).out).toBe(
    '# @package data.root\n${paths.data_root}\n',
  );
  expect((await run('--cfg', 'job', '--resolve', '-p', 'data.root')).out).toContain('\ndata\n');
  const { out } = await run('--cfg', 'hydra', 'hydra.sweep.subdir=x', 'seed=3');
  expect(out).toMatch(/^hydra:\n {2}mode: RUN\n[^]*subdir: x\n[^]*task:\n {6}- seed=3\n/);
  expect((await run('-c', 'all')).out).toMatch(/^hydra:[^]*\ntraining:\n/);
});

it('prints with --info what the config is made of', async () => {
  const { out } = await run('--info', 'defaults', '+experiment=demo');
  expect(out).toMatch(
    /^defaults\n[^]*conf\/model\/lenet5\.yaml +→ model\n[^]*conf\/experiment\/demo\.yaml +→ the root\n/,
  );
});

it('refuses --resolve alone and a part that does not exist', async () => {
  expect((await run('--resolve')).err).toMatch(/\[USAGE\]\n$/);
  expect((await run('--cfg', 'job', '-p', 'nope')).err).toMatch(
    /nope: no such part[^]*\[CONFIG_UNKNOWN_KEY\]\n$/,
  );
});

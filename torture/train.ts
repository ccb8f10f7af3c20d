// Kills `spatter train` with SIGKILL at random moments, resumes it, and compares every file with an uninterrupted run.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { integer, randomStream } from '../packages/pipeline/src/util/random.ts';
import type { Checks } from '../interop/checks.ts';

const cli = join(import.meta.dirname, '../packages/pipeline/bin/spatter.js');
const spatter = (...args: string[]) =>
  execFileSync(process.execPath, [cli, ...args, '--quiet'], { stdio: ['ignore', 'ignore', 'inherit'] });

/** Two short simulated recordings, indexed. */
function makeData(folder: string): string {
  for (const [name, flow] of [
    ['low', '0.2'],
    ['high', '0.8'],
  ] as const) {
    spatter('simulate', '--name', name, '--flow', flow, '--layers', '1', '--frames', '500', '--out', folder);
    spatter('extract', join(folder, `${name}.mp4`), '--out', folder);
  }
  spatter(
    'data',
    'index',
    join(folder, 'low.h5'),
    join(folder, 'high.h5'),
    '--labels',
    '0,1',
    '--out',
    folder,
  );
  return folder;
}

function overrides(data: string, run: string): string[] {
  const keys = {
    'paths.data_root': data,
    'paths.run_dir': run,
    'tracking.uri': `sqlite:///${data}/mlflow.db`,
    'training.epochs': 4,
    'training.batch_size': 32,
  };
  const pairs = Object.entries(keys).map(([key, value]) => `${key}=${value}`);
  return [
    ...pairs,
    'training.checkpoint.every_n_batches=3',
    'data.split.gap_frames=10',
    'device=cpu',
    'threads=2',
  ];
}

/** Every file under `folder` with its SHA-256, but the config, which names the run's own folder, and the tracked run's id. */
function fingerprints(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter(
      (path) => statSync(path).isFile() && !/((config|overrides|hydra)\.yaml|tracking\.json)$/.test(path),
    )
    .sort();
  const hash = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
  return files.map((path) => `${relative(folder, path)} ${hash(path)}`).join('\n');
}

/** Runs the command and kills it after `delay` ms; resolves to whether it ended by itself. */
function runKilled(args: readonly string[], delay: number): Promise<boolean> {
  const child = spawn(process.execPath, [cli, ...args], { stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), delay);
  return new Promise((resolve) =>
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve(code === 0);
    }),
  );
}

async function trainWithKills(data: string, run: string, delays: () => number): Promise<number> {
  let kills = 0;
  const start = ['train', ...overrides(data, run), '--quiet', '--no-evaluate'];
  for (;;) {
    const begun = readdirSync(data).includes(relative(data, run)) && readdirSync(run).includes('config.yaml');
    const args = begun ? ['train', '--resume', run, '--quiet', '--no-evaluate'] : start;
    if (await runKilled(args, kills < 6 ? delays() : 600_000)) return kills;
    kills++;
  }
}

export async function run(checks: Checks, count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-torture-'));
  try {
    const data = makeData(folder);
    const began = Date.now();
    spatter('train', ...overrides(data, join(data, 'whole')), '--no-evaluate');
    const duration = Date.now() - began;
    const whole = fingerprints(join(data, 'whole'));
    const random = randomStream(Date.now() >>> 0);
    for (let i = 0; i < count; i++) {
      const kills = await trainWithKills(
        data,
        join(data, `killed-${i}`),
        () => 150 + integer(random, duration),
      );
      const same = fingerprints(join(data, `killed-${i}`)) === whole;
      checks.check(`run ${i + 1} killed ${kills} times ends with the same bytes`, same);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

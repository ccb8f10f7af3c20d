// Throw-away Python environments with the real programs, kept between calls under .interop/ by the hash of their requirements.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Path of a Python interpreter that has `requirements` (pip syntax, such as `h5py==3.11`) installed. */
export function pythonWith(requirements: readonly string[]): string {
  const id = createHash('sha256').update(requirements.join('\n')).digest('hex').slice(0, 12);
  const folder = join(root, '.interop', id);
  const python = join(folder, 'bin', 'python');
  if (existsSync(join(folder, 'complete'))) return python;
  rmSync(folder, { recursive: true, force: true });
  process.stderr.write(`installing ${requirements.join(' ')} …\n`);
  execFileSync('python3', ['-m', 'venv', folder], { stdio: ['ignore', 2, 2] });
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', ...requirements], { stdio: ['ignore', 2, 2] });
  execFileSync('touch', [join(folder, 'complete')]);
  return python;
}

/** Runs a Python script, passes its standard error through, and returns its standard output parsed as JSON. */
export function runPython<T>(
  python: string,
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): T {
  const run = spawnSync(python, [script, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (run.status !== 0) throw new Error(`${script} ended with status ${String(run.status)}`);
  return JSON.parse(run.stdout) as T;
}

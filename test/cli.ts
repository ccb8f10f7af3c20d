// Runs the command line as a user would: a process, its lines, its exit code.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export const BIN = join(import.meta.dirname, '../packages/pipeline/bin/spatter.js');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `spatter ARGS` to its end. */
export function spatter(...args: readonly string[]): Finished {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

/**
 * Runs `spatter ARGS` beside other work.
 * @param interruptAt sends SIGINT, as Ctrl-C does, once standard output holds this.
 */
export function spatterLater(args: readonly string[], interruptAt?: string): Promise<Finished> {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { stdout: '', stderr: '' };
  let sent = interruptAt === undefined;
  child.stdout.on('data', (text: Buffer) => {
    written.stdout += text.toString();
    if (sent || !written.stdout.includes(interruptAt!)) return;
    sent = child.kill('SIGINT');
  });
  child.stderr.on('data', (text: Buffer) => (written.stderr += text.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...written })));
}

/** Runs `spatter ARGS --json`, which must succeed, and returns the object it prints last. */
export function spatterJson(...args: readonly string[]): Record<string, unknown> {
  const { code, stdout, stderr } = spatter(...args, '--json');
  if (code !== 0) throw new Error(`spatter ${args.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)) as Record<string, unknown>;
}

/** A folder that goes when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Two indexed simulated recordings, low.h5 and high.h5, with their videos; returns the folder. */
export function simulatedData(folder: string, frames = 400): string {
  const flows = { low: '0.2', high: '0.8' };
  for (const [name, flow] of Object.entries(flows)) {
    const shape = ['--flow', flow, '--layers', '2', '--frames', String(frames)];
    spatterJson('simulate', '--name', name, ...shape, '--out', folder);
    spatterJson('extract', join(folder, `${name}.mp4`), '--out', folder);
  }
  const files = Object.keys(flows).map((name) => join(folder, `${name}.h5`));
  spatterJson('data', 'index', ...files, '--labels', '0,1', '--out', folder);
  return folder;
}

// A command in a pipe whose reader leaves ends as other Unix tools do: at once, without a word.
import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { BIN } from './cli.ts';

/** Runs `spatter ARGS` for a reader that reads nothing and leaves. */
function unread(...args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr })));
}

it.each([[['--help']], [['config']], [['config', '--json']], [['data', 'split', '--help']]])(
  '%j ends quietly when nobody reads',
  async (args) => {
    expect(await unread(...args)).toEqual({ code: 141, stderr: '' });
  },
);

// `spatter simulate` as typed: files, the JSON line, and one clear line per mistake.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { program } from '../main.ts';

let root: string;
beforeAll(() => void (root = mkdtempSync(join(tmpdir(), 'spatter-simulate-cli-'))));
afterAll(() => rmSync(root, { recursive: true }));

/** Runs the command and returns its JSON line. */
async function simulate(...argv: string[]): Promise<Record<string, unknown>> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await program().parseAsync(['node', 'spatter', 'simulate', ...argv, '--json']);
    return JSON.parse(String(write.mock.calls.at(-1)![0])) as Record<string, unknown>;
  } finally {
    write.mockRestore();
  }
}

describe('spatter simulate', () => {
  it('renders a preset with its labels', async () => {
    const out = join(root, 'demo');
    const result = await simulate('--preset', 'demo', '--out', out, '--frames', '6');
    expect(result).toMatchObject({ frames: 72, labels: join(out, 'labels.csv') });
    expect(result['recordings']).toHaveLength(12);
    expect(readdirSync(out)).toHaveLength(37);
    const again = simulate('--preset', 'demo', '--out', out, '--frames', '6');
    await expect(again).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    await simulate('--preset', 'demo', '--out', out, '--frames', '6', '--overwrite');
  });

  it('renders a single recording', async () => {
    const out = join(root, 'single');
    const result = await simulate('--name', 'fading', '--flow', '0.9,0.1', '--frames', '20', '--out', out);
    expect(result).toMatchObject({
      labels: null,
      recordings: [{ name: 'fading', layers: 2, label: 1, frames: 20 }],
    });
    expect(readdirSync(out).sort()).toEqual(['fading.mp4', 'fading.truth.csv', 'fading.truth.json']);
  });

  it('ends cleanly with H.264 in a process of its own', () => {
    const bin = fileURLToPath(new URL('../../../bin/spatter.js', import.meta.url));
    const given = [
      '--name',
      'own',
      '--flow',
      '0.2',
      '--frames',
      '30',
      '--codec',
      'h264',
      '--out',
      join(root, 'own'),
    ];
    execFileSync(process.execPath, [bin, 'simulate', ...given], { stdio: 'pipe' });
    expect(readdirSync(join(root, 'own')).sort()).toEqual(['own.mp4', 'own.truth.csv', 'own.truth.json']);
  });

  it.each([
    [['--preset', 'six-recording'], 'did you mean six-recordings?'],
    [[], 'either --preset or --name'],
    [['--preset', 'demo', '--name', 'x'], 'either --preset or --name'],
    [['--name', 'x'], '--name needs --flow'],
    [['--name', 'x', '--flow', 'low'], 'must be numbers'],
    [['--name', 'x', '--flow', '0.2,0.3', '--layers', '3'], 'one per layer (3), but got 2'],
    [['--name', 'x', '--flow', '2'], 'flow from 0 to 1, but got 2'],
    [['--name', 'x', '--flow', '0.2', '--seed', '-1'], 'whole number'],
  ])('%j says: %s', async (argv, line) => {
    const failure = (await simulate(...argv, '--out', join(root, 'none')).catch(
      (error: unknown) => error,
    )) as {
      message: string;
      hint: string;
      code: string;
    };
    expect(failure.code).toBe('USAGE');
    expect(`${failure.message}; ${failure.hint}`).toContain(line);
  });
});

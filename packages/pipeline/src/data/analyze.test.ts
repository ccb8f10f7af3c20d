// The analysis counts what is there, the same each time; its Markdown and its page show it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { program } from '../cli/main.ts';
import { frameStatistics } from './frame-statistics.ts';
import { writeSimulatedCrops } from './testing/simulated-crops.ts';

const root = mkdtempSync(join(tmpdir(), 'spatter-analyze-'));
beforeAll(async () => {
  await writeSimulatedCrops(root, { planted: 'brightness', seed: 4, recordings: 4, crops: 30 });
});
afterAll(() => rmSync(root, { recursive: true }));

async function spatter(...argv: string[]): Promise<Record<string, unknown>> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await program().parseAsync(['node', 'spatter', ...argv, '--json']);
    return JSON.parse(String(write.mock.calls.at(-1)![0])) as Record<string, unknown>;
  } finally {
    write.mockRestore();
  }
}

it('writes JSON, Markdown and a page, the same bytes again, and nothing twice', async () => {
  const [a, b] = [join(root, 'a'), join(root, 'b')];
  const result = await spatter('data', 'analyze', root, '--out', a, '--layer-gap', '100');
  expect(result).toMatchObject({
    dataset_summary: {
      ...{ total_images: 240, class_balance_ratio: 1, recordings: 8, damaged_crops: 0, copies: 0 },
      classes: [
        { label: 0, crops: 120, share: 0.5 },
        { label: 1, crops: 120, share: 0.5 },
      ],
    },
    image_characteristics: { width: { min: 40, median: 40, max: 40 }, area: { mean: 1600 } },
    frames: { layers: 8, frames_with_spatter: 240 },
    index_order: { kind: 'shuffled', reference_shuffle: true },
    shortcuts: { survey: { shortcut_exists: true } },
  });
  const kinds = (result['splits'] as { kind: string; group: string | null }[]).map(
    (s) => `${s.kind} ${s.group ?? ''}`,
  );
  expect(kinds).toEqual([
    'random ',
    'time-block ',
    'recording recording',
    'recording session',
    'recording build',
  ]);
  await spatter('data', 'analyze', root, '--out', b, '--layer-gap', '100');
  for (const name of ['analysis_report.json', 'ANALYSIS.md', 'analysis.html'])
    expect(readFileSync(join(b, name), 'utf8')).toBe(readFileSync(join(a, name), 'utf8'));
  const markdown = readFileSync(join(a, 'ANALYSIS.md'), 'utf8');
  expect(markdown).toContain('| recording_0.h5 | 0 | 30 | 12.50 % | 1 |');
  expect(markdown).toContain('| Height, pixels | 40.0 |');
  expect(readFileSync(join(a, 'analysis.html'), 'utf8').match(/data:image\/jpeg/g)).toHaveLength(24);
  await expect(spatter('data', 'analyze', root, '--out', a)).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
});

it('tells layers by their pauses, and counts frames once', () => {
  const frames = [0, 0, 5, 900, 901, 2000];
  const statistics = frameStatistics(
    {
      recording: new Uint16Array(6),
      recordings: [
        {
          ...{ name: 'v', file: 'v.h5', video: 'v', label: 1, position: null, session: null, build: null },
          ...{ machine: null, gasFlow: null },
        },
      ],
      frame: Int32Array.from(frames),
      ...{ width: null, height: null, area: null, known: true },
    },
    700,
  );
  expect(statistics.recordings[0]).toMatchObject({
    ...{ layers: 3, frames_with_spatter: 5, most_crops_in_a_frame: 2, crops_per_layer: 2 },
    ...{ first_frame: 0, last_frame: 2000 },
  });
});

it('validates, measures shortcuts and compares at the command line, with their exit codes', async () => {
  const before = process.exitCode;
  const report = join(root, 'checks');
  expect(await spatter('data', 'validate', root, '--report', report)).toMatchObject({
    passed: true,
    errors: 0,
  });
  expect(readFileSync(join(report, 'validation.html'), 'utf8')).toContain(
    'Is this data set what its index says?',
  );
  const shortcuts = await spatter('data', 'shortcuts', root, '--split', 'random');
  expect(shortcuts).toMatchObject({
    shortcut_exists: true,
    names_recording: { recordings: 8 },
    leak: { gap_frames: 50 },
  });
  expect(await spatter('data', 'diff', root, root)).toMatchObject({ same: true });
  expect(process.exitCode).toBe(before);
  const other = join(root, 'other');
  await writeSimulatedCrops(other, { planted: 'brightness', seed: 5, recordings: 4, crops: 30 });
  expect(await spatter('data', 'diff', root, other)).toMatchObject({
    same: false,
    changed_bytes: { crops: 240 },
  });
  expect(process.exitCode).toBe(1);
  process.exitCode = before;
});

// `spatter data index` as typed: the CSVs, the lines for people, the JSON line.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readIndex } from '../../data/crop-index.ts';
import { writeCropFile } from '../../data/testing/crop-data.ts';
import { program } from '../main.ts';

let root: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'spatter-data-cli-'));
  const rows = (n: number) => Array.from({ length: n }, () => Uint8Array.of(255, 216, 255, 217));
  await writeCropFile(root, 'left_low_0.h5', { monday_0: rows(3) });
  await writeCropFile(root, 'left_high_2.h5', { tuesday_0: rows(2) });
});
afterAll(() => rmSync(root, { recursive: true }));

async function index(...argv: string[]): Promise<string[]> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const files = ['left_low_0.h5', 'left_high_2.h5'].map((name) => join(root, name));
  try {
    await program().parseAsync(['node', 'spatter', 'data', 'index', ...files, '--no-cache', ...argv]);
    return write.mock.calls.map(([line]) => String(line));
  } finally {
    write.mockRestore();
  }
}

it('indexes files by their names and reports as JSON', async () => {
  const [line] = await index('--json');
  expect(JSON.parse(line!)).toMatchObject({
    images: join(root, 'images.csv'),
    ...{ crops: 5, classes: { 0: 3, 1: 2 }, seed: 42, labels_inferred: true },
    recordings: [
      { recording: 'monday', file: 'left_low_0.h5', label: 0, position: 'left', session: null },
      { recording: 'tuesday', file: 'left_high_2.h5', label: 1, position: 'left', session: null },
    ],
  });
  expect(readIndex(join(root, 'images.csv'))).toHaveLength(5);
});

it('says which labels it took from the names', async () => {
  const lines = (await index('--out', join(root, 'other'), '--seed', '1')).join('');
  expect(lines).toContain('labels from the file names');
  expect(lines).toContain('../left_low_0.h5: label 0, 3 crops, left');
});

it('refuses wrong labels, one class, and a second run', async () => {
  await expect(index('--labels', '0,1,0', '--overwrite')).rejects.toMatchObject({ code: 'LABELS' });
  await expect(index('--labels', '1,1', '--overwrite')).rejects.toMatchObject({ code: 'ONE_CLASS' });
  await expect(index()).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
});

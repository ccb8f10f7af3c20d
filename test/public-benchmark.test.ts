// A benchmark in MNIST's format, at small size, by the commands that the guide names.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSafetensors } from '@spatter/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainArgs, writeGlyphs } from '../examples/idx-benchmark.ts';
import { readCsv } from '../packages/pipeline/src/util/csv.ts';
import { spatter, spatterJson } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'spatter-benchmark-'));
const [data, run] = [join(folder, 'data'), join(folder, 'run')];
const extra = ['training.batch_size=32', 'device=cpu', 'threads=2'];
let trained: Record<string, unknown>;

beforeAll(() => {
  writeGlyphs(data, { train: 2000, t10k: 400 });
  trained = spatterJson(...trainArgs(data, run, 3), ...extra);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('a public benchmark', () => {
  it('trains to read the digits, with the keys of any run', () => {
    expect(trained).toMatchObject({
      run_dir: run,
      finished: true,
      classes: 10,
      test_images: 400,
      split: 'official',
    });
    expect(trained['test_accuracy']).toBeGreaterThan(0.85);
    expect(trained['test_accuracy']).toBeGreaterThan(trained['best_baseline_accuracy'] as number);
    expect(trained['val_accuracy']).toBeGreaterThan(0.8);
    expect(Object.keys(trained['test_class_accuracy'] as object)).toHaveLength(10);
    expect(readFileSync(join(run, 'config.yaml'), 'utf8')).toMatch(/in_channels: 1\n\s+num_classes: 10\n/);
    for (const name of ['report.html', 'confusion.svg', 'training.svg', 'baselines.svg', 'evaluation.json'])
      expect(existsSync(join(run, 'evaluation', name)), name).toBe(true);
    const { columns, rows } = readCsv(join(run, 'evaluation', 'predictions.csv'));
    expect([columns.length, rows.length]).toEqual([13, 400]);
    const right = rows.filter(([, label, decision]) => label === decision).length;
    expect(right / 400).toBeCloseTo(trained['test_accuracy'] as number, 12);
  });

  it('gives the same bytes when it is trained again', () => {
    const other = join(folder, 'other');
    spatterJson(...trainArgs(data, other, 3), ...extra, '--no-evaluate');
    const bytes = (of: string) => readFileSync(join(of, 'checkpoints', 'last.safetensors'));
    expect(bytes(other).equals(bytes(run))).toBe(true);
  });

  it('exports, checked on the test images, and refuses to judge a video with that', () => {
    const weights = join(folder, 'weights.safetensors');
    const exported = spatterJson('export', run, '--weights', weights);
    expect(exported).toMatchObject({ crops: 400, decisions_changed: 0 });
    expect(loadSafetensors(readFileSync(weights), weights).tensors.size).toBe(10);
    const next = [...trainArgs(data, join(folder, 'next'), 1), ...extra, '--no-evaluate'];
    expect(spatter(...next, `model.pretrained=${weights}`).stdout).toContain(': 10 of 10 tensors\n');
    expect(spatter('export', run, '--out', join(folder, 'e'), '--weights', weights).stderr).toMatch(
      /weights\.safetensors.*\[OUTPUT_EXISTS\]\n$/,
    );
    const { code, stderr } = spatter(
      'predict',
      'none.mp4',
      '--model',
      join(run, 'export'),
      '--out',
      join(folder, 'v'),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^spatter: .*it tells 10 classes of images apart.*\[USAGE\]\n$/);
  });

  it.each([
    [
      'another number of classes',
      ['model.architecture.num_classes=7'],
      /must be 10 for the 10 classes.*\[CONFIG_VALUE\]/,
    ],
    ['no such files', ['data.root=/'], /must hold train-labels-idx1-ubyte .*\[FILE_NOT_FOUND\]/],
  ])('refuses with one line and leaves no run: %s', (_, override, line) => {
    const none = join(folder, 'none');
    const { code, stderr } = spatter(...trainArgs(data, none, 1), ...override);
    expect(code).toBe(1);
    expect(stderr.trimEnd()).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(none)).toBe(false);
  });
});

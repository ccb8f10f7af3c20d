// A benchmark in MNIST's format, at small size, by the commands that the guide names.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { loadSafetensors } from '@spatter/tensor';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIDE } from '../examples/drawn-digits.ts';
import { trainArgs, writeGlyphs } from '../examples/idx-benchmark.ts';
import { readExportedModel } from '../packages/pipeline/src/export/exported-model.ts';
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

  it('exports, checked on the test images', () => {
    const weights = join(folder, 'weights.safetensors');
    const exported = spatterJson('export', run, '--weights', weights);
    expect(exported).toMatchObject({ crops: 400, decisions_changed: 0 });
    expect(loadSafetensors(readFileSync(weights), weights).tensors.size).toBe(10);
    const next = [...trainArgs(data, join(folder, 'next'), 1), ...extra, '--no-evaluate'];
    expect(spatter(...next, `model.pretrained=${weights}`).stdout).toContain(': 10 of 10 tensors\n');
    expect(spatter('export', run, '--out', join(folder, 'e'), '--weights', weights).stderr).toMatch(
      /weights\.safetensors.*\[OUTPUT_EXISTS\]\n$/,
    );
  });

  it('judges images of 28×28 as in training, in the middle of black', async () => {
    const images = join(folder, 'images');
    mkdirSync(images);
    const drawn = gunzipSync(readFileSync(join(data, 't10k-images-idx3-ubyte.gz'))).subarray(16);
    const pixels = SIDE * SIDE;
    for (let i = 0; i < 30; i++) {
      const raw = { width: SIDE, height: SIDE, channels: 1 } as const;
      const png = sharp(drawn.subarray(i * pixels, (i + 1) * pixels), { raw }).png();
      await png.toFile(join(images, `${String(i).padStart(2, '0')}.png`));
    }
    spatterJson('predict', images, '--model', join(run, 'export'), '--out', join(folder, 'v'));
    const predicted = readCsv(join(folder, 'v', 'images_predictions.csv'));
    const evaluated = readCsv(join(run, 'evaluation', 'predictions.csv')).rows;
    const { temperature } = readExportedModel(join(run, 'export')).card.calibration;
    const first = predicted.columns.indexOf('p_0');
    predicted.rows.forEach((row, i) => {
      const raw = evaluated[i]!.slice(3).map((p) => Number(p) ** (1 / temperature));
      const sum = raw.reduce((a, b) => a + b, 0);
      raw.forEach((p, k) => expect(Number(row[first + k])).toBeCloseTo(p / sum, 4));
    });
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

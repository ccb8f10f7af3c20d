// Crops of low, mid and high gas flow through the command line: index, training, evaluation, export, verdict.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawDigit, SIDE } from '../examples/drawn-digits.ts';
import { CropFileWriter } from '../packages/pipeline/src/store/crop-file.ts';
import { readCsv } from '../packages/pipeline/src/util/csv.ts';
import { randomStream } from '../packages/pipeline/src/util/random.ts';
import { spatter, spatterJson } from './cli.ts';

const root = mkdtempSync(join(tmpdir(), 'spatter-crop-classes-'));
const at = (...parts: string[]) => join(root, ...parts);
const FLOWS = ['low', 'mid', 'high'];
const DIGITS = [1, 4, 0];
const CROPS = 30;
const CLASSES = ['model.architecture.num_classes=3', 'training.loss=cross_entropy'];
const train = (run: string, ...overrides: string[]) => ['train', `paths.data_root=${root}`, `paths.run_dir=${at(run)}`, 'device=cpu', 'threads=2', 'data.split.kind=recording', 'training.epochs=6', 'training.batch_size=32', ...overrides]; // prettier-ignore

/** A recording whose flow is a digit's shape, a crop in every tenth frame. */
async function storeRecording(name: string, digit: number, seed: number): Promise<void> {
  const jpegOf = (i: number) => {
    const raw = drawDigit(digit, randomStream(seed, i));
    return sharp(raw, { raw: { width: SIDE, height: SIDE, channels: 1 } })
      .jpeg({ quality: 95 })
      .toBuffer();
  };
  const jpegs = await Promise.all(
    Array.from({ length: CROPS }, async (_, i) => new Uint8Array(await jpegOf(i))),
  );
  const writer = await CropFileWriter.create(at(`${name}.h5`));
  writer.writeDataset(`${name}_0`, jpegs);
  writer.close();
  const lines = jpegs.map((_, i) => `${name}_0,${i},${10 * i},1,2,${SIDE},${SIDE},300`);
  writeFileSync(at(`${name}_crops.csv`), `${['dataset,ds_idx,frame,x,y,w,h,area', ...lines].join('\n')}\n`);
}

beforeAll(async () => {
  for (const [k, flow] of FLOWS.entries())
    for (let r = 0; r < 5; r++) await storeRecording(`left_${flow}_${r}`, DIGITS[k]!, 10 * k + r);
  const files = FLOWS.flatMap((flow) => Array.from({ length: 5 }, (_, r) => at(`left_${flow}_${r}.h5`)));
  spatterJson('data', 'index', ...files, '--out', root);
}, 120_000);
afterAll(() => rmSync(root, { recursive: true }));

describe('crops of three gas flows', () => {
  it('say what to type where the network has two classes', () => {
    const { code, stderr } = spatter(...train('two'));
    expect(code).not.toBe(0);
    expect(stderr).toContain(CLASSES.join(' '));
  });

  it('are trained and judged by class, with split, leak and baselines beside the score', () => {
    const result = spatterJson(...train('run', ...CLASSES));
    expect(result).toMatchObject({ classes: 3, split: 'recording', leak_share: 0 });
    expect(result['test_accuracy']).toBeGreaterThan(0.9);
    expect(result['best_baseline_accuracy']).toBeLessThan(result['test_accuracy'] as number);
    expect(Object.keys(result['test_class_accuracy'] as object)).toEqual(FLOWS);
    const evaluation = JSON.parse(readFileSync(at('run', 'evaluation', 'evaluation.json'), 'utf8')) as {
      samples: number;
      measured: { topic: string }[];
      per_recording: { name: string; classes: number }[];
    };
    expect(evaluation.measured.map(({ topic }) => topic)).toEqual(['Split', 'Leak', 'Baselines', 'Gas or camera', 'Interval']); // prettier-ignore
    expect(evaluation.per_recording.map(({ classes }) => classes)).toEqual([1, 1, 1]);
    const { columns, rows } = readCsv(at('run', 'evaluation', 'predictions.csv'));
    expect(columns.slice(-5)).toEqual(['label', 'decision', 'p_low', 'p_mid', 'p_high']);
    expect(rows.length).toBe(evaluation.samples);
    expect(readFileSync(at('run', 'evaluation', 'report.html'), 'utf8')).toContain('left_mid_');
  }, 120_000);

  it('have their shortcuts measured before any training', () => {
    const { scores, strongest, split } = spatterJson('data', 'shortcuts', root, '--split', 'recording') as { scores: { name: string; accuracy: number }[]; strongest: string; split: { kind: string } }; // prettier-ignore
    expect(split.kind).toBe('recording');
    expect(scores.find(({ name }) => name === 'majority')!.accuracy).toBeCloseTo(1 / 3, 12);
    expect(scores.map(({ name }) => name)).toContain(strongest);
  });

  it('give a model that names the flow of another recording', async () => {
    spatterJson('export', at('run'));
    await storeRecording('new', DIGITS[1]!, 99);
    const { videos } = spatterJson('predict', at('new.h5'), '--model', at('run', 'export'), '--out', at('out')) as { videos: Record<string, unknown>[] }; // prettier-ignore
    expect(videos[0]).toMatchObject({ verdict: 'mid' });
    expect(existsSync(at('out', 'new_report.html'))).toBe(true);
  }, 120_000);
});

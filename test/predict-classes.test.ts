// A model that tells three classes of images apart, trained on class folders, judges images and stored crops by the command line.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawDigit, SIDE } from '../examples/drawn-digits.ts';
import { readExportedModel } from '../packages/pipeline/src/export/exported-model.ts';
import { CropFileWriter } from '../packages/pipeline/src/store/crop-file.ts';
import { readCsv } from '../packages/pipeline/src/util/csv.ts';
import { randomStream } from '../packages/pipeline/src/util/random.ts';
import { spatter, spatterJson } from './cli.ts';

const root = mkdtempSync(join(tmpdir(), 'spatter-classes-'));
const at = (...parts: string[]) => join(root, ...parts);
const CLASSES = ['one', 'seven, or four', 'zero'];
const DIGITS = [1, 4, 0];
const model = at('run', 'export');

async function drawClasses(part: string, count: number, seed: number): Promise<void> {
  for (const [k, name] of CLASSES.entries()) {
    mkdirSync(at('data', part, name), { recursive: true });
    for (let i = 0; i < count; i++) {
      const raw = drawDigit(DIGITS[k]!, randomStream(seed, k * 1000 + i));
      const png = sharp(raw, { raw: { width: SIDE, height: SIDE, channels: 1 } }).png();
      await png.toFile(at('data', part, name, `${String(i).padStart(3, '0')}.png`));
    }
  }
}

/** Two layers of 30 frames with a crop each: all of the first class, then all of the last. */
async function storeCrops(): Promise<void> {
  const jpegOf = (name: string, i: number) =>
    sharp(at('data', 'test', name, `${String(i).padStart(3, '0')}.png`))
      .jpeg({ quality: 95 })
      .toBuffer();
  const jpegs: Uint8Array[] = [];
  for (const name of [CLASSES[0]!, CLASSES[2]!])
    for (let i = 0; i < 30; i++) jpegs.push(new Uint8Array(await jpegOf(name, i)));
  const writer = await CropFileWriter.create(at('crops.h5'));
  writer.writeDataset('crops_0', jpegs);
  writer.close();
  const frame = (i: number) => (i < 30 ? i : 2000 + i);
  const lines = jpegs.map((_, i) => `${frame(i)},1,2,28,28,300,crops_0,${i}`);
  writeFileSync(at('crops_crops.csv'), `${['frame,x,y,w,h,area,dataset,ds_idx', ...lines].join('\n')}\n`);
}

/** A table as objects. */
function table(...path: string[]): Record<string, string>[] {
  const { columns, rows } = readCsv(at(...path));
  return rows.map((row) => Object.fromEntries(row.map((cell, i) => [columns[i]!, cell])));
}

beforeAll(async () => {
  await drawClasses('train', 80, 1);
  await drawClasses('test', 30, 2);
  await storeCrops();
  const fixed = ['training.epochs=4', 'device=cpu', 'threads=2', `paths.run_dir=${at('run')}`];
  spatterJson('train', 'data=folder', `data.root=${at('data')}`, 'model=lenet5', ...fixed);
  spatterJson('export', at('run'));
}, 120_000);
afterAll(() => rmSync(root, { recursive: true }));

describe('a model of three classes', () => {
  it('judges images as its evaluation did, with a probability for each class', () => {
    const { videos } = spatterJson('predict', at('data', 'test', '*', '*.png'), '--model', model, '--out', at('images')) as { videos: Record<string, unknown>[] }; // prettier-ignore
    expect(videos.map(({ verdict }) => verdict)).toEqual(CLASSES);
    const { temperature } = readExportedModel(model).card.calibration;
    const evaluated = new Map(
      table('run', 'evaluation', 'predictions.csv').map((row) => [row['image']!, row]),
    );
    for (const folder of CLASSES) {
      const rows = table('images', `${folder}_predictions.csv`);
      expect(rows).toHaveLength(30);
      for (const row of rows) {
        const name = row['name']!.slice(at('data').length + 1);
        const raw = CLASSES.map((each) => Number(evaluated.get(name)![`p_${each}`]) ** (1 / temperature));
        const sum = raw.reduce((a, b) => a + b, 0);
        CLASSES.forEach((each, k) => expect(Number(row[`p_${each}`])).toBeCloseTo(raw[k]! / sum, 4));
        expect(row['decision']).toBe(evaluated.get(name)!['decision']);
        expect(row['probability']).toBe(row[`p_${row['decision']!}`]);
      }
    }
  });

  it('judges stored crops by frame and layer', () => {
    const args = ['predict', at('crops.h5'), '--model', model, '--out', at('stored'), '--layer-gap', '700'];
    const { stdout, stderr } = spatter(...args, '--stream');
    expect(stderr).toBe('');
    const streamed = stdout.split('\n').filter((line) => line.startsWith('{'));
    expect(streamed).toHaveLength(60);
    expect(JSON.parse(streamed[0]!)).toMatchObject({ frame: 0, layer: 0, decision: 'one' });
    expect(stdout).toContain('unclear – layers differ or are unclear: 1 one, 1 zero');
    expect(table('stored', 'crops_frames.csv')).toHaveLength(60);
    const layers = table('stored', 'crops_layers.csv');
    expect(layers.map(({ verdict }) => verdict)).toEqual(['one', 'zero']);
    expect(layers[1]).toMatchObject({ first_frame: '2030', last_frame: '2059', crops: '30' });
    for (const layer of layers) {
      const called = CLASSES.map((name) => Number(layer[`crops_${name}`]));
      expect(called.reduce((a, b) => a + b)).toBe(30);
      for (const name of CLASSES) {
        const [p, low, high] = ['p', 'low', 'high'].map((key) => Number(layer[`${key}_${name}`]));
        expect(low).toBeLessThanOrEqual(p!);
        expect(high).toBeGreaterThanOrEqual(p!);
      }
    }
    const verdict = JSON.parse(readFileSync(at('stored', 'crops_verdict.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(verdict).toMatchObject({ verdict: 'unclear', crops: 60, frames_read: 60 });
    expect(readFileSync(at('stored', 'crops_report.html'), 'utf8')).toMatch(/Classes in crops\.h5.*<svg/s);
    expect(spatter(...args, '--resume').stdout).toContain('(judged before)');
    expect(readdirSync(at('stored')).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('cannot judge few images, nor such as it does not know', async () => {
    mkdirSync(at('few'));
    mkdirSync(at('inverted'));
    for (const name of readdirSync(at('data', 'test', 'one')))
      await sharp(at('data', 'test', 'one', name))
        .negate()
        .toFile(at('inverted', name));
    await sharp(at('data', 'test', 'one', '000.png')).toFile(at('few', '0.png'));
    const [few, inverted] = ['few', 'inverted'].map((name) =>
      spatter('predict', at(name), '--model', model, '--out', at('unsure'), '--format', 'json'),
    );
    expect(few!.stdout).toContain('only 0 of 1 layers could be judged: only 1 crops, at least 20 are needed');
    expect(inverted!.stdout).toMatch(
      /cannot judge – only 0 of 1 layers could be judged: out of distribution/,
    );
    const rows = JSON.parse(readFileSync(at('unsure', 'inverted_predictions.json'), 'utf8')) as Record<
      string,
      unknown
    >[];
    expect(rows.every(({ unlike }) => unlike !== null)).toBe(true);
  });

  it('does not cut crops from a video, and says what to do', () => {
    const { code, stderr } = spatter('predict', 'none.mp4', '--model', model, '--out', at('v'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/it tells 3 classes of images apart.*`spatter extract` cuts them.*\[USAGE\]\n$/);
    expect(existsSync(at('v'))).toBe(false);
  });

  it('is registered and verified as any other', () => {
    const registry = ['--registry', at('registry')];
    spatterJson('registry', 'register', model, '--name', 'kinds', '--reason', 'test', ...registry);
    expect(spatterJson('registry', 'verify', ...registry)).toMatchObject({ versions: 1, faults: [] });
    expect(spatter('registry', 'show', 'models:/kinds/1', ...registry).stdout).toContain('Tells apart: one, seven, or four, zero'); // prettier-ignore
    const uri = ['--model', 'models:/kinds/1', ...registry, '--out', at('named')];
    expect(spatterJson('predict', at('crops.h5'), ...uri)['videos']).toMatchObject([{ verdict: 'unclear' }]);
  });
});

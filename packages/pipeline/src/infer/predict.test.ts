// Prediction from videos, stored crops and images; killed and resumed to the same bytes; layers that cannot be judged.
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extractToFiles } from '../extract/extract-files.ts';
import { recipe } from '../simulate/recipe.ts';
import { simulateRecording } from '../simulate/simulate.ts';
import { readCsv } from '../util/csv.ts';
import { silentProgress } from '../util/progress.ts';
import type { Classifier } from './classifier.ts';
import type { JudgedChunk } from './crop-judge.ts';
import { openModel } from './open-model.ts';
import { predictInput } from './predict-input.ts';
import { predictInputs } from './predict-inputs.ts';
import { predictVideo } from './predict-video.ts';
import { tinyModel } from './testing/tiny-model.ts';

const root = mkdtempSync(join(tmpdir(), 'spatter-predict-'));
const at = (...parts: string[]) => join(root, ...parts);
const rules = { leftBound: 0, rightBound: 99999, minArea: 60, maxArea: 15000, threshold: 20 };
const options = { rules, startFrame: 0, layerGap: 40, decoder: 'auto', progress: silentProgress } as const;
let classifier: Classifier;

beforeAll(async () => {
  const common = { layerFlows: [0.8, 0.2], burnFrames: 160, pauseFrames: 60, width: 160, height: 96 };
  for (const each of [
    recipe({ ...common, name: 'build' }),
    recipe({ ...common, name: 'dark', exposure: 0.02 }),
  ])
    await simulateRecording(each, root, { codec: 'mpeg4' });
  await tinyModel(at('model'));
  classifier = await openModel(at('model'), { registry: at('registry') });
}, 120_000);
afterAll(async () => {
  await classifier.close();
  rmSync(root, { recursive: true });
});

const judge = (given: string, folder: string) =>
  predictInput({ input: predictInputs([given])[0]!, folder: at(folder), format: 'csv' }, classifier, options);
const column = (folder: string, name: string, which: string) => {
  const { columns, rows } = readCsv(at(folder, name));
  return rows.map((row) => row[columns.indexOf(which)]);
};

describe('predict', () => {
  it('goes on after an interruption to the same bytes', async () => {
    await judge(at('build.mp4'), 'whole');
    const chunks: JudgedChunk[] = [];
    const whole = await predictVideo(at('build.mp4'), classifier, {
      ...options,
      onChunk: (chunk) => chunks.push(chunk),
    });
    expect(chunks.length).toBeGreaterThan(0);
    const resumed = await predictVideo(at('build.mp4'), classifier, { ...options, restored: chunks });
    expect(resumed).toEqual(whole);
    expect(whole.crops.length).toBeGreaterThan(20);
  });

  it('takes up the journal of a call that was killed', async () => {
    let batches = 0;
    const failing = {
      ...options,
      onCrops: () => {
        if (++batches === 2) throw new Error('killed');
      },
    };
    const [input] = predictInputs([at('build.mp4')]);
    const place = { input: input!, folder: at('killed'), format: 'csv' as const };
    await expect(predictInput(place, classifier, failing)).rejects.toThrow('killed');
    expect(readdirSync(at('killed'))).toEqual(['.build_verdict.json.journal']);
    await judge(at('build.mp4'), 'killed');
    await judge(at('build.mp4'), 'fresh');
    expect(readdirSync(at('killed')).sort()).toEqual(readdirSync(at('fresh')).sort());
    for (const name of readdirSync(at('fresh'))) {
      expect(readFileSync(at('killed', name)).equals(readFileSync(at('fresh', name))), name).toBe(true);
    }
  });

  it('says the same of the crops of a video, of its HDF5 file and of its images', async () => {
    await judge(at('build.mp4'), 'video');
    await extractToFiles(at('build.mp4'), at('crops'), { ...rules, layerGap: 40 });
    await judge(at('crops', 'build.h5'), 'stored');
    const of = (folder: string) => {
      const [frame, x, y, p] = ['frame', 'x', 'y', 'probability'].map((name) =>
        column(folder, 'build_predictions.csv', name),
      );
      return new Map(p!.map((value, i) => [`${frame![i]!} ${x![i]!} ${y![i]!}`, value]));
    };
    const [video, stored] = [of('video'), of('stored')];
    expect(stored.size).toBeGreaterThan(20);
    for (const [crop, p] of stored) {
      if (p !== '') expect(Number(p), crop).toBeCloseTo(Number(video.get(crop)), 6);
    }
    mkdirSync(at('images'));
    for (const name of ['00.jpg', '01.jpg']) copyFileSync(at('model', 'golden', name), at('images', name));
    await judge(at('images'), 'pictures');
    const golden = classifier.model.card.golden.map(({ probability }) => probability[0]!);
    column('pictures', 'images_predictions.csv', 'probability').forEach((p, i) => {
      expect(Number(p)).toBeCloseTo(golden[i]!, 6);
    });
  });

  it('cannot judge what is too little, and what shows nothing', async () => {
    const { result } = await judge(at('images'), 'few');
    expect(result).toMatchObject({
      verdict: 'cannot judge',
      reason: expect.stringContaining('only 2 crops') as unknown,
    });
    const [input] = predictInputs([at('dark.mp4')]);
    const far = { ...options, rules: { ...rules, minArea: 2000 } };
    const dark = await predictInput({ input: input!, folder: at('dark'), format: 'json' }, classifier, far);
    expect(dark.result).toMatchObject({
      verdict: 'cannot judge',
      reason: expect.stringMatching(/^dark view/) as unknown,
    });
  });

  it('cannot judge crops unlike those that the model knows', async () => {
    const range = (low: number, high: number) => ({ low, high, typical_low: low, typical_high: high });
    const domain = { samples: 1, features: { sharpness: range(5, 6) }, outside_share: 0 };
    await tinyModel(at('narrow'), 1, { domain });
    const narrow = await openModel(at('narrow'), { registry: at('registry') });
    const { layers, crops } = await predictVideo(at('build.mp4'), narrow, options);
    await narrow.close();
    expect(layers.filter(({ crops: n }) => n >= 20).map(({ reason }) => reason.split(':')[0])).toContain(
      'fouled or blurred view',
    );
    expect(new Set(crops.map(({ unlike }) => unlike))).toContain('sharpness below');
  });
});

describe('what is given', () => {
  it('may be files, folders and patterns', () => {
    cpSync(at('images'), at('mixed', 'left'), { recursive: true });
    for (const name of ['a.mp4', 'b.mp4', 'c.h5', 'note.txt']) writeFileSync(at('mixed', name), '');
    const of = (...given: string[]) =>
      predictInputs(given).map(({ kind, stem, paths }) => [kind, stem, paths.length]);
    expect(of(at('mixed'))).toEqual([
      ['video', 'a', 1],
      ['video', 'b', 1],
      ['crops', 'c', 1],
    ]);
    expect(of(at('mixed', '?.mp4'), at('mixed', 'l*'))).toEqual([
      ['video', 'a', 1],
      ['video', 'b', 1],
      ['images', 'left', 2],
    ]);
    expect(of(at('m*', '*.h5'), '-')).toEqual([
      ['crops', 'c', 1],
      ['video', 'stdin', 1],
    ]);
    expect(() => of(at('mixed', '*.avi'))).toThrow(/matches nothing/);
    expect(() => of(at('mixed', 'a.mp4'), at('other', 'a.mp4'))).toThrow(/need names of their own/);
  });
});

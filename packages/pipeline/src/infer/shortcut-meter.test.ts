// The shortcut meter on trained networks: a planted brightness is flagged, a planted shape passes, in both directions and for several seeds.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { composeConfig } from '../config/index.ts';
import { readIndex } from '../data/crop-index.ts';
import { surveyCrops } from '../data/crop-survey.ts';
import { surveyShortcuts } from '../data/shortcut-survey.ts';
import { cropTimes } from '../data/sidecar.ts';
import { SPLITS } from '../data/splits/catalogue.ts';
import { writeSimulatedCrops, type CropRecipe } from '../data/testing/simulated-crops.ts';
import { createRunDirectory } from '../train/run-directory.ts';
import { trainRun } from '../train/train-run.ts';
import { silentProgress } from '../util/progress.ts';
import { evaluateRun } from './evaluate-run.ts';

const root = mkdtempSync(join(tmpdir(), 'spatter-meter-'));
afterAll(() => rmSync(root, { recursive: true }));

async function dataSet(recipe: CropRecipe): Promise<string> {
  const folder = mkdtempSync(join(root, 'set-'));
  await writeSimulatedCrops(folder, { recordings: 12, crops: 30, ...recipe });
  return folder;
}

/** Summary of a small network trained on recordings and judged on others. */
async function trained(recipe: CropRecipe): Promise<Readonly<Record<string, unknown>>> {
  const folder = await dataSet(recipe);
  const overrides = [
    `paths.data_root=${folder}`,
    `paths.run_dir=${join(folder, 'run')}`,
    'data.split.kind=recording',
    'data.split.train=0.5',
    'data.split.val=0.15',
    'data.split.test=0.35',
    'training.epochs=10',
    'training.optimizer.lr=0.004',
    'training.batch_size=64',
  ];
  const run = createRunDirectory(composeConfig({ overrides }), new Date(0));
  const observer = { onEpoch: () => undefined, onNotice: () => undefined, interrupted: () => false };
  await trainRun(run, { ...observer, progress: silentProgress });
  return (await evaluateRun(run, { progress: silentProgress })).summary;
}

const cases = [1, 2, 3].map((seed) => ({ seed, sign: seed % 2 === 0 ? (-1 as const) : (1 as const) }));

it.each(cases)('flags a planted brightness, seed $seed, sign $sign', async (kind) => {
  const summary = await trained({ planted: 'brightness', ...kind });
  expect(summary['test_accuracy']).toBeGreaterThan(0.8);
  expect(summary['shortcut_verdict']).toBe('may be the camera');
});

it.each(cases)('lets a planted shape pass, seed $seed, sign $sign', async (kind) => {
  const summary = await trained({ planted: 'shape', ...kind });
  expect(summary['test_accuracy']).toBeGreaterThan(0.8);
  expect(summary).toMatchObject({ shortcut_verdict: 'beyond the shortcuts', shortcuts_not_beaten: [] });
});

it('sees the shortcut before any training, and none where there is none', async () => {
  const survey = async (recipe: CropRecipe) => {
    const index = readIndex(join(await dataSet(recipe), 'images.csv'));
    const times = cropTimes(index);
    const split = SPLITS.recording(
      { ...times, label: index.label },
      { seed: 1, fractions: [0.5, 0.15, 0.35] },
    );
    return surveyShortcuts(index, await surveyCrops(index, silentProgress), times, split, 1);
  };
  const bright = await survey({ planted: 'brightness', seed: 5 });
  expect(bright.shortcut_exists).toBe(true);
  expect(bright.scores.find(({ name }) => name === 'brightness')!.accuracy).toBeGreaterThan(0.9);
  expect(bright.names_recording).toBeNull();
  const shape = await survey({ planted: 'shape', seed: 5 });
  expect(shape.scores.every(({ accuracy }) => accuracy < 0.65)).toBe(true);
  expect(shape.scores.find(({ name }) => name === 'majority')!.over_majority.estimate).toBe(0);
});

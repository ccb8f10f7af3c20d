// A model that was touched in any part is refused, and the refusal names the part; with its hashes made anew, the golden crops still tell.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noiseCrop } from '../data/transforms/testing/noise-crops.ts';
import { mlflowFiles } from '../export/mlflow-files.ts';
import type { ModelCard } from '../export/model-card.ts';
import { sealOf, sha256 } from '../export/seal.ts';
import { openModel } from './open-model.ts';
import { tinyModel } from './testing/tiny-model.ts';

const root = mkdtempSync(join(tmpdir(), 'spatter-open-model-'));
const whole = join(root, 'whole');
const registry = join(root, 'registry');

beforeAll(async () => {
  await tinyModel(whole);
});
afterAll(() => rmSync(root, { recursive: true }));

type Draft = { -readonly [K in keyof ModelCard]: ModelCard[K] };

/** Opens a copy of the model after `change`; returns the line it is refused with. */
async function refusal(change: (folder: string) => void): Promise<string> {
  const folder = join(root, 'touched');
  cpSync(whole, folder, { recursive: true });
  try {
    change(folder);
    await (await openModel(folder, { registry })).close();
    return 'opened';
  } catch (error) {
    return (error as Error).message.replaceAll(folder, '');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function editCard(folder: string, edit: (card: Draft) => void, reseal = false): void {
  const path = join(folder, 'model.json');
  const card = JSON.parse(readFileSync(path, 'utf8')) as Draft;
  edit(card);
  writeFileSync(path, JSON.stringify(reseal ? { ...card, seal: sealOf(card) } : card));
}

const EDITS: Record<string, (card: Draft) => void> = {
  'preprocessing was': (card) => (card.preprocessing = { ...card.preprocessing, resize: 36 }),
  'threshold was': (card) => (card.threshold = 0.1),
  'calibration was': (card) => (card.calibration = { ...card.calibration, temperature: 1 }),
  'labels were': (card) => card.labels.reverse(),
  'domain was': (card) => (card.domain = { samples: 1, features: {}, outside_share: 0 }),
  'golden crops were': (card) => (card.golden[1] = { ...card.golden[1]!, logits: [3] }),
  'provenance was': (card) => (card.evaluation = { test_accuracy: 1 }),
};

describe('opening a model', () => {
  it('runs the golden crops and judges by the calibrated network', async () => {
    const classifier = await openModel(whole, { registry });
    const { logits, probability } = await classifier.judge([noiseCrop(20), noiseCrop(21)]);
    await classifier.close();
    logits.forEach((z, i) => expect(probability[i]).toBeCloseTo(1 / (1 + Math.exp(-z / 2)), 6));
  });

  it.each(Object.entries(EDITS))('says that the %s touched', async (words, edit) => {
    expect(await refusal((folder) => editCard(folder, edit))).toContain(`its ${words} touched`);
  });

  it('says that the weights were touched', async () => {
    const change = (folder: string) => {
      const bytes = readFileSync(join(folder, 'model.onnx'));
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(join(folder, 'model.onnx'), bytes);
    };
    expect(await refusal(change)).toMatch(/^\/model\.onnx .*the weights were touched$/);
  });

  it('names a golden crop that was changed or removed', async () => {
    expect(await refusal((folder) => writeFileSync(join(folder, 'golden/01.jpg'), 'x'))).toMatch(
      /golden\/01\.jpg/,
    );
    expect(await refusal((folder) => rmSync(join(folder, 'golden/02.jpg')))).toContain(
      'has no golden/02.jpg',
    );
  });

  it('finds changes under a seal that was made anew, by what the golden crops give', async () => {
    const resealed = (edit: (card: Draft) => void) => refusal((folder) => editCard(folder, edit, true));
    expect(await resealed(EDITS['preprocessing was']!)).toContain(
      'its preprocessing or weights were touched',
    );
    expect(await resealed(EDITS['threshold was']!)).toContain('its threshold was touched');
    expect(await resealed(EDITS['golden crops were']!)).toContain('golden/01.jpg must be as it was exported');
    const swapped = await tinyModel(join(root, 'other'), 2);
    const others = await refusal((folder) => {
      writeFileSync(join(folder, 'model.onnx'), swapped.onnx);
      editCard(folder, (card) => (card.onnx_sha256 = sha256(swapped.onnx)), true);
    });
    expect(others).toContain('its preprocessing or weights were touched');
  });
});

describe('an exported model', () => {
  it('gives the same bytes twice', async () => {
    const again = join(root, 'again');
    const model = await tinyModel(again);
    const names = ['model.onnx', 'model.json', 'golden/00.jpg', ...Object.keys(mlflowFiles(model.card))];
    for (const name of names) {
      expect(readFileSync(join(again, name)).equals(readFileSync(join(whole, name))), name).toBe(true);
    }
  });
});

// Baselines of three classes on crops whose classes are known to follow from one feature.
import { describe, expect, it } from 'vitest';
import { normal, randomStream } from '../util/random.ts';
import { accuracy } from './accuracy.ts';
import type { ShortcutFeatures } from './baselines.ts';
import { decideCropClassBaselines, type CropClassBaselineName } from './crop-class-baselines.ts';

const CROPS = 300;
const label = Uint8Array.from({ length: CROPS }, (_, i) => i % 3);
const recording = Array.from(label, (k, i) => `${k}-${Math.floor(i / 3) % 2}`);

/** Noise, and in `told` twenty spreads between neighbouring classes. */
function crops(seed: number, told: 'brightness' | 'nothing'): ShortcutFeatures {
  const column = (name: string, k: number) => {
    const random = randomStream(seed, k);
    return Float64Array.from(label, (y) => normal(random) + (name === told ? 20 * y : 0));
  };
  const [brightness, area, width] = [column('brightness', 1), column('area', 2), column('width', 3)];
  return { brightness, area, width, height: column('height', 4), jpeg_bytes: column('jpeg_bytes', 5) };
}

function reach(train: ShortcutFeatures, test: ShortcutFeatures): Record<CropClassBaselineName, number> {
  const decided = decideCropClassBaselines({ features: train, label, recording }, 3, {
    features: test,
    crops: CROPS,
  });
  const scores = decided.map(({ name, decision }) => [name, accuracy(label, decision)]);
  return Object.fromEntries(scores) as Record<CropClassBaselineName, number>;
}

describe('baselines of crops of several classes', () => {
  it('find the feature that tells the classes, and guess by the others', () => {
    const found = reach(crops(1, 'brightness'), crops(2, 'brightness'));
    expect(found.majority).toBeCloseTo(1 / 3, 12);
    for (const name of ['brightness', 'all_shortcuts', 'light_and_size', 'fingerprint'] as const)
      expect(found[name], name).toBe(1);
    for (const name of ['area', 'jpeg_bytes'] as const) expect(found[name], name).toBeLessThan(0.5);
  });

  it('are lost where the feature tells nothing in test', () => {
    const found = reach(crops(1, 'brightness'), crops(2, 'nothing'));
    for (const [name, score] of Object.entries(found)) expect(score, name).toBeLessThan(0.5);
  });

  it('name a class for each crop also where a class has no training crops', () => {
    const features = crops(1, 'brightness');
    const two = label.map((y) => (y === 1 ? 2 : y));
    const decided = decideCropClassBaselines({ features, label: two, recording }, 3, {
      features,
      crops: CROPS,
    });
    for (const { name, decision } of decided) expect(decision.includes(1), name).toBe(false);
  });
});

// The verdict on margins over shortcuts: significance, and how much of the score a shortcut explains.
import { describe, expect, it } from 'vitest';
import { normal, randomStream, uniform } from '../util/random.ts';
import { BASELINES, type BaselineName } from './baselines.ts';
import { shortcutMeter } from './shortcut-meter.ts';

/** A model of accuracy 0.9 against a baseline of `accuracy`. */
function compared(
  name: BaselineName,
  accuracy: number,
  better = true,
  p: number | null = better ? 0.001 : 0.3,
) {
  const interval = { low: 0, high: 0, level: 0.95, clusters: 9, resamples: 9 };
  return { name, metrics: { accuracy }, margin: { ...interval, estimate: 0.9 - accuracy, p, better } };
}

/** Balanced accuracy of a model that tells both classes. */
const SURE = { low: 0.85 };

describe('the shortcut meter', () => {
  it('lets pass what is significantly better than every shortcut', () => {
    const meter = shortcutMeter([compared('majority', 0.5), compared('light_and_size', 0.8)], SURE);
    expect(meter).toEqual({ verdict: 'beyond the shortcuts', flagged: false, not_beaten: [] });
  });

  it('flags a margin that is not significant', () => {
    const meter = shortcutMeter([compared('majority', 0.5), compared('brightness', 0.7, false)], SURE);
    expect(meter).toMatchObject({ verdict: 'may be the camera', not_beaten: ['brightness'] });
  });

  it('flags a shortcut that alone explains the score, however significant the rest', () => {
    const meter = shortcutMeter([compared('majority', 0.5), compared('light_and_size', 0.88)], SURE);
    expect(meter).toMatchObject({ verdict: 'may be the camera', not_beaten: ['light_and_size'] });
  });

  it('cannot tell without a test', () => {
    const meter = shortcutMeter(
      [compared('majority', 0.5, false, null), compared('width', 0.6, false, null)],
      { low: null },
    );
    expect(meter).toMatchObject({ verdict: 'cannot tell', flagged: true });
  });

  it('flags one class for all, which beats everything where test holds more of it than training', () => {
    const meter = shortcutMeter([compared('majority', 0.25), compared('width', 0.3)], { low: 0.4 });
    expect(meter).toMatchObject({ verdict: 'may be the camera', not_beaten: ['majority'] });
  });

  it('takes a balanced accuracy for what it is worth with more classes', () => {
    const rivals = [compared('majority', 0.25), compared('width', 0.3)];
    expect(shortcutMeter(rivals, { low: 0.4 }, 3).flagged).toBe(false);
    expect(shortcutMeter(rivals, { low: 0.3 }, 3).not_beaten).toEqual(['majority']);
  });
});

it('light and size together tell an exposure that brightness alone hides', () => {
  // The size scatters far more light than the exposure changes: only light for its size tells the class.
  const random = randomStream(4);
  const label = Array.from({ length: 600 }, (_, i) => i % 2);
  const width = label.map(() => 20 + 80 * uniform(random));
  const brightness = label.map((y, i) => width[i]! ** 2 / 50 + (y === 1 ? 12 : 0) + 3 * normal(random));
  const features = {
    brightness,
    width,
    area: width,
    height: width,
    jpeg_bytes: width.map(() => uniform(random)),
  };
  const right = (name: BaselineName) => {
    const { decision } = BASELINES[name].fit(features, label).apply(features, label.length);
    return label.filter((y, i) => y === decision[i]).length / label.length;
  };
  expect(right('brightness')).toBeLessThan(0.65);
  expect(right('light_and_size')).toBeGreaterThan(0.95);
});

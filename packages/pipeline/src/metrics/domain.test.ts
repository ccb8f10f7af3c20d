// What a model knows: ranges of features, and the names of what lies outside.
import { describe, expect, it } from 'vitest';
import { normal, randomStream } from '../util/random.ts';
import { fitDomain, groupObstacle, outlying, outsideShare } from './domain.ts';
import { judgeLayers } from './verdict.ts';

/** Features of `n` crops around the given brightness and sharpness. */
function looks(n: number, { brightness = 40, sharpness = 0.2, veil = 0.1 } = {}, seed = 1) {
  const random = randomStream(seed, n);
  const around = (centre: number) =>
    Float64Array.from({ length: n }, () => centre * (1 + 0.2 * normal(random)));
  return {
    ...{ brightness: around(brightness), sharpness: around(sharpness) },
    ...{ veil: around(veil), width: around(100) },
  };
}

const known = fitDomain(looks(4000));

describe('a domain', () => {
  it('holds nearly all it was fitted on', () => {
    expect(outsideShare(outlying(known, looks(4000)))).toBeLessThan(0.04);
    expect(groupObstacle(known, looks(60, {}, 2))).toBeNull();
  });

  it.each([
    ['dark view', { brightness: 15 }],
    ['fouled or blurred view', { sharpness: 0.13 }],
    ['fouled or blurred view', { veil: 0.13 }],
    ['out of distribution', { brightness: 90 }],
  ])('names a %s', (name, change) => {
    expect(groupObstacle(known, looks(60, change))).toMatch(new RegExp(`^${name}: the median`));
  });

  it('lets a group of one class differ more where classes are told apart', () => {
    const images = fitDomain(looks(4000), false);
    const group = looks(60, { sharpness: 0.15, veil: 0.12 });
    expect(groupObstacle(known, group)).toMatch(/^fouled or blurred view/);
    expect(groupObstacle(images, group)).toBeNull();
  });

  it('does not ask for features that are not there', () => {
    const { brightness } = looks(10, { brightness: 90 });
    expect(outlying(known, { brightness }).filter((each) => each?.side === 'above').length).toBeGreaterThan(
      7,
    );
    expect(groupObstacle(known, { width: looks(10).width })).toBeNull();
  });

  it('keeps a layer from being judged, whatever its probabilities', () => {
    const n = 60;
    const crops = {
      probability: Array(n).fill(0.9),
      layer: Array(n).fill(3),
      frame: Array.from({ length: n }, (_, i) => i),
    };
    const [free, held] = [new Map<number, string>(), new Map([[3, 'dark view: …']])].map(
      (obstacles) => judgeLayers(crops as Parameters<typeof judgeLayers>[0], { obstacles })[0]!,
    );
    expect(free!.verdict).toBe('high');
    expect(held).toMatchObject({
      verdict: 'cannot judge',
      reason: 'dark view: …',
      low: null,
    });
  });
});

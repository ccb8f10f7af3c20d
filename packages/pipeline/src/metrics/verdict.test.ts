// Tests of the layer verdicts: decisions, refusal to judge, and intervals under autocorrelation.
import { describe, expect, it } from 'vitest';
import { normal, randomStream } from '../util/random.ts';
import { effectiveSampleSize, lag1Autocorrelation } from './autocorrelation.ts';
import { judgeBuild } from './build-verdict.ts';
import { judgeLayers, type Verdict } from './verdict.ts';

/** `frames` frames of `perFrame` crops around `level`, with AR(1) noise shared by the crops of a frame. */
function layerOf(layer: number, level: number, memory: number, seed: number, frames = 200, perFrame = 3) {
  const random = randomStream(seed);
  const [probability, layers, frame]: [number[], number[], number[]] = [[], [], []];
  let state = normal(random);
  for (let f = 0; f < frames; f++) {
    state = memory * state + Math.sqrt(1 - memory ** 2) * normal(random);
    for (let k = 0; k < perFrame; k++) {
      probability.push(level + 0.1 * state);
      layers.push(layer);
      frame.push(layer * 1000 + f);
    }
  }
  return { probability, layer: layers, frame };
}

const one = (...args: Parameters<typeof layerOf>) => judgeLayers(layerOf(...args))[0]!;

describe('layer verdict', () => {
  it('follows the interval', () => {
    expect(one(1, 0.8, 0, 1)).toMatchObject({ layer: 1, crops: 600, frames: 200, verdict: 'high' });
    expect(one(1, 0.2, 0, 1)).toMatchObject({ verdict: 'low', shareHigh: 0, shareLow: 1 });
    expect(one(1, 0.5, 0.5, 4).verdict).toBe('unclear');
  });

  it('refuses to judge little or repetitive evidence, and says why', () => {
    const few = judgeLayers({ probability: [0.9, 0.9], layer: [2, 2], frame: [0, 1] }, { layers: [1, 2] });
    expect(few.map((layer) => [layer.layer, layer.verdict, layer.reason])).toEqual([
      [1, 'cannot judge', 'no spatter was seen in this layer'],
      [2, 'cannot judge', 'only 2 crops, at least 20 are needed'],
    ]);
    expect(few[0]!.meanProbability).toBeNull();
    const burst = judgeLayers({ probability: new Float64Array(30).fill(0.9), layer: new Float64Array(30), frame: new Float64Array(30) }); // prettier-ignore
    expect(burst[0]).toMatchObject({ verdict: 'cannot judge', frames: 1 });
    expect(burst[0]!.reason).toMatch(/as much as 1\.0 independent/);
  });

  it('does not depend on the order of crops', () => {
    const crops = layerOf(1, 0.6, 0.8, 9);
    const backwards = {
      probability: crops.probability.toReversed(),
      layer: crops.layer.toReversed(),
      frame: crops.frame.toReversed(),
    };
    expect(judgeLayers(backwards)[0]!.low).toBeCloseTo(judgeLayers(crops)[0]!.low!, 12);
  });

  it('covers the level about as often as it says, also when frames resemble each other', () => {
    for (const memory of [0, 0.7]) {
      const covered = Array.from({ length: 200 }, (_, seed) => one(1, 0.5, memory, seed)).filter(
        (layer) => layer.low! <= 0.5 && layer.high! >= 0.5,
      ).length;
      expect(covered / 200).toBeGreaterThan(0.9);
    }
    expect(one(1, 0.5, 0.7, 1).effectiveFrames).toBeLessThan(one(1, 0.5, 0, 1).effectiveFrames / 2);
  });
});

describe('autocorrelation', () => {
  it('of white noise is near 0, of a slow series near its memory, never negative', () => {
    const random = randomStream(2);
    expect(lag1Autocorrelation(Float64Array.from({ length: 2000 }, () => normal(random)))).toBeLessThan(0.06);
    let state = 0;
    const slow = Float64Array.from({ length: 2000 }, () => (state = 0.8 * state + normal(random)));
    expect(lag1Autocorrelation(slow)).toBeCloseTo(0.8, 1);
    expect(lag1Autocorrelation(Float64Array.from([1, -1, 1, -1, 1, -1]))).toBe(0);
    expect(lag1Autocorrelation(new Float64Array(10).fill(3))).toBe(0);
    expect(effectiveSampleSize(100, 0.5)).toBeCloseTo(33.33, 1);
  });
});

describe('build verdict', () => {
  const build = (...verdicts: Verdict[]) =>
    judgeBuild(verdicts.map((verdict, i) => ({ ...BLANK, layer: i + 1, verdict })));
  const BLANK = judgeLayers({ probability: [], layer: [], frame: [] }, { layers: [1] })[0]!;

  it('is low only for a run of low layers, across layers that could not be judged', () => {
    expect(build('high', 'low', 'cannot judge', 'low', 'high')).toMatchObject({
      verdict: 'low',
      alarms: [[2, 4]],
      reason: 'the gas flow looks low in layers 2–4',
    });
    expect(build('low', 'high', 'low', 'high')).toMatchObject({ verdict: 'unclear', alarms: [] });
    expect(build('low', 'low', 'unclear', 'low', 'low', 'low').alarms).toEqual([
      [1, 2],
      [4, 6],
    ]);
  });

  it('is high when most judged layers are, and refuses when few could be judged', () => {
    expect(build('high', 'high', 'unclear').verdict).toBe('high');
    expect(build('unclear', 'unclear', 'high').verdict).toBe('unclear');
    expect(build('high', 'cannot judge', 'cannot judge')).toMatchObject({
      verdict: 'cannot judge',
      reason: 'only 1 of 3 layers could be judged: no spatter was seen in this layer',
    });
    expect(build().verdict).toBe('cannot judge');
  });
});

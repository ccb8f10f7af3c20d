// Tests of the layer verdicts of a model of classes: the lead that decides, refusal to judge, one verdict for all.
import { describe, expect, it } from 'vitest';
import { normal, randomStream } from '../util/random.ts';
import { judgeClasses, judgeClassLayers, type ClassifiedCrops } from './class-verdict.ts';

const LABELS = ['fan', 'streak', 'droplet'];

/** Crops of one layer, one in each frame, whose probabilities scatter around `means`. */
function layerOf(layer: number, means: readonly number[], crops = 60): ClassifiedCrops {
  const random = randomStream(layer);
  const probabilities = Array.from({ length: crops }, () => {
    const raw = means.map((mean) => Math.max(0.01, mean + 0.05 * normal(random)));
    const sum = raw.reduce((a, b) => a + b, 0);
    return raw.map((p) => p / sum);
  });
  const places = Array.from({ length: crops }, (_, i) => i);
  return {
    probabilities,
    decision: probabilities.map((row) => row.indexOf(Math.max(...row))),
    layer: places.map(() => layer),
    frame: places,
  };
}

const joined = (...parts: readonly ClassifiedCrops[]): ClassifiedCrops => ({
  probabilities: parts.flatMap((each) => each.probabilities),
  decision: parts.flatMap((each) => [...(each.decision as number[])]),
  layer: parts.flatMap((each) => [...(each.layer as number[])]),
  frame: parts.flatMap((each) => [...(each.frame as number[])]),
});

describe('class layers', () => {
  it('take the class whose lead over the next lies above 0, with an interval for each class', () => {
    const [layer] = judgeClassLayers(layerOf(1, [0.2, 0.7, 0.1]), LABELS);
    expect(layer).toMatchObject({ layer: 1, crops: 60, frames: 60, verdict: 'streak', decided: 1 });
    expect(layer!.reason).toMatch(/^the interval of its lead over fan, 0\.\d\d … 0\.\d\d, lies above 0$/);
    expect(layer!.classes.reduce((sum, { meanProbability }) => sum + meanProbability!, 0)).toBeCloseTo(1, 10);
    expect(layer!.classes.reduce((sum, { crops }) => sum + crops, 0)).toBe(60);
    for (const { low, high, meanProbability: p } of layer!.classes) {
      expect(low).toBeLessThan(p!);
      expect(high).toBeGreaterThan(p!);
    }
  });

  it('stay unclear where two classes are alike', () => {
    const [layer] = judgeClassLayers(layerOf(1, [0.45, 0.45, 0.1]), LABELS);
    expect(layer).toMatchObject({ verdict: 'unclear', decided: null });
    expect(layer!.reason).toMatch(/is likeliest, but the interval of its lead over .* holds 0$/);
  });

  it('are not judged on too little, nor behind an obstacle', () => {
    const crops = joined(layerOf(1, [0.8, 0.1, 0.1], 5), layerOf(2, [0.8, 0.1, 0.1]));
    const obstacles = new Map([[2, 'dark view: black']]);
    const found = judgeClassLayers(crops, LABELS, { layers: [3], obstacles });
    expect(found.map(({ verdict, reason }) => [verdict, reason])).toEqual([
      ['cannot judge', 'only 5 crops, at least 20 are needed'],
      ['cannot judge', 'dark view: black'],
      ['cannot judge', 'no spatter was seen in this layer'],
    ]);
    expect(found[0]!.classes[0]).toMatchObject({ crops: 5, low: null, high: null });
    expect(found[2]!.classes[0]).toEqual({ crops: 0, meanProbability: null, low: null, high: null });
    expect(judgeClasses(found, LABELS)).toMatchObject({
      verdict: 'cannot judge',
      reason: 'only 0 of 3 layers could be judged: only 5 crops, at least 20 are needed',
    });
  });

  it('give one verdict where they agree, and none where they do not', () => {
    const all = (...means: readonly (readonly number[])[]) =>
      judgeClasses(judgeClassLayers(joined(...means.map((each, i) => layerOf(i, each))), LABELS), LABELS);
    const [fan, streak, both] = [
      [0.8, 0.1, 0.1],
      [0.1, 0.8, 0.1],
      [0.45, 0.45, 0.1],
    ] as const;
    expect(all(fan, fan, both)).toMatchObject({ verdict: 'fan', decided: 0 });
    expect(all(fan, fan, both).counts['fan']).toBeGreaterThan(120);
    expect(all(fan, both, both)).toMatchObject({ verdict: 'unclear', reason: 'layers differ or are unclear: 1 fan, 2 unclear' }); // prettier-ignore
    expect(all(fan, streak)).toMatchObject({ verdict: 'unclear', decided: null });
    expect(judgeClasses([], LABELS)).toMatchObject({ verdict: 'cannot judge', reason: 'no crop was found' });
  });
});

// What frames must show: the same bytes for the same seed, the truth's plumes, the gas flow in the shapes, real imagery's range.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sharedData } from '../util/testing/shared.ts';
import { POSITIONS, recipe, type Recipe } from './recipe.ts';
import { cameraOf } from './camera.ts';
import { createCanvas } from './canvas.ts';
import { bedOf } from './reflections.ts';
import { createRenderer } from './render.ts';
import { foulingAt } from './window.ts';
import { channelMeans, litBox, median, renderFrame } from './testing/pixels.ts';

const short = (given: Partial<Recipe> = {}): Recipe =>
  recipe({ name: 'test', layerFlows: [0.5], burnFrames: 60, pauseFrames: 40, ...given });

describe('frames', () => {
  it('depend on the recipe and the frame number alone', () => {
    const given = short();
    const { render } = createRenderer(given);
    const buffer = new Uint8Array(640 * 360 * 3);
    for (const index of [31, 5, 75, 6]) {
      render(index, buffer.fill(99));
      expect(Buffer.compare(buffer, renderFrame(given, index))).toBe(0);
    }
  });

  it.each([{ seed: 2 }, { name: 'other' }, { position: 'left' as const }, { session: 2 }])(
    'change with %o',
    (change) => expect(Buffer.compare(renderFrame(short(change), 5), renderFrame(short(), 5))).not.toBe(0),
  );

  it('are dark but for the plume, which is where the truth says', () => {
    const given = short();
    const { plume, render, frames } = createRenderer(given);
    const frame = new Uint8Array(640 * 360 * 3);
    let dark = 0;
    for (let index = 1; index < frames; index += 3) {
      render(index, frame);
      const shown = plume(index);
      if (shown) {
        const at = 3 * (Math.round(shown.y) * 640 + Math.round(shown.x));
        expect(frame.subarray(at, at + 3)).toEqual(Uint8Array.of(255, 255, 255));
      } else if (plume(index - 1) === undefined && channelMeans(frame)[0] < 5) {
        dark++;
        expect(frame.every((value) => value < 12)).toBe(true);
      }
    }
    expect(dark).toBeGreaterThan(5);
  });
});

describe('the recoater pass', () => {
  it.each(POSITIONS)('is blue everywhere, so that extraction rejects any crop of it: %s', (position) => {
    const given = short({ position });
    const { timeline } = createRenderer(given);
    const [on, off] = timeline.layers[0]!.recoater;
    expect(off - on).toBeGreaterThanOrEqual(12);
    for (const index of [on, (on + off) >> 1, off - 1]) {
      const frame = renderFrame(given, index);
      for (let i = 0; i < frame.length; i += 3) {
        if (frame[i]! <= frame[i + 1]! + frame[i + 2]!)
          expect.fail(`frame ${index}, pixel ${i / 3} is not blue`);
      }
    }
    expect(channelMeans(renderFrame(given, off))[0]).toBeLessThan(2);
  });
});

/** Shape of the light over many frames at one flow: how far it leans downwind, and how wide it is for its height. */
function shapeAt(flow: number): { lean: number; aspect: number; red: number } {
  const samples = POSITIONS.flatMap((position) => {
    const given = short({ position, layerFlows: [flow], name: `flow_${position}` });
    const { plume, render } = createRenderer(given);
    const frame = new Uint8Array(640 * 360 * 3);
    return [4, 8, 12, 16].map((index) => {
      render(index, frame);
      const { x } = plume(index)!;
      const box = litBox(frame, 640, 40)!;
      const [, green, red] = channelMeans(frame);
      return { lean: (x - box.left) / box.width, aspect: box.width / box.height, red: red / green };
    });
  });
  const mean = (key: 'lean' | 'aspect' | 'red'): number =>
    samples.reduce((sum, sample) => sum + sample[key], 0) / samples.length;
  return { lean: mean('lean'), aspect: mean('aspect'), red: mean('red') };
}

describe('gas flow', () => {
  it('blows the spatter downwind and cools it', () => {
    const [low, mid, high] = [shapeAt(0.2), shapeAt(0.5), shapeAt(0.8)];
    expect(low.lean).toBeGreaterThan(0.35);
    expect(low.lean).toBeLessThan(0.6);
    expect(high.lean).toBeGreaterThan(0.65);
    expect(mid.lean).toBeGreaterThan(low.lean);
    expect(high.lean).toBeGreaterThan(mid.lean);
    expect(high.aspect).toBeGreaterThan(low.aspect);
    expect(high.red).toBeGreaterThan(low.red);
  });
});

describe('a fouled window', () => {
  it('takes light away, veils the dark, and a clean one changes nothing', () => {
    const levels = [0, 0.5, 1].map((fouling) => renderFrame(short({ fouling: [fouling, fouling] }), 10));
    const bright = levels.map((frame) => frame.filter((value) => value > 200).length);
    expect(bright[1]).toBeLessThan(bright[0]!);
    expect(bright[2]).toBeLessThan(bright[1]!);
    const veiled = levels.map((frame) => frame.filter((value) => value > 12 && value < 60).length);
    expect(veiled[2]).toBeGreaterThan(1.5 * veiled[0]!);
  });

  it('fouls on the way', () => {
    const given = short({ fouling: [0, 0.8] });
    expect([0, 50, 100].map((frame) => foulingAt(given, frame, 101))).toEqual([0, 0.4, 0.8]);
    expect(Buffer.compare(renderFrame(given, 0), renderFrame(short(), 0))).toBe(0);
  });
});

describe('reflections on the bed', () => {
  it('stay within reach of the melt pool', () => {
    const given = short();
    const camera = cameraOf(given);
    const canvas = createCanvas(640, 360);
    const burn = { along: 40, across: 10, angle: 0, flow: 0.5, power: 1, type: 'calm' } as const;
    bedOf(given)(canvas, camera, 0, burn);
    const { x, y } = camera.project(40, 10);
    expect(canvas.warm.some((light) => light > 0.05)).toBe(true);
    canvas.warm.forEach((light, i) => {
      if (light > 0) expect(Math.hypot((i % 640) - x, Math.floor(i / 640) - y)).toBeLessThan(90);
    });
  });
});

describe('calibration', () => {
  it('keeps to the range of real imagery', (context) => {
    const folder = sharedData();
    if (folder === undefined) return context.skip('the shared recordings are not on this machine');
    const real = JSON.parse(readFileSync(`${folder}/calibration.json`, 'utf8')) as Record<
      string,
      { rows: number[][] }
    >;
    const { rows } = real['legacy_lpbf_crops_from_analysis_spatter_samples.png']!;
    const range = (column: number): [number, number] => {
      const values = rows.map((row) => row[column]!);
      return [Math.min(...values), Math.max(...values)];
    };
    for (const flow of [0.2, 0.8]) {
      const frame = renderFrame(short({ layerFlows: [flow] }), 10);
      expect(median(frame)).toBeLessThanOrEqual(2);
      const { pixels, width, height } = litBox(frame, 640, 40)!;
      const share = (level: number): number =>
        pixels.filter((value) => value >= level).length / pixels.length;
      const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
      expectWithin(width, range(2), 2);
      expectWithin(height, range(1), 2);
      expectWithin(mean, range(3), 1.5);
      expectWithin(share(21), range(4), 1.5);
      expectWithin(share(101), range(5), 1.5);
      expectWithin(share(200), range(6), 2);
    }
  });
});

/** `slack` times below the real minimum to `slack` times above the real maximum. */
function expectWithin(value: number, [low, high]: [number, number], slack: number): void {
  expect(value).toBeGreaterThan(low / slack);
  expect(value).toBeLessThan(high * slack);
}

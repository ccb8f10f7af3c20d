// Light on its way into the picture: blur by the open shutter, glow of the plume, noise of the sensor, settings of a filming day; and the gas over time.
import { describe, expect, it } from 'vitest';
import { cameraOf } from './camera.ts';
import { createCanvas, type Canvas } from './canvas.ts';
import { airAt, EJECTA, type Particle } from './ejecta.ts';
import { addPlume, projectionAt } from './plume.ts';
import { POSITIONS, recipe, type Recipe } from './recipe.ts';
import { createRenderer } from './render.ts';
import type { SpatterTypeName } from './spatter-types.ts';
import { addStreak } from './streaks.ts';
import { timelineOf } from './timeline.ts';

const given = (more: Partial<Recipe> = {}): Recipe => recipe({ name: 'optics', layerFlows: [0.5], ...more });
const camera = cameraOf(given());
const burning = (type: SpatterTypeName) =>
  ({ along: 0, across: 0, angle: 0, flow: 0.5, power: 1, type }) as const;
const lit = ({ white, warm }: Canvas): number => white.filter((light, i) => light + warm[i]! > 0.01).length;

describe('exposure blur', () => {
  it('draws a streak as long as the shutter is open, on a path that falls', () => {
    const velocity = [90, 0, 60] as const;
    const particle: Particle = {
      kind: EJECTA.agglomerate(0),
      born: 0,
      life: 2,
      velocity,
      radius: 1,
      light: 1,
    };
    const boxAt = (shutter: number): { width: number; height: number } => {
      const canvas = createCanvas(640, 360);
      addStreak(canvas, projectionAt(camera, burning('fan')), particle, airAt(0), 0, shutter);
      return { width: canvas.box[2] - canvas.box[0], height: canvas.box[3] - canvas.box[1] };
    };
    const [short, long] = [boxAt(0.3), boxAt(0.9)];
    expect(long.width / short.width).toBeGreaterThan(2.3);
    expect(long.width / short.width).toBeLessThan(3.3);
    // Straight, it would rise three times as high too.
    expect(long.height / short.height).toBeLessThan(0.97 * (long.width / short.width));
  });
});

describe('the plume', () => {
  const plumeOf = (type: SpatterTypeName): Canvas => {
    const canvas = createCanvas(640, 360);
    addPlume(canvas, camera, burning(type), 0.5);
    return canvas;
  };

  it('glows: light falls off around a white-hot pool', () => {
    const { white } = plumeOf('calm');
    const { x, y } = camera.project(0, 0);
    const below = [0, 14, 22].map((down) => white[Math.round(y + down) * 640 + Math.round(x)]!);
    expect(below[0]).toBeGreaterThan(1);
    expect(below[1]).toBeGreaterThan(below[2]!);
    expect(below[2]).toBeGreaterThan(0);
  });

  it('flares up in an event of that type', () => {
    expect(lit(plumeOf('plume_flare'))).toBeGreaterThan(1.3 * lit(plumeOf('calm')));
  });
});

describe('the sensor', () => {
  it('adds noise to dark frames, other noise in each, as strong as the camera says', () => {
    const quiet = given({ burnFrames: 1, pauseFrames: 10 });
    const { render } = createRenderer(quiet);
    const [one, other] = [8, 9].map((index) => {
      const frame = new Uint8Array(640 * 360 * 3);
      render(index, frame);
      return frame;
    });
    expect(Buffer.compare(one!, other!)).not.toBe(0);
    // Only the upper half of a normal distribution shows: its mean square is half the variance, and rounding adds 1/24 at most.
    const power = one!.reduce((sum, value) => sum + value * value, 0) / one!.length;
    expect(Math.abs(power - cameraOf(quiet).noise ** 2 / 2)).toBeLessThan(0.08);
  });
});

describe('a filming day', () => {
  it('has one colour balance, and a setting of its own beside what each recording changes', () => {
    const balances = (session: number): string[] =>
      POSITIONS.map((position) =>
        String(cameraOf(given({ session, position, name: `r_${position}` })).balance),
      );
    expect(new Set(balances(1)).size).toBe(1);
    expect(balances(2)[0]).not.toBe(balances(1)[0]);
    const exposures = Array.from({ length: 40 }, (_, i) => cameraOf(given({ name: `r${i}` })).exposure);
    expect(Math.max(...exposures) / Math.min(...exposures)).toBeGreaterThan(3);
    const ratio = (name: string): number =>
      cameraOf(given({ name, session: 2 })).exposure / cameraOf(given({ name })).exposure;
    expect(ratio('a')).toBeCloseTo(ratio('b'), 9);
    expect(ratio('a')).not.toBeCloseTo(1, 3);
  });
});

describe('the gas over time', () => {
  const flows = (more: Partial<Recipe>): number[] =>
    timelineOf(given({ burnFrames: 600, pauseFrames: 0, ...more })).burns.flatMap((burn) =>
      burn ? [burn.flow] : [],
    );
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = (values: readonly number[]): number =>
    Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

  it.each([0.2, 0.5, 0.8])('stays around the level asked for: %d', (level) => {
    expect(Math.abs(mean(flows({ layerFlows: [level] })) - level)).toBeLessThan(0.06);
  });

  it('drifts as much as asked for, slowly', () => {
    expect(deviation(flows({ drift: 0 }))).toBe(0);
    const [little, much] = [0.03, 0.15].map((drift) => flows({ drift }));
    expect(deviation(much!)).toBeGreaterThan(3 * deviation(little!));
    for (let i = 1; i < much!.length; i++) expect(Math.abs(much![i]! - much![i - 1]!)).toBeLessThan(0.06);
  });
});

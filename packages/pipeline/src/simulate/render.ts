// Renders any frame of a recording by itself: a pure function of the recipe and the frame number.
import { normal } from '../util/random.ts';
import { cameraOf, type Camera } from './camera.ts';
import { clearCanvas, createCanvas, type Canvas } from './canvas.ts';
import { airAt, throwOut } from './ejecta.ts';
import { addPlume, projectionAt } from './plume.ts';
import { frameCount, type Recipe } from './recipe.ts';
import { addRecoater } from './recoater.ts';
import { createSensor } from './sensor.ts';
import { addStreak } from './streaks.ts';
import { streamOf } from './streams.ts';
import { timelineOf, type Burn, type Timeline } from './timeline.ts';

/** A plume as one frame shows it. */
export interface PlumeTruth {
  /** Melt pool, pixels. */
  readonly x: number;
  readonly y: number;
  /** Gas flow, 0 to 1. */
  readonly flow: number;
  /** Share of the laser's full power, 0 to 1. */
  readonly power: number;
}

export interface Renderer {
  readonly camera: Camera;
  readonly timeline: Timeline;
  readonly frames: number;
  /** Writes frame `index` into `out`: BGR bytes, height × width × 3. */
  readonly render: (index: number, out: Uint8Array) => void;
  /** The plume that frame `index` shows, if the laser is on. */
  readonly plume: (index: number) => PlumeTruth | undefined;
}

/** Standard deviation of the eddies that make one frame look like more or less gas than flows. */
const TURBULENCE = 0.09;

export function createRenderer(recipe: Recipe): Renderer {
  const camera = cameraOf(recipe);
  const timeline = timelineOf(recipe);
  const sensor = createSensor(recipe, camera);
  const canvas = createCanvas(recipe.width, recipe.height);
  return {
    camera,
    timeline,
    frames: frameCount(recipe),
    render: (index, out) => {
      for (const age of [0, 1]) addSpatter(recipe, camera, timeline, canvas, index, age);
      sensor.develop(canvas, streamOf(recipe, 'noise', index + 1), out);
      clearCanvas(canvas);
      const pass = passProgress(timeline, index);
      if (pass !== undefined) addRecoater(recipe, pass, out);
    },
    plume: (index) => {
      const burn = timeline.burns[index];
      return burn && plumeOf(camera, burn);
    },
  };
}

function plumeOf(camera: Camera, burn: Burn): PlumeTruth {
  const { x, y } = camera.project(burn.along, burn.across);
  return { x, y, flow: burn.flow, power: burn.power };
}

/** Adds what the laser's work `age` frames before frame `index` still shows in it: now plume and spatter, then spatter in flight. */
function addSpatter(
  recipe: Recipe,
  camera: Camera,
  timeline: Timeline,
  canvas: Canvas,
  index: number,
  age: number,
): void {
  const burn = timeline.burns[index - age];
  if (burn === undefined) return;
  const random = streamOf(recipe, 'frame', index - age);
  const flow = Math.min(1, Math.max(0, burn.flow + TURBULENCE * normal(random)));
  if (age === 0) addPlume(canvas, camera, burn, flow);
  const at = projectionAt(camera, burn);
  const air = airAt(flow);
  for (const particle of throwOut(random, flow, burn.power)) {
    addStreak(canvas, at, particle, air, age, camera.shutter);
  }
}

/** How far the recoater's blade is in frame `index`, 0 to 1; undefined when the lamp is off. */
function passProgress({ layers }: Timeline, index: number): number | undefined {
  const pass = layers.find(({ recoater: [on, off] }) => index >= on && index < off)?.recoater;
  return pass && (index - pass[0]) / (pass[1] - pass[0] - 1);
}

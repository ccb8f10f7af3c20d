// Renders any frame of a recording by itself: a pure function of the recipe and the frame number.
import { normal } from '../util/random.ts';
import { cameraOf, type Camera } from './camera.ts';
import { clearCanvas, createCanvas, type Canvas } from './canvas.ts';
import { airAt, type Particle } from './ejecta.ts';
import { shownFrames, tear, type Shown } from './faults.ts';
import { addPlume, projectionAt } from './plume.ts';
import { frameCount, type Recipe } from './recipe.ts';
import { addRecoater } from './recoater.ts';
import { bedOf } from './reflections.ts';
import { createSensor } from './sensor.ts';
import type { SpatterTypeName } from './spatter-types.ts';
import { addStreak } from './streaks.ts';
import { streamOf } from './streams.ts';
import { throwOut } from './throw-out.ts';
import { timelineOf, type Burn, type Timeline } from './timeline.ts';
import { foulingAt, windowOf } from './window.ts';

/** A plume as one frame shows it. */
export interface PlumeTruth {
  /** Melt pool, pixels. */
  readonly x: number;
  readonly y: number;
  /** Gas flow, 0 to 1. */
  readonly flow: number;
  /** Share of the laser's full power, 0 to 1. */
  readonly power: number;
  readonly type: SpatterTypeName;
  /** Particles that leave the melt pool in this frame. */
  readonly particles: number;
}

/** Frames are those of the video; each shows a frame of the build, `shown[index].source`. */
export interface Renderer {
  readonly camera: Camera;
  /** In frames of the build. */
  readonly timeline: Timeline;
  readonly shown: readonly Shown[];
  /** Number of frames of the video. */
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
  const shown = shownFrames(recipe);
  const develop = createBuildRenderer(recipe, camera, timeline);
  return {
    camera,
    timeline,
    shown,
    frames: shown.length,
    render: (index, out) => {
      const { source, fault } = shown[index]!;
      develop(source, out);
      if (fault === 'torn') tear(out, recipe, streamOf(recipe, 'faults', source + 1));
    },
    plume: (index) => {
      const { source } = shown[index] ?? {};
      const burn = source === undefined ? undefined : timeline.burns[source];
      return burn && plumeOf(recipe, camera, source!, burn);
    },
  };
}

/** Renders frames of the build: what the camera sees before its link touches them. */
function createBuildRenderer(recipe: Recipe, camera: Camera, timeline: Timeline) {
  const sensor = createSensor(recipe, camera);
  const canvas = createCanvas(recipe.width, recipe.height);
  const addBed = bedOf(recipe);
  const lookThrough = windowOf(recipe);
  const frames = frameCount(recipe);
  return (source: number, out: Uint8Array): void => {
    for (const age of [0, 1]) addSpatter(recipe, camera, timeline, canvas, source, age);
    const burn = timeline.burns[source];
    if (burn) addBed(canvas, camera, layerOf(recipe, source), burn);
    lookThrough(canvas, foulingAt(recipe, source, frames));
    sensor.develop(canvas, streamOf(recipe, 'noise', source + 1), out);
    clearCanvas(canvas);
    const pass = passProgress(timeline, source);
    if (pass !== undefined) addRecoater(recipe, pass, out);
  };
}

function layerOf({ burnFrames, pauseFrames }: Recipe, source: number): number {
  return Math.floor(source / (burnFrames + pauseFrames));
}

function plumeOf(recipe: Recipe, camera: Camera, source: number, burn: Burn): PlumeTruth {
  const { x, y } = camera.project(burn.along, burn.across);
  const { flow, power, type } = burn;
  return { x, y, flow, power, type, particles: spatterOf(recipe, source, burn).particles.length };
}

/** What the laser's work in one frame of the build throws out, and the flow that it feels with the eddies. */
function spatterOf(recipe: Recipe, source: number, burn: Burn): { flow: number; particles: Particle[] } {
  const random = streamOf(recipe, 'frame', source);
  const flow = Math.min(1, Math.max(0, burn.flow + TURBULENCE * normal(random)));
  return { flow, particles: throwOut(random, burn.type, flow, burn.power) };
}

/** Adds what the laser's work `age` frames before frame `source` still shows in it: now plume and spatter, then spatter in flight. */
function addSpatter(
  recipe: Recipe,
  camera: Camera,
  timeline: Timeline,
  canvas: Canvas,
  source: number,
  age: number,
): void {
  const burn = timeline.burns[source - age];
  if (burn === undefined) return;
  const { flow, particles } = spatterOf(recipe, source - age, burn);
  if (age === 0) addPlume(canvas, camera, burn, flow);
  const at = projectionAt(camera, burn);
  const air = airAt(flow);
  for (const particle of particles) addStreak(canvas, at, particle, air, age, camera.shutter);
}

/** How far the recoater's blade is in frame `index`, 0 to 1; undefined when the lamp is off. */
function passProgress({ layers }: Timeline, index: number): number | undefined {
  const pass = layers.find(({ recoater: [on, off] }) => index >= on && index < off)?.recoater;
  return pass && (index - pass[0]) / (pass[1] - pass[0] - 1);
}

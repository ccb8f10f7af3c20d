// The build over time: which layer, scan track or recoater pass each frame shows. Scan paths come from the seed.
import { normal, permutation, type Random } from '../util/random.ts';
import { frameCount, type Recipe } from './recipe.ts';
import { eventsOf, type SpatterTypeName } from './spatter-types.ts';
import { between, streamOf } from './streams.ts';

/** The laser at work in one frame; chamber units along and across the gas, angle of the scan vector in the plate. */
export interface Burn {
  readonly along: number;
  readonly across: number;
  readonly angle: number;
  /** Gas flow over the melt pool in this frame, 0 to 1. */
  readonly flow: number;
  /** Share of the full power: 1 while hatching, less along contours, which throw out little. */
  readonly power: number;
  /** Type of the spatter event that this frame belongs to. */
  readonly type: SpatterTypeName;
}

export interface Layer {
  readonly layer: number;
  /** First frame of laser work. */
  readonly start: number;
  /** Frame after the last one of laser work. */
  readonly end: number;
  /** Mean gas flow, before drift. */
  readonly flow: number;
  /** First frame with the blue lamp on, and the frame after the last one; equal when the pause is too short for a pass. */
  readonly recoater: readonly [number, number];
}

export interface Timeline {
  readonly layers: readonly Layer[];
  /** What the laser does in a frame; undefined while it jumps and in pauses. */
  readonly burns: readonly (Burn | undefined)[];
}

/** A rectangle on the plate, in chamber units. */
interface Part {
  readonly along: number;
  readonly across: number;
  readonly length: number;
  readonly depth: number;
}

/** Turn of the hatch from layer to layer that machines use so that it does not repeat soon: 67°. */
const HATCH_TURN = (67 * Math.PI) / 180;
/** A recoater pass takes at least and at most this many frames. */
const MIN_PASS = 12;
const MAX_PASS = 50;
/** The laser is off for this long between two tracks. */
const JUMP_FRAMES = 2;

export function timelineOf(recipe: Recipe): Timeline {
  const burns = new Array<Burn | undefined>(frameCount(recipe)).fill(undefined);
  const parts = drawParts(streamOf(recipe, 'recording', 1));
  const drift = driftOf(recipe);
  const layers = recipe.layerFlows.map((flow, index) => layerAt(recipe, index, flow));
  for (const layer of layers) scanLayer(recipe, layer, parts, drift, burns);
  return { layers, burns };
}

function layerAt({ burnFrames, pauseFrames }: Recipe, layer: number, flow: number): Layer {
  const start = layer * (burnFrames + pauseFrames);
  const end = start + burnFrames;
  const lampOn = end + Math.ceil(pauseFrames * 0.3);
  const lampOff = Math.min(end + Math.floor(pauseFrames * 0.7), lampOn + MAX_PASS);
  return { layer, start, end, flow, recoater: [lampOn, lampOff - lampOn < MIN_PASS ? lampOn : lampOff] };
}

/** Three parts in a row along the gas, so that none hides another. */
function drawParts(random: Random): Part[] {
  return [-125, 0, 125].map((along) => ({
    along: along + between(random, -15, 15),
    across: between(random, -20, 20),
    length: between(random, 55, 85),
    depth: between(random, 50, 90),
  }));
}

/** Fills a layer's frames with scan tracks, in turn over the parts: a hatched stripe, then a stretch of contour. */
function scanLayer(
  recipe: Recipe,
  { layer, start, end, flow }: Layer,
  parts: readonly Part[],
  drift: (frame: number) => number,
  burns: (Burn | undefined)[],
): void {
  const random = streamOf(recipe, 'layer', layer);
  const order = permutation(random, parts.length);
  const angle = layer * HATCH_TURN;
  const event = eventsOf(streamOf(recipe, 'events', layer));
  for (let frame = start, track = 0; frame < end; track++) {
    const part = parts[order[(track >> 1) % order.length]!]!;
    const { frames, power } = drawTrack(random, track % 2 === 0);
    const stripe = drawStripe(random, part, angle);
    for (let i = 0; i < frames && frame < end; i++, frame++) {
      const local = Math.min(1, Math.max(0, flow + drift(frame)));
      burns[frame] = { ...stripe((i + 0.5) / frames), angle, flow: local, power, type: event(local) };
    }
    frame += JUMP_FRAMES;
  }
}

/** Frames and power of one track. Contours stay short, so that they never look like a pause between layers. */
function drawTrack(random: Random, hatch: boolean): { frames: number; power: number } {
  return hatch
    ? { frames: Math.round(between(random, 18, 36)), power: 1 }
    : { frames: Math.round(between(random, 12, 24)), power: between(random, 0.1, 0.25) };
}

/** A path across `part`: the hatch advances evenly, the melt pool wanders along its vectors. */
function drawStripe(random: Random, part: Part, angle: number) {
  const side = between(random, -0.35, 0.35);
  const forth = angle % 2 < 1 ? 1 : -1;
  return (done: number): { along: number; across: number } => {
    const advance = forth * (done - 0.5);
    const wander = side + 0.05 * normal(random);
    return { along: part.along + part.length * advance, across: part.across + part.depth * wander };
  };
}

/** Smooth drift of the gas: value noise, a new level every 50 frames. */
function driftOf(recipe: Recipe): (frame: number) => number {
  const random = streamOf(recipe, 'drift');
  const levels = Array.from(
    { length: Math.ceil(frameCount(recipe) / 50) + 2 },
    () => recipe.drift * normal(random),
  );
  return (frame) => {
    const at = Math.floor(frame / 50);
    const part = (1 - Math.cos((Math.PI * (frame % 50)) / 50)) / 2;
    return levels[at]! + (levels[at + 1]! - levels[at]!) * part;
  };
}

// What fully describes one simulated recording; its frames are a pure function of it.
import { SpatterError } from '../util/errors.ts';

/** Where the camera stands beside the build chamber. */
export const POSITIONS = ['left', 'mid', 'right'] as const;
export type Position = (typeof POSITIONS)[number];

/** Class of a recording by its shielding gas: 0 = low flow, 1 = high flow. */
export type FlowLabel = 0 | 1;

/** What can be done to a finished video file. */
export const DAMAGES = ['none', 'bytes', 'truncated'] as const;

/** Probability, per frame of the build, that the camera's link does this to it. */
export interface Faults {
  /** It and up to four more are lost. */
  readonly dropped: number;
  readonly duplicated: number;
  readonly torn: number;
}

export interface Recipe {
  /** Name of the recording and stem of its files; also keys its random streams, so order and neighbours do not matter. */
  readonly name: string;
  readonly seed: number;
  readonly position: Position;
  /** Filming day. Recordings of one session share a setting of the camera, up to a small change. */
  readonly session: number;
  /** Gas flow of each layer, 0 (none) to 1 (full); about 0.2 counts as low and 0.8 as high. */
  readonly layerFlows: readonly number[];
  /** Slow drift of the flow within the recording, standard deviation. */
  readonly drift: number;
  /** Says the class when the flow must not; undefined takes it from the flow. */
  readonly label: FlowLabel | undefined;
  /** Exposure of the camera, 1 being usual; undefined draws it per session and recording. */
  readonly exposure: number | undefined;
  /** Fouling of the protective window at the first and at the last frame, 0 (clean) to 1. */
  readonly fouling: readonly [number, number];
  readonly faults: Faults;
  readonly damage: (typeof DAMAGES)[number];
  /** Frames of laser work per layer. */
  readonly burnFrames: number;
  /** Frames between layers, in which the recoater passes under a blue lamp. */
  readonly pauseFrames: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Frames per second. */
  readonly fps: number;
}

/** A recipe with the values of the method's own recordings (640×360, 25 fps) wherever `given` is silent. */
export function recipe(given: Partial<Recipe> & Pick<Recipe, 'name' | 'layerFlows'>): Recipe {
  const complete = {
    seed: 1,
    position: 'mid',
    session: 1,
    drift: 0.06,
    label: undefined,
    exposure: undefined,
    fouling: [0, 0],
    faults: { dropped: 0, duplicated: 0, torn: 0 },
    damage: 'none',
    burnFrames: 125,
    pauseFrames: 50,
    width: 640,
    height: 360,
    fps: 25,
    ...given,
  } as const;
  checkRecipe(complete);
  return complete;
}

/** Number of frames of the build: every layer burns, then pauses. */
export function frameCount({ layerFlows, burnFrames, pauseFrames }: Recipe): number {
  return layerFlows.length * (burnFrames + pauseFrames);
}

/** The recipe's own label; without one high when the mean flow of the layers is at least one half. */
export function flowLabel(recipe: Recipe): FlowLabel {
  return recipe.label ?? (meanFlow(recipe) >= 0.5 ? 1 : 0);
}

export function meanFlow({ layerFlows }: Recipe): number {
  return layerFlows.reduce((sum, flow) => sum + flow, 0) / layerFlows.length;
}

/** @throws {SpatterError} USAGE when a value is out of range. */
export function checkRecipe(recipe: Recipe): void {
  const { name, seed, layerFlows, drift, width, height } = recipe;
  must(/^[\w.-]+$/.test(name) && !name.startsWith('.'), 'name of letters, digits, _ - and .', name);
  must(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32, 'seed from 0 to 4294967295', seed);
  must(layerFlows.length > 0, 'at least one layer', layerFlows.length);
  for (const flow of layerFlows) must(flow >= 0 && flow <= 1, 'flow from 0 to 1', flow);
  must(drift >= 0 && drift <= 0.5, 'drift from 0 to 0.5', drift);
  mustBeLight(recipe);
  mustCount('burning frames', recipe.burnFrames, 1, 10_000_000);
  mustCount('pause frames', recipe.pauseFrames, 0, 10_000_000);
  mustCount('frames per second', recipe.fps, 1, 1000);
  for (const side of [width, height]) {
    must(Number.isInteger(side / 2) && side >= 64 && side <= 4096, 'even width and height, 64 to 4096', side);
  }
}

function mustBeLight({ exposure, fouling, faults }: Recipe): void {
  if (exposure !== undefined)
    must(exposure >= 0.01 && exposure <= 100, 'exposure from 0.01 to 100', exposure);
  for (const level of fouling) must(level >= 0 && level <= 1, 'fouling from 0 to 1', level);
  for (const [fault, share] of Object.entries(faults) as [string, number][]) {
    must(share >= 0 && share <= 0.9, `share of ${fault} frames from 0 to 0.9`, share);
  }
}

function mustCount(what: string, value: number, low: number, high: number): void {
  must(Number.isInteger(value) && value >= low && value <= high, `${what} from ${low} to ${high}`, value);
}

function must(holds: boolean, what: string, got: string | number): void {
  if (holds) return;
  throw new SpatterError(
    'USAGE',
    `a simulated recording needs ${what}, but got ${got}`,
    'see spatter simulate --help',
  );
}

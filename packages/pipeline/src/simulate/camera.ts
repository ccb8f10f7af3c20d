// The camera: how chamber coordinates fall on the image, and how light becomes pixel values, per position, session and recording.
import { normal } from '../util/random.ts';
import type { Position, Recipe } from './recipe.ts';
import { between, streamOf } from './streams.ts';

/** An image vector in pixels, x to the right, y down. */
export type Vector = readonly [number, number];

/**
 * Chamber axes as the camera sees them, at scale 1. The plate is 400 long `along` the gas and 160 deep `across` it;
 * `up` leaves it. Gas flows towards −x in the image from every position, but not in the same direction.
 */
interface View {
  readonly along: Vector;
  readonly across: Vector;
  readonly up: Vector;
  /** Image place of the plate's centre, as a share of width and height. */
  readonly centre: Vector;
  readonly scale: number;
}

const VIEWS: Readonly<Record<Position, View>> = {
  left: { along: [-0.93, 0.16], across: [0.4, -0.42], up: [-0.08, -1], centre: [0.56, 0.66], scale: 1.08 },
  mid: { along: [-1, 0.02], across: [0.03, -0.52], up: [0, -1], centre: [0.54, 0.68], scale: 1 },
  right: { along: [-0.9, -0.18], across: [-0.42, -0.4], up: [0.08, -1], centre: [0.52, 0.7], scale: 0.92 },
};

export interface Camera {
  readonly along: Vector;
  readonly across: Vector;
  readonly up: Vector;
  /** Image point of the plate point (`a` along, `c` across) and the local scale, in pixels per chamber unit. */
  readonly project: (a: number, c: number) => { x: number; y: number; scale: number };
  /** Multiplies light into pixel values; set by hand per session, so brightness tells little about the gas. */
  readonly exposure: number;
  /** Share of a frame's time in which the shutter is open. */
  readonly shutter: number;
  /** Gain of blue, green and red. */
  readonly balance: readonly [number, number, number];
  /** Standard deviation of sensor noise, in pixel values. */
  readonly noise: number;
}

/** The camera of one recording. */
export function cameraOf(recipe: Recipe): Camera {
  const session = streamOf(recipe, 'session');
  const own = streamOf(recipe, 'recording');
  const view = VIEWS[recipe.position];
  const scale =
    view.scale * (recipe.width / 640) * Math.exp(between(session, -0.05, 0.05) + between(own, -0.1, 0.1));
  const x0 = view.centre[0] * recipe.width + between(own, -16, 16);
  const y0 = view.centre[1] * recipe.height + between(own, -8, 8);
  const warmth = 0.06 * normal(session);
  // Drawn in any case, so that a given exposure changes nothing else.
  const drawn = Math.exp(between(session, -0.15, 0.15) + between(own, -0.75, 0.75));
  return {
    along: view.along,
    across: view.across,
    up: view.up,
    project: (a, c) => {
      const near = scale / (1 + 0.0011 * c);
      return {
        x: x0 + near * (a * view.along[0] + c * view.across[0]),
        y: y0 + near * (a * view.along[1] + c * view.across[1]),
        scale: near,
      };
    },
    exposure: recipe.exposure ?? drawn,
    shutter: between(own, 0.6, 0.9),
    balance: [1 - warmth, 1, 1 + warmth],
    noise: between(own, 0.5, 1.1),
  };
}

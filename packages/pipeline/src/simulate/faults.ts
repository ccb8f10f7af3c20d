// Faults of the camera and its link: frames that never arrive, arrive twice, or arrive torn.
import { integer, uniform, type Random } from '../util/random.ts';
import { frameCount, type Recipe } from './recipe.ts';
import { between, streamOf } from './streams.ts';

/** One frame of the video: which frame of the build it shows, and what went wrong with it. */
export interface Shown {
  readonly source: number;
  /** `after_drop` is whole itself, but frames before it are missing. */
  readonly fault: 'none' | 'after_drop' | 'duplicate' | 'torn';
}

/** Frames lost in one go, at most. */
const MAX_LOST = 5;

/** The frames of the video in turn. Without faults each frame of the build is shown once. */
export function shownFrames(recipe: Recipe): Shown[] {
  const random = streamOf(recipe, 'faults');
  const { dropped, duplicated, torn } = recipe.faults;
  const shown: Shown[] = [];
  for (let source = 0; source < frameCount(recipe); source++) {
    const lost = uniform(random) < dropped ? 1 + integer(random, MAX_LOST) : 0;
    source += lost;
    if (source >= frameCount(recipe)) break;
    const whole = lost > 0 ? 'after_drop' : 'none';
    shown.push({ source, fault: uniform(random) < torn ? 'torn' : whole });
    if (uniform(random) < duplicated) shown.push({ source, fault: 'duplicate' });
  }
  return shown;
}

const BLOCK = 16;

/** Tears a BGR frame: from a random row on, some blocks hold the gray or the colour that a decoder conceals with. */
export function tear(frame: Uint8Array, { width, height }: Recipe, random: Random): void {
  const first = Math.floor(between(random, 0.2, 0.8) * (height / BLOCK));
  for (let row = first; row < Math.ceil(height / BLOCK); row++) {
    for (let column = 0; column < Math.ceil(width / BLOCK); column++) {
      if (uniform(random) < 0.6) continue;
      const gray = integer(random, 3) > 0;
      const colour = gray
        ? [128, 128, 128]
        : [integer(random, 256), integer(random, 256), integer(random, 256)];
      fillBlock(frame, width, height, column * BLOCK, row * BLOCK, colour);
    }
  }
}

function fillBlock(
  frame: Uint8Array,
  width: number,
  height: number,
  left: number,
  top: number,
  colour: readonly number[],
): void {
  for (let y = top; y < Math.min(height, top + BLOCK); y++) {
    for (let x = left; x < Math.min(width, left + BLOCK); x++) frame.set(colour, 3 * (y * width + x));
  }
}

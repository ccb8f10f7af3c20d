// The recoater pass between two layers: a blue lamp lights the chamber while the blade travels over the bed.
import type { Recipe } from './recipe.ts';

/** BGR light of the lamp, and what the blade adds to it. Blue outweighs green and red together everywhere, which is what extraction rejects such crops by. */
const LIT = [92, 30, 20] as const;
const BLADE = [98, 36, 28] as const;

/** Width of the blade and height of its path, as shares of the image. */
const BLADE_WIDTH = 0.04;
const PATH = [0.3, 0.86] as const;

/**
 * Adds lamp and blade to the dark BGR frame `out`.
 * @param progress How far the blade has travelled, 0 to 1.
 */
export function addRecoater({ width, height }: Recipe, progress: number, out: Uint8Array): void {
  const left = Math.round((progress * (1 + BLADE_WIDTH) - BLADE_WIDTH) * width);
  const right = left + Math.round(BLADE_WIDTH * width);
  const top = Math.round(PATH[0] * height);
  const bottom = Math.round(PATH[1] * height);
  for (let y = 0; y < height; y++) {
    // The lamp hangs at the top: the bed below it is brighter than the wall.
    const lamp = 0.8 + (0.4 * y) / height;
    const onPath = y >= top && y < bottom;
    addRow(out, y * width, width, LIT, lamp);
    if (onPath)
      addRow(out, y * width + Math.max(0, left), Math.min(width, right) - Math.max(0, left), BLADE, lamp);
  }
}

/** Adds `colour` × `lamp` to `count` pixels from pixel `first` on. */
function addRow(
  out: Uint8Array,
  first: number,
  count: number,
  colour: readonly number[],
  lamp: number,
): void {
  const [blue, green, red] = colour.map((value) => Math.round(value * lamp)) as [number, number, number];
  for (let to = 3 * first, end = 3 * (first + count); to < end; to += 3) {
    out[to]! += blue;
    out[to + 1]! += green;
    out[to + 2]! += red;
  }
}

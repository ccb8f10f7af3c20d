// Measures of rendered BGR frames, for tests.
import type { Recipe } from '../recipe.ts';
import { createRenderer } from '../render.ts';

/** One frame by itself, in a buffer of its own. */
export function renderFrame(recipe: Recipe, index: number): Uint8Array {
  const frame = new Uint8Array(recipe.width * recipe.height * 3);
  createRenderer(recipe).render(index, frame);
  return frame;
}

/** Mean of each channel: blue, green, red. */
export function channelMeans(frame: Uint8Array): [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < frame.length; i++) sums[i % 3]! += frame[i]!;
  return sums.map((sum) => (3 * sum) / frame.length) as [number, number, number];
}

/** The middle one of all bytes. */
export function median(bytes: Uint8Array): number {
  return Uint8Array.from(bytes).sort()[bytes.length >> 1]!;
}

/** Green plane inside the smallest box that holds every pixel brighter than `threshold`; undefined when none is. */
export function litBox(frame: Uint8Array, width: number, threshold: number) {
  const green = frame.filter((_, i) => i % 3 === 1);
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  green.forEach((value, i) => {
    if (value <= threshold) return;
    const x = i % width;
    const y = Math.floor(i / width);
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  });
  if (right < 0) return undefined;
  const rows = Array.from({ length: bottom - top + 1 }, (_, row) =>
    green.subarray((top + row) * width + left, (top + row) * width + right + 1),
  );
  return {
    left,
    top,
    width: right - left + 1,
    height: bottom - top + 1,
    pixels: Uint8Array.from(rows.flatMap((r) => [...r])),
  };
}

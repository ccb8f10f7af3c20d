// Digits drawn here, for examples that need images and no download; and shaken views of them.
import { normal, randomStream, uniform, type Random } from '../packages/pipeline/src/util/random.ts';

/** Side of an image, pixels. */
export const SIDE = 28;

/** Strokes of a digit on a seven-segment display, as letters a … g. */
const DIGITS = ['abcdef', 'bc', 'abged', 'abgcd', 'fgbc', 'afgcd', 'afgedc', 'abc', 'abcdefg', 'abcdfg'];

type Line = readonly [x0: number, y0: number, x1: number, y1: number];

/** In a box from (−1, −2) to (1, 2), y downward. */
const STROKES: Record<string, Line> = {
  a: [-1, -2, 1, -2],
  b: [1, -2, 1, 0],
  c: [1, 0, 1, 2],
  d: [-1, 2, 1, 2],
  e: [-1, 0, -1, 2],
  f: [-1, -2, -1, 0],
  g: [-1, 0, 1, 0],
};

/** Draws `digit` with a pen of random width, shaken, scaled, slanted, turned and moved at random, with noise: [28, 28] bytes. */
export function drawDigit(digit: number, random: Random): Uint8Array {
  const between = (low: number, high: number) => low + (high - low) * uniform(random);
  const [angle, slant, scale, pen] = [
    between(-0.25, 0.25),
    between(-0.3, 0.3),
    between(3.4, 5.2),
    between(0.8, 1.7),
  ];
  const [cx, cy] = [between(11, 16), between(11, 16)];
  const place = (x: number, y: number): [number, number] => {
    const u = x + slant * y + 0.12 * normal(random);
    const v = y + 0.12 * normal(random);
    const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
    return [cx + scale * (u * cos - v * sin), cy + scale * (u * sin + v * cos)];
  };
  const lines = Array.from(DIGITS[digit]!).map((name): Line => {
    const [x0, y0, x1, y1] = STROKES[name]!;
    return [...place(x0, y0), ...place(x1, y1)];
  });
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const away = Math.min(...lines.map((line) => distance(line, i % SIDE, Math.floor(i / SIDE))));
    const ink = 255 * Math.min(1, Math.max(0, pen + 0.5 - away));
    return Math.min(255, Math.max(0, Math.round(ink + 12 * normal(random))));
  });
}

/** From a point to the nearest point of a line, pixels. */
function distance([x0, y0, x1, y1]: Line, x: number, y: number): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - x0 - t * dx, y - y0 - t * dy);
}

/** Images [N, 28, 28] as numbers in 0…1, with what each shows. */
export interface Digits {
  readonly images: Float32Array;
  readonly labels: Uint8Array;
}

/** `count` digits, 0 … 9 in turn; the same numbers give the same images. */
export function drawnDigits(count: number, seed: number): Digits {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const images = new Float32Array(count * SIDE * SIDE);
  labels.forEach((label, i) => {
    const bytes = drawDigit(label, randomStream(seed, i));
    images.set(
      Float32Array.from(bytes, (byte) => byte / 255),
      i * SIDE * SIDE,
    );
  });
  return { images, labels };
}

/** Image `index` turned, scaled, moved and dimmed at random, with noise: what still shows the same digit. */
function shake(images: Float32Array, index: number, out: Float32Array, at: number, random: Random): void {
  const between = (low: number, high: number) => low + (high - low) * uniform(random);
  const [angle, scale, gain] = [between(-0.35, 0.35), between(0.8, 1.25), between(0.6, 1)];
  const [moveX, moveY] = [between(-3, 3), between(-3, 3)];
  const [sin, cos] = [Math.sin(angle) * scale, Math.cos(angle) * scale];
  const middle = (SIDE - 1) / 2;
  for (let i = 0; i < SIDE * SIDE; i++) {
    const [x, y] = [(i % SIDE) - middle - moveX, Math.floor(i / SIDE) - middle - moveY];
    const [u, v] = [Math.round(cos * x - sin * y + middle), Math.round(sin * x + cos * y + middle)];
    const inside = u >= 0 && u < SIDE && v >= 0 && v < SIDE;
    const ink = inside ? images[(index * SIDE + v) * SIDE + u]! : 0;
    out[at + i] = gain * ink + 0.05 * (uniform(random) - 0.5);
  }
}

/** Shaken views of the images `rows`: [rows, 28, 28]. */
export function views({ images }: Digits, rows: ArrayLike<number>, random: Random): Float32Array {
  const out = new Float32Array(rows.length * SIDE * SIDE);
  for (let i = 0; i < rows.length; i++) shake(images, rows[i]!, out, i * SIDE * SIDE, random);
  return out;
}

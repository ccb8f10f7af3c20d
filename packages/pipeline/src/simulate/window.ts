// The protective window before the lens: condensate dims it, veils it with a glow of all light, and spots it.
import { growBox, type Canvas } from './canvas.ts';
import type { Recipe } from './recipe.ts';
import { between, streamOf } from './streams.ts';

/** Light that a fully fouled window swallows, and light that it scatters into the veil. */
const DIMMED = 0.6;
const VEILED = 0.35;
/** Side of a cell of the veil, pixels, and how many cells it reaches. */
const CELL = 8;
const REACH = 6;
const SPOTS = 45;

interface Spot {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** Light that it swallows in its middle on a fully fouled window. */
  readonly depth: number;
}

/** Fouling of the window at `index` of `frames`: linear from the recipe's first to its last level. */
export function foulingAt({ fouling: [first, last] }: Recipe, index: number, frames: number): number {
  return first + ((last - first) * index) / Math.max(1, frames - 1);
}

/** What the window makes of the light behind it, at a fouling of 0 (clean, changes nothing) to 1. */
export function windowOf(recipe: Recipe): (canvas: Canvas, fouling: number) => void {
  const random = streamOf(recipe, 'window');
  const spots = Array.from({ length: SPOTS }, () => ({
    x: between(random, 0, recipe.width),
    y: between(random, 0, recipe.height),
    radius: between(random, 5, 26) * (recipe.width / 640),
    depth: between(random, 0.2, 0.9),
  }));
  return (canvas, fouling) => {
    if (fouling <= 0) return;
    const before: Canvas['box'] = [...canvas.box];
    for (const plane of [canvas.white, canvas.warm]) {
      const veil = coarse(canvas, plane, before);
      scale(canvas, plane, before, 1 - DIMMED * fouling);
      addVeil(canvas, plane, veil, VEILED * fouling);
      for (const spot of spots) darken(canvas, plane, spot, fouling);
    }
  };
}

/** Mean light of each cell, smeared over its neighbours by three passes of a box per axis. */
function coarse({ width, height }: Canvas, plane: Float32Array, box: Canvas['box']): Float32Array {
  const columns = Math.ceil(width / CELL);
  const rows = Math.ceil(height / CELL);
  const cells = new Float32Array(columns * rows);
  for (let y = box[1]; y < box[3]; y++) {
    const row = Math.floor(y / CELL) * columns;
    // What is brighter than the sensor can tell scatters no more than that: it is clipped like the picture.
    for (let x = box[0]; x < box[2]; x++)
      cells[row + Math.floor(x / CELL)]! += Math.min(2, plane[y * width + x]!) / CELL ** 2;
  }
  for (let pass = 0; pass < 3; pass++) {
    smear(cells, columns, rows, 1, columns);
    smear(cells, rows, columns, columns, 1);
  }
  return cells;
}

/** A centred running mean of 2 · (REACH / 3) + 1 cells along lines of `count` cells `step` apart. */
function smear(cells: Float32Array, count: number, lines: number, step: number, next: number): void {
  const half = REACH / 3;
  const line = new Float32Array(count);
  for (let i = 0; i < lines; i++) {
    for (let j = 0; j < count; j++) line[j] = cells[i * next + j * step]!;
    for (let j = 0; j < count; j++) {
      let sum = 0;
      for (let k = Math.max(0, j - half); k <= Math.min(count - 1, j + half); k++) sum += line[k]!;
      cells[i * next + j * step] = sum / (2 * half + 1);
    }
  }
}

function scale({ width }: Canvas, plane: Float32Array, box: Canvas['box'], factor: number): void {
  for (let y = box[1]; y < box[3]; y++) {
    for (let i = y * width + box[0], end = y * width + box[2]; i < end; i++) plane[i]! *= factor;
  }
}

/** Adds the veil between its cells' centres bilinearly, as far as it reaches. */
function addVeil(canvas: Canvas, plane: Float32Array, veil: Float32Array, strength: number): void {
  const { width, height, box } = canvas;
  const columns = Math.ceil(width / CELL);
  const reach = (REACH + 1) * CELL;
  const [left, top, right, bottom] = box;
  growBox(box, Math.max(0, left - reach), Math.max(0, top - reach), Math.min(width, right + reach), Math.min(height, bottom + reach)); // prettier-ignore
  const line = new Float32Array(columns);
  for (let y = box[1]; y < box[3]; y++) {
    const [above, below, v] = cellsBeside(y, Math.ceil(height / CELL));
    for (let i = 0; i < columns; i++)
      line[i] = strength * (veil[above * columns + i]! * (1 - v) + veil[below * columns + i]! * v);
    addLine(plane, y * width, line, box[0], box[2]);
  }
}

/** Adds a line of cells to the pixels `left` to `right` of the row that starts at `row`. */
function addLine(plane: Float32Array, row: number, line: Float32Array, left: number, right: number): void {
  for (let x = left; x < right; x++) {
    const at = Math.max(0, (x + 0.5) / CELL - 0.5);
    const first = Math.min(line.length - 1, at | 0);
    const here = line[first]!;
    plane[row + x]! += here + ((line[first + 1] ?? here) - here) * (at - first);
  }
}

/** The two cells whose centres lie beside a pixel, and the share of the second. */
function cellsBeside(pixel: number, cells: number): [number, number, number] {
  const at = Math.min(cells - 1, Math.max(0, (pixel + 0.5) / CELL - 0.5));
  const first = Math.floor(at);
  return [first, Math.min(cells - 1, first + 1), at - first];
}

function darken({ width, height, box }: Canvas, plane: Float32Array, spot: Spot, fouling: number): void {
  const { x, y, radius, depth } = spot;
  const top = Math.max(box[1], Math.ceil(y - radius));
  const bottom = Math.min(box[3], height, Math.floor(y + radius) + 1);
  for (let row = top; row < bottom; row++) {
    const left = Math.max(box[0], Math.ceil(x - radius));
    const right = Math.min(box[2], width, Math.floor(x + radius) + 1);
    for (let column = left; column < right; column++) {
      const rest = 1 - ((column - x) ** 2 + (row - y) ** 2) / radius ** 2;
      if (rest > 0) plane[row * width + column]! *= 1 - fouling * depth * rest;
    }
  }
}

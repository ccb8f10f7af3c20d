// From light to pixels: exposure, colour, clipping and sensor noise, into BGR bytes.
import { integer, normal, type Random } from '../util/random.ts';
import type { Camera } from './camera.ts';
import type { Canvas } from './canvas.ts';
import { streamOf } from './streams.ts';
import type { Recipe } from './recipe.ts';

/** Blue, green and red of the two glows. The white-hot one is a little greenish, as the powder bed under it is. */
const WHITE = [0.97, 1, 1] as const;
const WARM = [0.34, 0.66, 1] as const;

/** Extra noise bytes behind a frame: every frame reads the tile at another offset. */
const SLACK = 1 << 16;

export interface Sensor {
  /** Fills `out` (BGR, height × width × 3) with dark noise of frame `random` and the exposed canvas. */
  readonly develop: (canvas: Canvas, random: Random, out: Uint8Array) => void;
}

/** The sensor of one recording. */
export function createSensor(recipe: Recipe, camera: Camera): Sensor {
  const bytes = recipe.width * recipe.height * 3;
  const tile = noiseTile(streamOf(recipe, 'noise'), bytes + SLACK, camera.noise);
  const gains = (colour: readonly number[]): number[] =>
    colour.map((share, i) => 255 * camera.exposure * share * camera.balance[i]!);
  const white = gains(WHITE);
  const warm = gains(WARM);
  return {
    develop: (canvas, random, out) => {
      const offset = 3 * integer(random, SLACK / 3);
      out.set(tile.subarray(offset, offset + bytes));
      expose(canvas, white, warm, out);
    },
  };
}

/** Dark frames as this sensor sees them: black level 0, so only the upper half of the noise shows. */
function noiseTile(random: Random, bytes: number, deviation: number): Uint8Array {
  const period = 1 << 15;
  const tile = new Uint8Array(bytes);
  for (let i = 0; i < period; i++) tile[i] = Math.max(0, Math.round(deviation * normal(random)));
  // An odd shift keeps the repeats from lining up into rows.
  for (let i = period; i < bytes; i++) tile[i] = tile[i - period + 1]!;
  return tile;
}

/** Adds the light of the touched box to the noise in `out`; grain grows with the light. */
function expose(canvas: Canvas, white: readonly number[], warm: readonly number[], out: Uint8Array): void {
  const { width, box } = canvas;
  const [wb, wg, wr] = white as [number, number, number];
  const [ob, og, or] = warm as [number, number, number];
  for (let y = box[1]; y < box[3]; y++) {
    for (let i = y * width + box[0], last = y * width + box[2], to = 3 * i; i < last; i++, to += 3) {
      const hot = canvas.white[i]!;
      const orange = canvas.warm[i]!;
      if (hot + orange === 0) continue;
      const grain = 1 + 0.04 * out[to]!;
      out[to] = Math.min(255, out[to]! + grain * (hot * wb + orange * ob));
      out[to + 1] = Math.min(255, out[to + 1]! + grain * (hot * wg + orange * og));
      out[to + 2] = Math.min(255, out[to + 2]! + grain * (hot * wr + orange * or));
    }
  }
}

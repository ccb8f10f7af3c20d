// Damage to a finished video file: bytes overwritten inside its picture data, or its end cut off.
import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../util/atomic.ts';
import { integer } from '../util/random.ts';
import type { Recipe } from './recipe.ts';
import { streamOf } from './streams.ts';

/** What was done to the file; byte offsets from its start. */
export interface Damage {
  readonly kind: Recipe['damage'];
  /** First byte and length of each overwritten stretch. */
  readonly overwritten: readonly (readonly [number, number])[];
  /** Length of the file now, and before. */
  readonly bytes: number;
  readonly bytes_before: number;
}

const STRETCHES = 12;
const MAX_STRETCH = 400;
/** Share of the file that `truncated` leaves. */
const KEPT = 0.6;

/**
 * Damages the MP4 file `path` as the recipe says; the same recipe damages the same bytes.
 * @throws {SpatterError} DISK_FULL or IO.
 */
export function damageVideo(path: string, recipe: Recipe): Damage | undefined {
  if (recipe.damage === 'none') return undefined;
  const whole = readFileSync(path);
  const { bytes, overwritten } = recipe.damage === 'truncated' ? truncate(whole) : overwrite(whole, recipe);
  writeFileAtomic(path, bytes);
  return { kind: recipe.damage, overwritten, bytes: bytes.length, bytes_before: whole.length };
}

function truncate(whole: Buffer) {
  return { bytes: whole.subarray(0, Math.floor(KEPT * whole.length)), overwritten: [] };
}

function overwrite(whole: Buffer, recipe: Recipe) {
  const random = streamOf(recipe, 'damage');
  const [first, end] = pictureData(whole);
  const overwritten = Array.from({ length: STRETCHES }, () => {
    const length = 1 + integer(random, MAX_STRETCH);
    return [first + integer(random, Math.max(1, end - first - length)), length] as const;
  }).sort(([a], [b]) => a - b);
  for (const [from, length] of overwritten) {
    for (let i = from; i < Math.min(end, from + length); i++) whole[i] = integer(random, 256);
  }
  return { bytes: whole, overwritten };
}

/** Start and end of the `mdat` box (ISO/IEC 14496-12), which holds the coded frames. */
function pictureData(file: Buffer): [number, number] {
  for (let at = 0; at + 8 <= file.length;) {
    const size = file.readUInt32BE(at);
    if (file.toString('latin1', at + 4, at + 8) === 'mdat')
      return [at + 8, size === 0 ? file.length : at + size];
    at += Math.max(8, size);
  }
  return [0, file.length];
}

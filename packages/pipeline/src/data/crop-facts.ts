// What is known of each crop after one look: size, bytes, brightness, whether it can be used, what it is a copy of.
import { hash } from 'node:crypto';
import type { BgrImage } from '../store/jpeg-decoder.ts';
import { LOOK_WORDS, writeLook } from './look-hash.ts';

/** Words of a digest: the first 128 bits of the SHA-256 of the JPEG as stored. */
export const DIGEST_WORDS = 4;

/** Gray levels between which the distribution of light is kept. */
export const LIGHT_LEVELS = [20, 40, 70, 100, 140, 180, 220, 250] as const;

/**
 * Where each fact stands in a crop's {@link FACTS} numbers (uint32): width and height in pixels, bytes of the JPEG, sum
 * of the cached values, condition, sum along the border of the first plane and its darkest value, digest of the JPEG,
 * fingerprint of the picture, pixels of the first plane above each of {@link LIGHT_LEVELS}.
 */
export const FACT = {
  width: 0,
  height: 1,
  bytes: 2,
  sum: 3,
  condition: 4,
  border: 5,
  darkest: 6,
  digest: 7,
  look: 7 + DIGEST_WORDS,
  light: 7 + DIGEST_WORDS + LOOK_WORDS,
} as const;
export const FACTS = FACT.light + LIGHT_LEVELS.length;

/** `black`: no byte above {@link BLACK}, so that nothing shows; `damaged`: no whole JPEG, all its other facts but bytes and digest are 0. */
export const CONDITION = { fine: 0, black: 1, damaged: 2 } as const;

/** The threshold of extraction: a crop without a byte above it shows nothing (`predict` does not judge such crops). */
const BLACK = 20;

/** The cached planes of one crop. */
export interface CropPlanes {
  readonly values: Uint8Array;
  readonly offset: number;
  /** Bytes of all planes. */
  readonly length: number;
  /** Side, pixels. */
  readonly size: number;
}

/** Writes the digest of `jpeg` to `out[at…]`. */
export function writeDigest(jpeg: Uint8Array, out: Uint32Array, at: number): void {
  const digest = hash('sha256', jpeg, 'buffer');
  for (let w = 0; w < DIGEST_WORDS; w++) out[at + w] = digest.readUInt32LE(4 * w);
}

/** Writes the facts of one crop to `out[at…at + FACTS − 1]`; `image` is null when the JPEG could not be decoded. */
export function writeFacts(
  jpeg: Uint8Array,
  image: BgrImage | null,
  planes: CropPlanes,
  out: Uint32Array,
  at: number,
): void {
  out.fill(0, at, at + FACTS);
  out[at + FACT.bytes] = jpeg.length;
  writeDigest(jpeg, out, at + FACT.digest);
  if (image === null) {
    out[at + FACT.condition] = CONDITION.damaged;
    return;
  }
  out[at + FACT.width] = image.width;
  out[at + FACT.height] = image.height;
  out[at + FACT.condition] = image.bgr.some((byte) => byte > BLACK) ? CONDITION.fine : CONDITION.black;
  let sum = 0;
  for (let i = planes.offset; i < planes.offset + planes.length; i++) sum += planes.values[i]!;
  out[at + FACT.sum] = sum;
  writeBorder(planes, out, at);
  writeLook(planes.values, planes.offset, planes.size, out, at + FACT.look);
  writeLight(planes, out, at + FACT.light);
}

/** Values along the border of a square plane. */
export const borderLength = (size: number): number => 4 * (size - 1);

function writeBorder({ values, offset, size }: CropPlanes, out: Uint32Array, at: number): void {
  let [sum, darkest] = [0, 255];
  for (let k = 0; k < size - 1; k++) {
    sum += values[offset + k]! + values[offset + (k + 1) * size - 1]!;
    sum += values[offset + (k + 1) * size]! + values[offset + (size - 1) * size + k + 1]!;
  }
  for (let i = offset; i < offset + size * size; i++) darkest = Math.min(darkest, values[i]!);
  out[at + FACT.border] = sum;
  out[at + FACT.darkest] = darkest;
}

function writeLight({ values, offset, size }: CropPlanes, out: Uint32Array, at: number): void {
  for (let i = offset; i < offset + size * size; i++)
    for (let k = 0; k < LIGHT_LEVELS.length && values[i]! > LIGHT_LEVELS[k]!; k++) out[at + k]!++;
}

/** Slots of the crops in `condition`, ascending. */
export function slotsIn(facts: Uint32Array, condition: keyof typeof CONDITION): number[] {
  const slots: number[] = [];
  for (let slot = 0; slot * FACTS < facts.length; slot++)
    if (facts[slot * FACTS + FACT.condition] === CONDITION[condition]) slots.push(slot);
  return slots;
}

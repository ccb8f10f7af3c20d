// Numbered noise crops and the digests of our transforms on them; `interop/python/pillow_crops.py` has the same formulas for Pillow.
import { createHash } from 'node:crypto';
import { grayFromBgr } from '../gray.ts';
import { packCrop, type Channels, type DecodedCrop } from '../pack.ts';
import type { PassOrder } from '../resize.ts';
import { rotateNearest } from '../rotate.ts';
import { writeRotated } from '../sample.ts';

const SIZE = 40;
const CROP = 32;
const ANGLES = [0, 90, 180, 270, -90, 45, 360, 14.999999999999998];

/** Digests of each step's output for one crop; the keys are the Python script's. */
export interface CropDigests {
  readonly gray: string;
  readonly gray_resized: string;
  readonly rgb_resized: string;
  readonly gray_rotated: string;
  readonly gray_tensor: string;
  readonly rgb_tensor: string;
}

function mix(value: number): number {
  const h = Math.imul(value, 2654435761) >>> 0;
  return Math.imul(h ^ (h >>> 15), 2246822519) >>> 0;
}

const number = (index: number, salt: number): number => mix(index * 16 + salt + 1);

/** Crop `index`: 1…97 × 1…83 pixels of noise; a few have the target's width, height or both. */
export function noiseCrop(index: number): DecodedCrop {
  const kind = index % 16;
  const width = kind === 5 || kind === 7 ? SIZE : 1 + (number(index, 0) % 97);
  const height = kind === 6 || kind === 7 ? SIZE : 1 + (number(index, 1) % 83);
  const start = number(index, 2);
  const bgr = Uint8Array.from({ length: width * height * 3 }, (_, i) => mix(start + i) >>> 24);
  return { width, height, bgr };
}

function angleOf(index: number): number {
  if (index % 8 === 3) return ANGLES[Math.floor(index / 8) % ANGLES.length]!;
  return ((number(index, 3) / 4294967296) * 2 - 1) * (index % 2 === 0 ? 15 : 400);
}

function digest(data: Uint8Array | Float32Array): string {
  return createHash('sha256').update(data).digest('hex').slice(0, 16);
}

function packed(crop: DecodedCrop, channels: Channels, order: PassOrder): Uint8Array {
  const planes = new Uint8Array(channels * SIZE * SIZE);
  packCrop(crop, channels, SIZE, planes, 0, order);
  return planes;
}

function tensor(planes: Uint8Array, channels: Channels, degrees: number): Float32Array {
  const out = new Float32Array(channels * CROP * CROP);
  writeRotated({ channels, size: SIZE, crop: CROP }, planes, 0, out, 0, degrees);
  return out;
}

/** What our transforms make of crop `index`, in the pass order of a Pillow version. */
export function cropDigests(index: number, order: PassOrder = 'pillow-12'): CropDigests {
  const crop = noiseCrop(index);
  const degrees = angleOf(index);
  const gray = new Uint8Array(crop.width * crop.height);
  grayFromBgr(crop.bgr, gray.length, gray);
  const rotated = new Uint8Array(gray.length);
  const plane = { offset: 0, width: crop.width, height: crop.height };
  rotateNearest({ ...plane, data: gray }, degrees, { ...plane, data: rotated });
  const [one, three] = [packed(crop, 1, order), packed(crop, 3, order)];
  return {
    gray: digest(gray),
    gray_resized: digest(one),
    rgb_resized: digest(three),
    gray_rotated: digest(rotated),
    gray_tensor: digest(tensor(one, 1, degrees)),
    rgb_tensor: digest(tensor(three, 3, degrees)),
  };
}

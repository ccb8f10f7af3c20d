// From cached planes to the network's input: (rotate,) centre crop and /255 in one pass, and when to rotate.
import { randomStream, uniform } from '../../util/random.ts';
import { cropOffset } from './crop.ts';
import { newStepping, rotationStepping, type Stepping } from './rotate.ts';

/**
 * The catalogue of sample transforms; each says whether it rotates by a random angle.
 * `eval-legacy` repeats the reference, which rotates validation and test crops too.
 */
export const TRANSFORMS = {
  train: { rotates: true },
  'eval-corrected': { rotates: false },
  'eval-legacy': { rotates: true },
} as const;

export type TransformKind = keyof typeof TRANSFORMS;

export interface SampleTransform {
  readonly kind: TransformKind;
  /** Side of the network's input, pixels. */
  readonly resize: number;
  /** Angles are uniform in ± this, degrees. */
  readonly rotationDegrees: number;
}

/** v / 255 as float32, torchvision's ToTensor. */
const UNIT = Float32Array.from({ length: 256 }, (_, v) => v / 255);

/** Angle of index row `row` in `epoch`, degrees, uniform in ±`bound`: depends on nothing but its arguments. */
export function rotationAngle(seed: number, epoch: number, row: number, bound: number): number {
  return (uniform(randomStream(seed, epoch, row)) * 2 - 1) * bound;
}

/** Cached planes [channels, size, size] and the side of the centre crop that is cut from them. */
export interface SampleShape {
  readonly channels: number;
  readonly size: number;
  readonly crop: number;
}

/** Centre crop of the uint8 planes at `src[at…]` to [channels, crop, crop] in [0, 1] at `out[put…]`. */
export function writeCentre(
  { channels, size, crop }: SampleShape,
  src: Uint8Array,
  at: number,
  out: Float32Array,
  put: number,
): void {
  const offset = cropOffset(size, crop);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < crop; y++) {
      let from = at + c * size * size + (offset + y) * size + offset;
      for (let x = 0; x < crop; x++) out[put++] = UNIT[src[from++]!]!;
    }
  }
}

const stepping = newStepping();

/** As {@link writeCentre}, after rotating by `degrees`; computes only the pixels that the crop keeps. */
export function writeRotated(
  { channels, size, crop }: SampleShape,
  src: Uint8Array,
  at: number,
  out: Float32Array,
  put: number,
  degrees: number,
): void {
  const step = shift(rotationStepping(degrees, size, size, stepping), cropOffset(size, crop));
  const copy = staysInside(step, size, crop) ? copyInside : copyChecked;
  for (let c = 0; c < channels; c++)
    copy(src, at + c * size * size, size, crop, step, out, put + c * crop * crop);
}

/** Moves the start to output pixel (offset, offset). */
function shift(step: Stepping, offset: number): Stepping {
  step.x0 += offset * (step.xx + step.xy);
  step.y0 += offset * (step.yx + step.yy);
  return step;
}

/** An affine image of a square lies inside when its four corners do. */
function staysInside(step: Stepping, size: number, crop: number): boolean {
  const n = crop - 1;
  for (let corner = 0; corner < 4; corner++) {
    const x = (corner & 1) * n;
    const y = (corner >> 1) * n;
    const column = (step.x0 + x * step.xx + y * step.xy) >> 16;
    const row = (step.y0 + x * step.yx + y * step.yy) >> 16;
    if (column < 0 || column >= size || row < 0 || row >= size) return false;
  }
  return true;
}

type Copy = (
  src: Uint8Array,
  at: number,
  size: number,
  crop: number,
  step: Stepping,
  out: Float32Array,
  put: number,
) => void;

const copyInside: Copy = (src, at, size, crop, { x0, y0, xx, xy, yx, yy }, out, put) => {
  for (let y = 0; y < crop; y++) {
    let sx = x0 + y * xy;
    let sy = y0 + y * yy;
    for (let x = 0; x < crop; x++) {
      out[put++] = UNIT[src[at + (sy >> 16) * size + (sx >> 16)]!]!;
      sx += xx;
      sy += yx;
    }
  }
};

const copyChecked: Copy = (src, at, size, crop, { x0, y0, xx, xy, yx, yy }, out, put) => {
  for (let y = 0; y < crop; y++) {
    let sx = x0 + y * xy;
    let sy = y0 + y * yy;
    for (let x = 0; x < crop; x++) {
      const column = sx >> 16;
      const row = sy >> 16;
      const inside = column >= 0 && column < size && row >= 0 && row < size;
      out[put++] = inside ? UNIT[src[at + row * size + column]!]! : 0;
      sx += xx;
      sy += yx;
    }
  }
};

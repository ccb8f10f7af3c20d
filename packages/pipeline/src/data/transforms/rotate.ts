// Rotation about the centre, nearest neighbour, black outside: byte for byte Pillow's `Image.rotate(angle)`.
import type { Plane } from './plane.ts';

/** Source position of output pixel (x, y) in 16.16 fixed point: (x0 + x·xx + y·xy, y0 + x·yx + y·yy). */
export interface Stepping {
  x0: number;
  y0: number;
  xx: number;
  xy: number;
  yx: number;
  yy: number;
}

export function newStepping(): Stepping {
  return { x0: 0, y0: 0, xx: 0, xy: 0, yx: 0, yy: 0 };
}

const fixed = (value: number): number => Math.floor(value * 65536 + 0.5);
const decimals15 = (value: number): number => Number(value.toFixed(15));
const turn = (degrees: number): number => (degrees < 0 ? (degrees % 360) + 360 : degrees % 360);

/**
 * Fills `into` for a counter-clockwise rotation by `degrees` of a `width`×`height` plane, and returns it.
 * The rounding to 15 decimals and to 16 fractional bits is Pillow's, and decides which pixel is nearest.
 */
export function rotationStepping(
  degrees: number,
  width: number,
  height: number,
  into: Stepping = newStepping(),
): Stepping {
  const angle = -(turn(degrees) * (Math.PI / 180));
  const cos = decimals15(Math.cos(angle));
  const sin = decimals15(Math.sin(angle));
  const cx = width / 2;
  const cy = height / 2;
  const x = cos * -cx + sin * -cy + cx;
  const y = -sin * -cx + cos * -cy + cy;
  into.xx = fixed(cos);
  into.xy = fixed(sin);
  into.yx = fixed(-sin);
  into.yy = fixed(cos);
  into.x0 = fixed(x + cos * 0.5 + sin * 0.5);
  into.y0 = fixed(y - sin * 0.5 + cos * 0.5);
  return into;
}

/** Rotates `from` by `degrees` counter-clockwise into `to`, a plane of the same size; pixels from outside become 0. */
export function rotateNearest(from: Plane, degrees: number, to: Plane): void {
  const { data, offset, width, height } = from;
  const step = rotationStepping(degrees, width, height);
  let put = to.offset;
  for (let y = 0; y < height; y++) {
    let sx = step.x0 + y * step.xy;
    let sy = step.y0 + y * step.yy;
    for (let x = 0; x < width; x++, sx += step.xx, sy += step.yx) {
      const column = sx >> 16;
      const row = sy >> 16;
      const inside = column >= 0 && column < width && row >= 0 && row < height;
      to.data[put++] = inside ? data[offset + row * width + column]! : 0;
    }
  }
}

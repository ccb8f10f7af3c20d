// Centre crop, with torchvision's rounding.
import type { Plane } from './plane.ts';

/** First row or column of a centre crop: `round((outer − inner) / 2)`, halves to the even number, as Python rounds. */
export function cropOffset(outer: number, inner: number): number {
  const floor = Math.floor((outer - inner) / 2);
  return (outer - inner) % 2 === 0 ? floor : floor + (floor & 1);
}

/** Cuts the centre of `from` into `to`, which must not be larger. Matches `torchvision.transforms.CenterCrop`. */
export function centerCrop(from: Plane, to: Plane): void {
  const left = cropOffset(from.width, to.width);
  const top = cropOffset(from.height, to.height);
  for (let y = 0; y < to.height; y++) {
    const at = from.offset + (top + y) * from.width + left;
    to.data.set(from.data.subarray(at, at + to.width), to.offset + y * to.width);
  }
}

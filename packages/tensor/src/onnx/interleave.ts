// Taking images apart into every s-th pixel, and weaving such parts together again.
import type { Shape } from '../ir/host.ts';
import type { Pair } from '../ir/primitives.ts';
import type { Emitter } from './emitter.ts';

/** For every pixel of `window`, row-major: that pixel of all windows, of which there are `size`, one every `stride`. */
export function phases(emitter: Emitter, x: string, window: Pair, stride: Pair, size: Pair): string[] {
  return Array.from({ length: window[0] * window[1] }, (_, phase) => {
    const start = [Math.floor(phase / window[1]), phase % window[1]] as const;
    const end = [start[0] + (size[0] - 1) * stride[0] + 1, start[1] + (size[1] - 1) * stride[1] + 1];
    return emitter.emit('Slice', [
      x,
      emitter.ints(start),
      emitter.ints(end),
      emitter.ints([2, 3]),
      emitter.ints(stride),
    ]);
  });
}

/** The inverse of {@link phases} for windows side by side: h·w parts of `shape` become one image, h and w times as large. */
export function weave(
  emitter: Emitter,
  parts: readonly string[],
  [h, w]: Pair,
  [n, c, rows, columns]: readonly number[],
): string {
  if (parts.length === 1) return parts[0]!;
  const stacked = emitter.emit('Concat', parts, { axis: 1 });
  const split = emitter.emit('Reshape', [stacked, emitter.ints([n!, h, w, c!, rows!, columns!])]);
  const woven = emitter.emit('Transpose', [split], { perm: [0, 3, 4, 1, 5, 2] });
  return emitter.emit('Reshape', [woven, emitter.ints([n!, c!, rows! * h, columns! * w])]);
}

/** Zeros for the rows and columns of `xShape` that an image of this size lacks at the far edges. */
export function padTo(emitter: Emitter, image: string, [height, width]: Pair, xShape: Shape): string {
  const [bottom, right] = [xShape[2]! - height, xShape[3]! - width];
  if (bottom === 0 && right === 0) return image;
  return emitter.emit('Pad', [image, emitter.ints([0, 0, 0, 0, 0, 0, bottom, right])]);
}

// Float64 convolutions and pooling written as their definitions, for the reference interpreter.
import { sizeOf, stridesOf, type Shape } from '../ir/host.ts';
import type { ConvParams, MaxPoolParams, Pair } from '../ir/primitives.ts';

/** Flat index of position (n, c, y, x) in a tensor of `shape`. */
function indexer(shape: Shape): (a: number, b: number, c: number, d: number) => number {
  const [s, t, u] = stridesOf(shape) as [number, number, number, number];
  return (a, b, c, d) => a * s + b * t + c * u + d;
}

/** Calls `visit` with each product of a convolution: flat indices of the image, weight and output elements. */
export function eachProduct(
  xShape: Shape,
  wShape: Shape,
  yShape: Shape,
  { stride, padding, dilation, groups }: ConvParams,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [x, w, y] = [indexer(xShape), indexer(wShape), indexer(yShape)];
  const [, , height, width] = xShape as [number, number, number, number];
  const [outputs, channels] = wShape as [number, number];
  for (const [n, o, row, column] of positions(yShape)) {
    const first = Math.floor((o * groups) / outputs) * channels;
    for (const [ky, kx] of positions(wShape.slice(2)) as Generator<Pair>) {
      const py = row * stride[0] + ky * dilation[0] - padding[0];
      const px = column * stride[1] + kx * dilation[1] - padding[1];
      if (py < 0 || px < 0 || py >= height || px >= width) continue;
      for (let c = 0; c < channels; c++)
        visit(x(n, first + c, py, px), w(o, c, ky, kx), y(n, o, row, column));
    }
  }
}

/** Every position of a tensor of `shape`, row-major. */
function* positions(shape: Shape): Generator<[number, number, number, number]> {
  const strides = stridesOf(shape);
  for (let flat = 0; flat < sizeOf(shape); flat++)
    yield shape.map((extent, axis) => Math.floor(flat / strides[axis]!) % extent) as never;
}

/** Windows that do not overlap. */
export const wholeWindows = (window: Pair): MaxPoolParams => ({ window, stride: window, padding: [0, 0] });

/** Flat indices into an image of `xShape` of each pooling window's pixels, row-major, those in the padding left out. */
export function windows(
  xShape: Shape,
  yShape: Shape,
  { window, stride, padding }: MaxPoolParams,
): number[][] {
  const x = indexer(xShape);
  const inside = (position: number, axis: number) => position >= 0 && position < xShape[axis]!;
  return [...positions(yShape)].map(([n, c, row, column]) =>
    [...(positions(window) as Generator<readonly number[]>)]
      .map(([dy, dx]) => [row * stride[0] + dy! - padding[0], column * stride[1] + dx! - padding[1]] as const)
      .filter(([py, px]) => inside(py, 2) && inside(px, 3))
      .map(([py, px]) => x(n, c, py, px)),
  );
}

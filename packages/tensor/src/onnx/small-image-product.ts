// Convolutions of tiny images in blocks of channels, and their gradients, as matrix products of whole images.
import { sizeOf, type Shape } from '../ir/host.ts';
import type { ConvParams, Node, Pair, Tensor } from '../ir/primitives.ts';
import { fits, rearranged } from './blocks.ts';
import { kernelsOf } from './blocked-weight-grad.ts';
import type { BlockedRule, LoweringContext } from './context.ts';
import type { Emitter } from './emitter.ts';

/** In smaller batches, making the matrix takes longer than the product saves. */
const SMALLEST_BATCH = 32;

type Context = LoweringContext & { readonly block: number };
/** Batch and channels; height and width follow. */
type Image = readonly [number, number, ...number[]];

/** For every pixel of the image, then of the result: through which tap one reaches the other; `undefined` unless all do. */
function tapsBetween(
  image: readonly number[],
  result: readonly number[],
  kernel: readonly number[],
  { stride, padding, dilation }: ConvParams,
): number[] | undefined {
  const along = (axis: 0 | 1, p: number, q: number): number =>
    (p + padding[axis] - q * stride[axis]) / dilation[axis];
  const taps: number[] = [];
  for (let p = 0; p < sizeOf(image); p++)
    for (let q = 0; q < sizeOf(result); q++) {
      const row = along(0, Math.floor(p / image[1]!), Math.floor(q / result[1]!));
      const column = along(1, p % image[1]!, q % result[1]!);
      const isInside = [row, column].every((tap, i) => Number.isInteger(tap) && tap >= 0 && tap < kernel[i]!);
      if (!isInside) return undefined;
      taps.push(row * kernel[1]! + column);
    }
  return taps;
}

/**
 * [P, I] × [Q, O]: the weight that leads from pixel p of channel i to pixel q of channel o. `undefined` where some pixel
 * does not reach some other: there the product would multiply by zeros. Where all do (3×3 on 2×2 images), a direct
 * convolution spends over half of its taps outside the image.
 */
function matrixOf(
  { emitter, value, block }: Context,
  weight: Tensor,
  params: ConvParams,
  image: readonly number[],
  result: readonly number[],
): string | undefined {
  const [o, i, ...kernel] = weight.shape as Image;
  const taps = tapsBetween(image, result, kernel, params);
  if (taps === undefined || params.groups !== 1 || !fits(block, o, i)) return undefined;
  const [from, to, all] = [sizeOf(image), sizeOf(result), sizeOf(kernel)];
  // A piece is a tap of one input channel, to all output channels.
  const pieces = turned(emitter, value(weight), [o, i * all]);
  const order = emitter.indices(`product ${[i, all, to, ...taps].join()}`, () =>
    piecesOf(taps, { i, from, to, all }),
  );
  const matrix = emitter.emit('Gather', [pieces, order], { axis: 0 });
  return emitter.emit('Reshape', [matrix, emitter.ints([from * i, to * o])]);
}

/** Which piece stands where in the matrix. */
function piecesOf(
  taps: readonly number[],
  { i, from, to, all }: Readonly<Record<'i' | 'from' | 'to' | 'all', number>>,
): Int32Array {
  const pieces = new Int32Array(from * i * to);
  let at = 0;
  for (let p = 0; p < from; p++)
    for (let channel = 0; channel < i; channel++)
      for (let q = 0; q < to; q++) pieces[at++] = channel * all + taps[p * to + q]!;
  return pieces;
}

/** A matrix of `size` with rows and columns exchanged, at which ONNX Runtime's `Transpose` is quick. */
const turned = (emitter: Emitter, x: string, size: Pair): string =>
  emitter.emit('Transpose', [emitter.emit('Reshape', [x, emitter.ints(size)])], { perm: [1, 0] });

/** An image pixel by pixel, as rows of [P, C]. */
function pixelRows({ emitter, blocked, block }: Context, x: Tensor): string {
  const [n, c, ...size] = x.shape as Image;
  const pixels = sizeOf(size);
  return rearranged(emitter, blocked(x), [n, c / block, pixels, block], [0, 2, 1, 3], [n, pixels * c]);
}

/** The inverse of {@link pixelRows}: in blocks. */
function fromPixelRows({ emitter, block }: Context, rows: string, shape: Shape): string {
  const [n, c, ...size] = shape as Image;
  return rearranged(emitter, rows, [n, sizeOf(size), c / block, block], [0, 2, 1, 3], shape);
}

export const productConv2d: BlockedRule<'conv2d'> = (context, { inputs: [x, weight], params, shape }) => {
  if (x.shape[0]! < SMALLEST_BATCH) return undefined;
  const matrix = matrixOf(context, weight, params, x.shape.slice(2), shape.slice(2));
  if (matrix === undefined) return undefined;
  return fromPixelRows(context, context.emitter.emit('Gemm', [pixelRows(context, x), matrix]), shape);
};

export const productConv2dInputGrad: BlockedRule<'conv2dInputGrad'> = (context, node) => {
  const { inputs, params, shape }: Node<'conv2dInputGrad'> = node;
  const [dy, weight] = inputs;
  if (dy.shape[0]! < SMALLEST_BATCH) return undefined;
  const matrix = matrixOf(context, weight, params, shape.slice(2), dy.shape.slice(2));
  if (matrix === undefined) return undefined;
  const rows = context.emitter.emit('Gemm', [pixelRows(context, dy), matrix], { transB: 1 });
  return fromPixelRows(context, rows, shape);
};

/** One product for every tap, over all images and all pairs of pixels that it joins. `undefined` where it joins none. */
export function productConv2dWeightGrad(
  { block, ...context }: LoweringContext,
  { inputs: [x, dy], params }: Node<'conv2dWeightGrad'>,
): string | undefined {
  const { emitter } = context;
  const [n, i, ...image] = x.shape as Image;
  const [, o, ...result] = dy.shape as Image;
  const { groups, kernel } = params;
  if (block === undefined || groups !== 1 || !fits(block, o, i) || n < SMALLEST_BATCH) return undefined;
  const taps = tapsBetween(image, result, kernel, params) ?? [];
  const joined = Array.from({ length: sizeOf(kernel) }, (_, tap) =>
    taps.flatMap((each, pair) => (each === tap ? [pair] : [])),
  );
  if (joined.some((pairs) => pairs.length === 0)) return undefined;
  const [from, to] = [pixelStack({ ...context, block }, x), pixelStack({ ...context, block }, dy)];
  const products = joined.map((pairs) => {
    const inputs = from(pairs.map((pair) => Math.floor(pair / sizeOf(result))));
    const outputs = to(pairs.map((pair) => pair % sizeOf(result)));
    const product = emitter.emit('Gemm', [inputs, outputs], { transA: 1 });
    return emitter.emit('Reshape', [product, emitter.ints([(i * o) / block, 1, block])]);
  });
  // As convolutions end, too: a `Transpose` here would be moved behind the optimiser's first operators and done twice.
  return kernelsOf(emitter, emitter.emit('Concat', products, { axis: 1 }), [o, i, ...kernel], block);
}

/** Gives some pixels of all images one below the other: [pixels · N, C]. */
function pixelStack({ emitter, blocked, block }: Context, x: Tensor): (pixels: readonly number[]) => string {
  const [n, c, ...size] = x.shape as Image;
  const count = sizeOf(size);
  const all = rearranged(emitter, blocked(x), [n, c / block, count, block], [2, 0, 1, 3], [count, n * c]);
  return (pixels) => {
    const chosen = emitter.emit('Gather', [all, emitter.ints(pixels)], { axis: 0 });
    return emitter.emit('Reshape', [chosen, emitter.ints([pixels.length * n, c])]);
  };
}

// Convolutions of tiny images in blocks of channels, as one matrix product of whole images.
import { sizeOf } from '../ir/host.ts';
import type { ConvParams, Node, Tensor } from '../ir/primitives.ts';
import { fits, toBlocks } from './blocks.ts';
import type { BlockedRule, LoweringContext } from './context.ts';

/** In smaller batches, making the matrix takes longer than the product saves. */
const SMALLEST_BATCH = 32;

type Context = LoweringContext & { readonly block: number };

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
 * [I / B, P, Bi] × [O / B, Q, Bo]: the weight that leads from pixel p of channel i to pixel q of channel o, for images
 * and results in blocks. `undefined` where some pixel does not reach some other: there the product would multiply by
 * zeros. Where all do (3×3 on 2×2 images), a direct convolution spends over half of its taps outside the image.
 */
function matrixOf(
  { emitter, value, block }: Context,
  weight: Tensor,
  params: ConvParams,
  image: readonly number[],
  result: readonly number[],
): string | undefined {
  const [o, i, ...kernel] = weight.shape as readonly [number, number, ...number[]];
  const taps = tapsBetween(image, result, kernel, params);
  if (taps === undefined || params.groups !== 1 || !fits(block, o, i)) return undefined;
  const [from, to, all] = [sizeOf(image), sizeOf(result), sizeOf(kernel)];
  const tall = toBlocks(
    emitter,
    emitter.emit('Reshape', [value(weight), emitter.ints([o / block, block, i * all, 1])]),
  );
  const pieces = emitter.emit('Reshape', [tall, emitter.ints([-1, block])]);
  const order = emitter.indices(`product ${[o, i, all, ...taps].join()}`, () =>
    piecesOf(taps, { o, i, from, to, all, block }),
  );
  return emitter.emit('Reshape', [
    emitter.emit('Gather', [pieces, order], { axis: 0 }),
    emitter.ints([i * from, o * to]),
  ]);
}

/** Which piece of B output channels, of the kernels in blocks, stands where in the matrix. */
function piecesOf(
  taps: readonly number[],
  sizes: Readonly<Record<'o' | 'i' | 'from' | 'to' | 'all' | 'block', number>>,
) {
  const { o, i, from, to, all, block } = sizes;
  const pieces = new Int32Array((i * from * o * to) / block);
  let at = 0;
  for (let row = 0; row < i * from; row++) {
    const p = Math.floor(row / block) % from;
    const channel = Math.floor(row / (block * from)) * block + (row % block);
    for (let ob = 0; ob < o / block; ob++)
      for (let q = 0; q < to; q++) pieces[at++] = (ob * i + channel) * all + taps[p * to + q]!;
  }
  return pieces;
}

const flat = ({ emitter, blocked }: Context, x: Tensor): string =>
  emitter.emit('Reshape', [blocked(x), emitter.ints([x.shape[0]!, -1])]);

export const productConv2d: BlockedRule<'conv2d'> = (context, { inputs: [x, weight], params, shape }) => {
  if (x.shape[0]! < SMALLEST_BATCH) return undefined;
  const { emitter } = context;
  const matrix = matrixOf(context, weight, params, x.shape.slice(2), shape.slice(2));
  return (
    matrix && emitter.emit('Reshape', [emitter.emit('Gemm', [flat(context, x), matrix]), emitter.ints(shape)])
  );
};

export const productConv2dInputGrad: BlockedRule<'conv2dInputGrad'> = (context, node) => {
  const { inputs, params, shape }: Node<'conv2dInputGrad'> = node;
  const [dy, weight] = inputs;
  if (dy.shape[0]! < SMALLEST_BATCH) return undefined;
  const { emitter } = context;
  const matrix = matrixOf(context, weight, params, shape.slice(2), dy.shape.slice(2));
  return (
    matrix &&
    emitter.emit('Reshape', [
      emitter.emit('Gemm', [flat(context, dy), matrix], { transB: 1 }),
      emitter.ints(shape),
    ])
  );
};

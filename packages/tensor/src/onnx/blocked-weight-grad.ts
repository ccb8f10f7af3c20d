// The weight gradient of a convolution by ONNX Runtime's blocked CPU kernels: images lie in blocks, as channels do elsewhere.
import { sizeOf } from '../ir/host.ts';
import type { Node, Pair, Tensor } from '../ir/primitives.ts';
import { emitConv, fourOf, type Four } from './blocked-convolution.ts';
import { fits, fromBlocks, ones, rearranged, toBlocks } from './blocks.ts';
import type { LoweringContext } from './context.ts';
import type { Emitter } from './emitter.ts';

/**
 * The image with batch and channels exchanged, convolved with dy as the kernel: strides become dilations and dilations
 * strides, as in the standard lowering. Padding beforehand pays where the three or so positions of the kernel would
 * otherwise nearly all lie at the border.
 */
export function blockedConv2dWeightGrad(
  context: LoweringContext,
  node: Node<'conv2dWeightGrad'>,
): string | undefined {
  const { emitter, block } = context;
  const [x, dy] = node.inputs;
  const { groups, dilation, kernel } = node.params;
  const [n, i] = fourOf(x);
  const [, o, height, width] = fourOf(dy);
  if (block === undefined || groups !== 1 || !fits(block, n, o)) return undefined;
  const { image, pads, dilations } = exchanged(context, block, node);
  const blocks = context.blocked(dy);
  const images = [n / block, block, o / block, height * width, block];
  const filter = rearranged(emitter, blocks, images, [2, 0, 3, 1, 4], [o, n, height, width]);
  const conv = { kernel: [height, width] as const, pads, strides: dilation, dilations };
  return kernelsOf(emitter, emitConv(emitter, [image, filter], conv), [o, i, ...kernel], block);
}

/** [I, O / B, KH, KW, B] → [O, I, KH, KW]. */
export function kernelsOf(emitter: Emitter, wide: string, shape: Four, block: number): string {
  const [o, i, ...kernel] = shape;
  const split = [i, o / block, sizeOf(kernel), block];
  const tall = rearranged(emitter, wide, split, [1, 0, 2, 3], [o / block, block, i * sizeOf(kernel), 1]);
  return emitter.emit('Reshape', [fromBlocks(emitter, tall, block), emitter.ints(shape)]);
}

/** x in blocks of images, cut to the rows and columns that the convolution saw; and the padding and strides still to do. */
function exchanged(
  context: LoweringContext,
  block: number,
  node: Node<'conv2dWeightGrad'>,
): { image: string; pads: readonly number[]; dilations: Pair } {
  const [x, dy] = node.inputs;
  const { stride, padding, dilation, kernel } = node.params;
  // A kernel of one pixel sees only what the strides meet.
  if (context.isBlocked(x) && sizeOf(kernel) === 1 && isNone(padding))
    return { image: imageBlocks(context, block, x, NONE, stride), pads: NONE, dilations: [1, 1] };
  const far = [0, 1].map(
    (i) =>
      (kernel[i]! - 1) * dilation[i]! +
      (dy.shape[i + 2]! - 1) * stride[i]! +
      1 -
      x.shape[i + 2]! -
      padding[i]!,
  ) as [number, number];
  const pads = [...padding, ...far];
  const isEarly = [pads[0]! < 0 || pads[2]! < 0, pads[1]! < 0 || pads[3]! < 0 || pays(node)];
  const early = pads.map((extent, i) => (isEarly[i % 2] ? extent : 0));
  const image = imageBlocks(context, block, x, early);
  return { image, pads: pads.map((extent, k) => extent - early[k]!), dilations: stride };
}

const NONE = [0, 0, 0, 0] as const;
const isNone = (pads: readonly number[]): boolean => pads.every((extent) => extent === 0);

/**
 * [I, N, H, W] in blocks of images of x with `pads` around it, and of that every `strides`-th pixel. What is negative is cut
 * off; images in blocks alone take strides.
 */
function imageBlocks(
  context: LoweringContext,
  block: number,
  x: Tensor,
  pads: readonly number[],
  strides: Pair = [1, 1],
): string {
  const { emitter } = context;
  const [n, i, ...whole] = fourOf(x);
  const size = whole.map((extent, k) => Math.ceil((extent + pads[k]! + pads[k + 2]!) / strides[k]!));
  const isBlocked = context.isBlocked(x) && pads.every((extent) => extent >= 0);
  const image = isBlocked
    ? pixelsOf(emitter, context.blocked(x), i, pads, strides)
    : padded(emitter, context.value(x), pads);
  const tall = emitter.emit('Reshape', [image, emitter.ints([n / block, block, i * sizeOf(size), 1])]);
  // Channels in blocks come before the pixels and after them.
  const [split, perm] = isBlocked
    ? [
        [n / block, i / block, sizeOf(size), block, block],
        [1, 3, 0, 2, 4],
      ]
    : [
        [n / block, i, sizeOf(size) * block],
        [1, 0, 2],
      ];
  return rearranged(emitter, toBlocks(emitter, tall), split, perm, [i, n, ...size]);
}

function padded(emitter: Emitter, image: string, pads: readonly number[]): string {
  if (isNone(pads)) return image;
  return emitter.emit('Pad', [image, emitter.ints([0, 0, pads[0]!, pads[1]!, 0, 0, pads[2]!, pads[3]!])]);
}

/** By a depthwise convolution of one pixel, which uses all threads where `Pad` and `Slice` use one. */
function pixelsOf(emitter: Emitter, image: string, channels: number, pads: readonly number[], strides: Pair) {
  if (isNone(pads) && strides.join() === '1,1') return image;
  return emitConv(emitter, [image, ones(emitter, channels)], {
    kernel: [1, 1],
    pads,
    strides,
    groups: channels,
  });
}

/** Whether columns are padded beforehand: the kernel, as large as dy, would have most of its few positions at the border. */
const pays = ({ inputs: [, dy], params: { kernel } }: Node<'conv2dWeightGrad'>): boolean =>
  dy.shape[2]! >= 4 && sizeOf(kernel) > 1;

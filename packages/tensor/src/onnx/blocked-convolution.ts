// Convolutions by ONNX Runtime's blocked CPU kernels: channels in blocks as wide as the processor's vectors.
import { sizeOf } from '../ir/host.ts';
import type { Node, Pair, Tensor } from '../ir/primitives.ts';
import { fits, fromBlocks, nchwc, ones, rearranged, toBlocks } from './blocks.ts';
import type { BlockedRule, LoweringContext } from './context.ts';
import type { Attribute, Emitter } from './emitter.ts';

type Four = readonly [number, number, number, number];
const fourOf = ({ shape }: Tensor): Four => shape as unknown as Four;

/** What the operator takes; unlike `Conv` it wants everything spelled out. */
interface BlockedConv {
  readonly kernel: Pair;
  readonly pads: readonly number[];
  readonly strides?: Pair;
  readonly dilations?: Pair;
  readonly groups?: number;
}

function emitConv(emitter: Emitter, inputs: readonly string[], conv: BlockedConv): string {
  const { kernel, pads, strides = [1, 1], dilations = [1, 1], groups = 1 } = conv;
  const attributes: Record<string, Attribute> = {
    kernel_shape: kernel,
    pads,
    strides,
    dilations,
    group: groups,
    auto_pad: 'NOTSET',
  };
  return nchwc(emitter, 'Conv', inputs, attributes);
}

/** [O, I, KH, KW] → [O / B, I / B, KH, KW, Bi, Bo]; few input channels are left in their order. */
function filterOf(emitter: Emitter, weight: string, [o, i, kh, kw]: Four, block: number): string {
  const inner = i < block ? 1 : block;
  // First every output block as an image of B channels, which the reordering kernel does much quicker than a transposition.
  const tall = toBlocks(
    emitter,
    emitter.emit('Reshape', [weight, emitter.ints([o / block, block, i * kh * kw, 1])]),
  );
  const split = [o / block, i / inner, inner, kh * kw, block];
  return rearranged(emitter, tall, split, [0, 1, 3, 2, 4], [o, i, kh, kw]);
}

export function blockedConv2d(
  { emitter, value, blocked, block }: LoweringContext & { readonly block: number },
  node: Node<'conv2d'>,
  bias?: string,
): string | undefined {
  const [x, weight] = node.inputs;
  const [o, i, ...kernel] = fourOf(weight);
  const { groups, padding, stride, dilation } = node.params;
  if (groups !== 1 || !fits(block, o) || (i >= block && !fits(block, i))) return undefined;
  // Few input channels are read in place, as plain images.
  const image = i < block ? value(x) : blocked(x);
  const filter = filterOf(emitter, value(weight), weight.shape as unknown as Four, block);
  const conv = { kernel, pads: [...padding, ...padding], strides: stride, dilations: dilation };
  return emitConv(emitter, [image, filter, ...(bias === undefined ? [] : [bias])], conv);
}

/** How the pixels r, r + s, r + 2s, … of x's axis come out of dy: by a convolution with some of the taps, stride 1. */
interface Phase {
  /** Descending: a gradient slides over dy with the kernel turned round. Empty where strides jumped over all of them. */
  readonly taps: readonly number[];
  readonly pads: Pair;
}

/** Pixel r + s·g is reached by tap k from dy's pixel g + (r + p − k·d) / s, where that divides. */
function phaseOf(axis: 0 | 1, r: number, node: Node<'conv2dInputGrad'>): Phase {
  const { stride, padding, dilation, xShape } = node.params;
  const [s, p, d] = [stride[axis], padding[axis], dilation[axis]];
  const [dy, weight] = node.inputs;
  const all = Array.from({ length: weight.shape[axis + 2]! }, (_, k) => k);
  const taps = all.filter((k) => (r + p - k * d) % s === 0).reverse();
  if (taps.length === 0) return { taps, pads: [0, 0] };
  const near = -(r + p - taps[0]! * d) / s;
  const reach = (taps.length - 1) * (s === 1 ? d : 1);
  return { taps, pads: [near, xShape[axis + 2]! / s + reach - dy.shape[axis + 2]! - near] };
}

/** All phases are one size, taps are evenly spaced, and phases without taps come last. */
function isRegular(
  { stride, dilation, xShape }: Node<'conv2dInputGrad'>['params'],
  phases: readonly Phase[][],
) {
  const even = [0, 1].every(
    (i) => xShape[i + 2]! % stride[i]! === 0 && (stride[i] === 1 || dilation[i] === 1),
  );
  const inOrder = phases.every((axis) =>
    axis.every(({ taps }, i) => taps.length > 0 || (i > 0 && i === axis.length - 1)),
  );
  return even && inOrder && phases.flat().every(({ pads }) => pads.every((extent) => extent >= 0));
}

/**
 * Every s-th pixel of dx is a convolution of dy, with stride 1, with every s-th tap of the kernel turned round; the
 * phases are then woven together, whole blocks of channels at a time.
 */
export const blockedConv2dInputGrad: BlockedRule<'conv2dInputGrad'> = (context, node) => {
  const { emitter, block } = context;
  const [, weight] = node.inputs;
  const [o, i] = fourOf(weight);
  const { stride, groups, xShape } = node.params;
  const phases = ([0, 1] as const).map((axis) =>
    Array.from({ length: stride[axis] }, (_, r) => phaseOf(axis, r, node)),
  );
  if (groups !== 1 || !fits(block, o, i) || !isRegular(node.params, phases)) return undefined;
  const [rows, columns] = phases.map((axis) => axis.filter(({ taps }) => taps.length > 0)) as [
    Phase[],
    Phase[],
  ];
  const lines = rows.map((row) => columns.map((column) => phaseConv(context, block, node, row, column)));
  const blocks = (xShape[0]! * i) / block;
  const [height, width] = [xShape[2]! / stride[0], xShape[3]! / stride[1]];
  const wide = lines.map((parts) => woven(emitter, parts, [blocks * height, width, block], stride[1]));
  const dx = woven(emitter, wide, [blocks, height, width * stride[1] * block], stride[0]);
  return emitter.emit('Reshape', [dx, emitter.ints(xShape)]);
};

function phaseConv(
  { emitter, value, blocked }: LoweringContext,
  block: number,
  { inputs: [dy, weight], params: { stride, dilation } }: Node<'conv2dInputGrad'>,
  row: Phase,
  column: Phase,
): string {
  const [o, i, height, width] = fourOf(weight);
  const kernel: Pair = [row.taps.length, column.taps.length];
  const tall = toBlocks(
    emitter,
    emitter.emit('Reshape', [value(weight), emitter.ints([o, i, height * width, 1])]),
  );
  const split = [o / block, block, i / block, height * width, block];
  const turned = [sizeOf([o, i]) / block ** 2, height * width, block * block];
  const filter = rearranged(emitter, tall, split, [2, 0, 3, 1, 4], turned);
  const taps = row.taps.flatMap((r) => column.taps.map((c) => r * width + c));
  const chosen = emitter.emit('Gather', [filter, emitter.ints(taps)], { axis: 1 });
  const shaped = emitter.emit('Reshape', [chosen, emitter.ints([i, o, ...kernel])]);
  return emitConv(emitter, [blocked(dy), shaped], {
    kernel,
    pads: [row.pads[0], column.pads[0], row.pads[1], column.pads[1]],
    dilations: [stride[0] === 1 ? dilation[0] : 1, stride[1] === 1 ? dilation[1] : 1],
  });
}

/** Interleaves parts of [outer, count, size] to [outer, count, strides · size]; those that are missing are zero. */
function woven(emitter: Emitter, parts: readonly string[], shape: readonly number[], stride: number): string {
  if (stride === 1) return parts[0]!;
  const even = parts.map((part) => emitter.emit('Reshape', [part, emitter.ints(shape)]));
  const joined = even.length === 1 ? even[0]! : emitter.emit('Concat', even, { axis: 2 });
  const missing = (stride - parts.length) * shape[2]!;
  return missing === 0 ? joined : emitter.emit('Pad', [joined, emitter.ints([0, 0, 0, 0, 0, missing])]);
}

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
  const { groups, stride, dilation, kernel } = node.params;
  const [n, i] = fourOf(x);
  const [, o, height, width] = fourOf(dy);
  if (block === undefined || groups !== 1 || !fits(block, n, o)) return undefined;
  const { image, pads } = exchanged(context, block, node);
  const blocks = context.blocked(dy);
  const images = [n / block, block, o / block, height * width, block];
  const filter = rearranged(emitter, blocks, images, [2, 0, 3, 1, 4], [o, n, height, width]);
  const conv = { kernel: [height, width] as const, pads, strides: dilation, dilations: stride };
  return kernelsOf(emitter, emitConv(emitter, [image, filter], conv), [o, i, ...kernel], block);
}

/** [I, O / B, KH, KW, B] → [O, I, KH, KW]. */
export function kernelsOf(emitter: Emitter, wide: string, shape: Four, block: number): string {
  const [o, i, ...kernel] = shape;
  const split = [i, o / block, sizeOf(kernel), block];
  const tall = rearranged(emitter, wide, split, [1, 0, 2, 3], [o / block, block, i * sizeOf(kernel), 1]);
  return emitter.emit('Reshape', [fromBlocks(emitter, tall, block), emitter.ints(shape)]);
}

/** x in blocks of images, cut to the rows and columns that the convolution saw; and the padding that is still to do. */
function exchanged(
  context: LoweringContext,
  block: number,
  node: Node<'conv2dWeightGrad'>,
): { image: string; pads: readonly number[] } {
  const [x, dy] = node.inputs;
  const { stride, padding, dilation, kernel } = node.params;
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
  return { image: imageBlocks(context, block, x, early), pads: pads.map((extent, k) => extent - early[k]!) };
}

/** [I, N, H, W] in blocks of images of x with `pads` around it; what is negative is cut off. */
function imageBlocks(context: LoweringContext, block: number, x: Tensor, pads: readonly number[]): string {
  const { emitter } = context;
  const [n, i, height, width] = fourOf(x);
  const size = [height + pads[0]! + pads[2]!, width + pads[1]! + pads[3]!];
  const isBlocked = context.isBlocked(x) && pads.every((extent) => extent >= 0);
  const padded = isBlocked
    ? padBlocks(emitter, context.blocked(x), i, pads)
    : padPlain(emitter, context.value(x), pads);
  const tall = emitter.emit('Reshape', [padded, emitter.ints([n / block, block, i * sizeOf(size), 1])]);
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

const isNone = (pads: readonly number[]): boolean => pads.every((extent) => extent === 0);

function padPlain(emitter: Emitter, image: string, pads: readonly number[]): string {
  if (isNone(pads)) return image;
  return emitter.emit('Pad', [image, emitter.ints([0, 0, pads[0]!, pads[1]!, 0, 0, pads[2]!, pads[3]!])]);
}

/** By a depthwise convolution of one pixel, which uses all threads where `Pad` uses one. */
function padBlocks(emitter: Emitter, image: string, channels: number, pads: readonly number[]): string {
  if (isNone(pads)) return image;
  return emitConv(emitter, [image, ones(emitter, channels)], { kernel: [1, 1], pads, groups: channels });
}

/** Whether columns are padded beforehand: the kernel, as large as dy, would have most of its few positions at the border. */
const pays = ({ inputs: [, dy], params: { kernel } }: Node<'conv2dWeightGrad'>): boolean =>
  dy.shape[2]! >= 4 && sizeOf(kernel) > 1;

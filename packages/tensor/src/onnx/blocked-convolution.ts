// Convolutions and their input gradients by ONNX Runtime's blocked CPU kernels: channels in blocks as wide as the processor's vectors.
import { sizeOf } from '../ir/host.ts';
import type { Node, Pair, Tensor } from '../ir/primitives.ts';
import { fits, nchwc, rearranged, toBlocks } from './blocks.ts';
import type { BlockedRule, LoweringContext } from './context.ts';
import type { Attribute, Emitter } from './emitter.ts';

export type Four = readonly [number, number, number, number];
export const fourOf = ({ shape }: Tensor): Four => shape as unknown as Four;

/** What the operator takes; unlike `Conv` it wants everything spelled out. */
interface BlockedConv {
  readonly kernel: Pair;
  readonly pads: readonly number[];
  readonly strides?: Pair;
  readonly dilations?: Pair;
  readonly groups?: number;
}

export function emitConv(emitter: Emitter, inputs: readonly string[], conv: BlockedConv): string {
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

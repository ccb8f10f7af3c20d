// Elementwise operations, per-channel sums and affine maps of images in blocks of channels.
import { sameShape, sizeOf } from '../ir/host.ts';
import type { Node, PrimitiveName, Tensor } from '../ir/primitives.ts';
import { biasVector } from './bias.ts';
import { nchwc, ones } from './blocks.ts';
import type { BlockedRule, LoweringContext } from './context.ts';
import type { Emitter } from './emitter.ts';

const isScalar = ({ shape }: Tensor): boolean => sizeOf(shape) === 1 && shape.length <= 1;

/** Images of one shape, and scalars; at least one image that is in blocks already. */
function areAlike(context: LoweringContext, inputs: readonly Tensor[], { shape }: Tensor): boolean {
  const images = inputs.filter((input) => !isScalar(input));
  return (
    images.every((input) => sameShape(input.shape, shape)) && images.some((input) => context.isBlocked(input))
  );
}

const names = ({ value, blocked }: LoweringContext, inputs: readonly Tensor[]): string[] =>
  inputs.map((input) => (isScalar(input) ? value(input) : blocked(input)));

/** An operator that works number by number, so that the order does not matter. */
export const elementwise =
  (opType: string) =>
  (context: LoweringContext, node: Tensor): string | undefined =>
    areAlike(context, node.inputs, node)
      ? context.emitter.emit(opType, names(context, node.inputs))
      : undefined;

const COMPARISONS: Partial<Record<PrimitiveName, string>> = {
  greater: 'Greater',
  greaterEqual: 'GreaterOrEqual',
  equal: 'Equal',
};

/** Zeros and ones from a comparison. Truth values alone are never in blocks, since they cannot be brought out of them. */
export const blockedCast: BlockedRule<'cast'> = (context, { inputs: [x], dtype }) => {
  const opType = COMPARISONS[x.op];
  if (dtype !== 'float32' || opType === undefined || !areAlike(context, x.inputs, x)) return undefined;
  return context.emitter.emit('Cast', [context.emitter.emit(opType, names(context, x.inputs))], { to: 1 });
};

/** scale·x + shift + rest; without `scale`, x + shift + rest. All vectors are per channel. */
interface Affine {
  readonly x: Tensor;
  readonly scale?: Tensor;
  /** They are added up. */
  readonly shifts: readonly Tensor[];
  readonly rest?: Tensor;
}

/** Sums of an affine map with a vector per channel, or with one other image, as one map. */
function affineOf(context: LoweringContext, tensor: Tensor): Affine | undefined {
  if (tensor.op === 'channelAffine') {
    const [x, scale, shift] = tensor.inputs;
    return context.isBlocked(x) ? { x, scale, shifts: [shift] } : undefined;
  }
  if (tensor.op !== 'add') return undefined;
  const [a, b] = tensor.inputs;
  return withAdded(context, tensor, a, b) ?? withAdded(context, tensor, b, a);
}

/** The affine map of `image`, if there is one, with `other` added to it. A bias is left to its convolution. */
function withAdded(
  context: LoweringContext,
  { shape }: Tensor,
  image: Tensor,
  other: Tensor,
): Affine | undefined {
  if (!sameShape(image.shape, shape) || image.op === 'conv2d') return undefined;
  const inner = context.usedOnce(image) ? affineOf(context, image) : undefined;
  const vector = biasVector(other, shape, 1);
  if (vector !== undefined) {
    const base = inner ?? (context.isBlocked(image) ? { x: image, shifts: [] } : undefined);
    return base && { ...base, shifts: [...base.shifts, vector] };
  }
  const isImage = sameShape(other.shape, shape) && inner !== undefined && inner.rest === undefined;
  return isImage ? { ...inner, rest: other } : undefined;
}

/** One pass of a depthwise convolution of one pixel, which can add another image and cut off what is negative. */
function emitAffine(
  context: LoweringContext,
  { x, scale, shifts, rest }: Affine,
  activation?: string,
): string {
  const { emitter, value, blocked } = context;
  const [n, c, height, width] = x.shape as readonly [number, number, number, number];
  // In one row: kernels work row by row.
  const row = (name: string) => emitter.emit('Reshape', [name, emitter.ints([n, c, 1, height * width])]);
  const weight =
    scale === undefined
      ? ones(emitter, c)
      : emitter.emit('Reshape', [value(scale), emitter.ints([c, 1, 1, 1])]);
  const shift = shifts.map(value).reduce((sum, vector) => emitter.emit('Add', [sum, vector]));
  const y = nchwc(
    emitter,
    'Conv',
    [row(blocked(x)), weight, shift, ...(rest === undefined ? [] : [row(blocked(rest))])],
    {
      ...{ kernel_shape: [1, 1], pads: [0, 0, 0, 0], strides: [1, 1], dilations: [1, 1], group: c },
      ...{ auto_pad: 'NOTSET', ...(activation !== undefined && { activation }) },
    },
  );
  return emitter.emit('Reshape', [y, emitter.ints(x.shape)]);
}

export const blockedAffine: BlockedRule<'channelAffine' | 'add'> = (context, node) => {
  const affine = affineOf(context, node as Tensor);
  return affine && emitAffine(context, affine);
};

export const blockedRelu: BlockedRule<'relu'> = (context, node) => {
  const [x] = node.inputs;
  const affine = context.usedOnce(x) ? affineOf(context, x) : undefined;
  return affine ? emitAffine(context, affine, 'Relu') : elementwise('Relu')(context, node);
};

/** Over the pixels, then over images; [N, C]'s channels come out in their order. */
export function blockedChannelSum(emitter: Emitter, image: string, { shape }: Tensor, block: number): string {
  const [n, c, height, width] = shape as readonly [number, number, number, number];
  const split = emitter.emit('Reshape', [image, emitter.ints([n, c / block, height * width, block])]);
  const perImage = emitter.emit('ReduceSum', [split, emitter.ints([2])], { keepdims: 0 });
  const rows = emitter.emit('Reshape', [perImage, emitter.ints([n, c])]);
  return emitter.emit('ReduceSum', [rows, emitter.ints([0])], { keepdims: 0 });
}

/** Squares of the distances from the mean, as in the plain lowering. */
export function blockedChannelVariance(
  context: LoweringContext & { readonly block: number },
  { inputs: [x, mean] }: Node<'channelVariance'>,
): string {
  const { emitter, value, block } = context;
  const minus = emitter.emit('Neg', [value(mean)]);
  const centred = emitAffine({ ...context, value: () => minus }, { x, shifts: [mean] });
  const squares = blockedChannelSum(emitter, emitter.emit('Mul', [centred, centred]), x, block);
  return emitter.emit('Mul', [squares, emitter.float(x.shape[1]! / sizeOf(x.shape))]);
}

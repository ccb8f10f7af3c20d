// Lowerings of the convolution and its two gradients to standard operators.
import type { ConvParams, Node, Pair, Tensor } from '../ir/primitives.ts';
import type { Attribute } from './emitter.ts';
import type { LoweringContext } from './context.ts';

/** Geometry as `Conv` takes it; ONNX pads top, left, bottom, right. What ONNX takes for granted is left out. */
export function convAttributes({ stride, padding, dilation, groups }: ConvParams): Record<string, Attribute> {
  return {
    strides: stride,
    pads: [...padding, ...padding],
    ...(dilation.some((step) => step !== 1) && { dilations: dilation }),
    ...(groups !== 1 && { group: groups }),
  };
}

export function conv2d({ emitter, value }: LoweringContext, { inputs, params }: Node<'conv2d'>): string {
  return emitter.emit('Conv', inputs.map(value), convAttributes(params));
}

/** A transposed convolution; rows that the strides skipped at the far edge come back as output padding. */
export function conv2dInputGrad(
  { emitter, value }: LoweringContext,
  { inputs: [dy, weight], params }: Node<'conv2dInputGrad'>,
): string {
  const { stride, padding, dilation, xShape } = params;
  const skipped = [0, 1].map((i) => {
    const reach = dilation[i]! * (weight.shape[i + 2]! - 1) + 1;
    return xShape[i + 2]! - ((dy.shape[i + 2]! - 1) * stride[i]! + reach - 2 * padding[i]!);
  });
  return emitter.emit('ConvTranspose', [value(dy), value(weight)], {
    ...convAttributes(params),
    output_padding: skipped,
  });
}

/**
 * Correlates the image with dy over the batch: batch and channel axes trade places, strides become dilations and
 * dilations strides. Groups stay groups: of [I, G·N, H, W] with [G·O, N, h, w].
 */
export function conv2dWeightGrad(
  context: LoweringContext,
  { inputs: [x, dy], params }: Node<'conv2dWeightGrad'>,
): string {
  const { stride, padding, dilation, kernel, groups } = params;
  const { emitter } = context;
  const image = batchAsChannels(context, x, groups, [2, 1, 0, 3, 4]);
  const filter = batchAsChannels(context, dy, groups, [1, 2, 0, 3, 4]);
  const attributes = convAttributes({ stride: dilation, padding, dilation: stride, groups });
  const wide = emitter.emit('Conv', [image, filter], attributes);
  const isExact = [0, 1].every((i) => {
    const reach = (dy.shape[i + 2]! - 1) * stride[i]! + 1;
    return Math.floor((x.shape[i + 2]! + 2 * padding[i]! - reach) / dilation[i]!) + 1 === kernel[i];
  });
  return emitter.emit('Transpose', [isExact ? wide : crop(context, wide, kernel)], { perm: [1, 0, 2, 3] });
}

/** The first rows and columns. */
function crop({ emitter }: LoweringContext, image: string, size: Pair): string {
  return emitter.emit('Slice', [image, emitter.ints([0, 0]), emitter.ints(size), emitter.ints([2, 3])]);
}

/** Batch and channel axes trade places; several groups are taken apart first, and ordered by `perm` of [N, G, C, H, W]. */
function batchAsChannels(
  { emitter, value }: LoweringContext,
  tensor: Tensor,
  groups: number,
  perm: readonly number[],
): string {
  if (groups === 1) return emitter.emit('Transpose', [value(tensor)], { perm: [1, 0, 2, 3] });
  const [n, channels, h, w] = tensor.shape as [number, number, number, number];
  const split = [n, groups, channels / groups, h, w];
  const apart = emitter.emit('Reshape', [value(tensor), emitter.ints(split)]);
  const ordered = emitter.emit('Transpose', [apart], { perm });
  const [a, b, c] = perm.map((axis) => split[axis]!) as [number, number, number];
  const merged = perm[0] === 2 ? [a, b * c, h, w] : [a * b, c, h, w];
  return emitter.emit('Reshape', [ordered, emitter.ints(merged)]);
}

// Lowerings of the convolution and its two gradients to standard operators.
import type { ConvParams, Node } from '../ir/primitives.ts';
import type { Attribute } from './emitter.ts';
import type { LoweringContext } from './context.ts';

/** Geometry as `Conv` takes it; ONNX pads top, left, bottom, right. */
export function convAttributes({ stride, padding }: ConvParams): Record<string, Attribute> {
  return { strides: stride, pads: [...padding, ...padding] };
}

export function conv2d({ emitter, value }: LoweringContext, { inputs, params }: Node<'conv2d'>): string {
  return emitter.emit('Conv', inputs.map(value), convAttributes(params));
}

/** A transposed convolution; rows that the strides skipped at the far edge come back as output padding. */
export function conv2dInputGrad(
  { emitter, value }: LoweringContext,
  { inputs: [dy, weight], params }: Node<'conv2dInputGrad'>,
): string {
  const { stride, padding, xShape } = params;
  const skipped = [0, 1].map(
    (i) => xShape[i + 2]! - ((dy.shape[i + 2]! - 1) * stride[i]! + weight.shape[i + 2]! - 2 * padding[i]!),
  );
  return emitter.emit('ConvTranspose', [value(dy), value(weight)], {
    ...convAttributes(params),
    output_padding: skipped,
  });
}

/** Correlates the image with dy over the batch: batch and channel axes trade places, and strides become dilations. */
export function conv2dWeightGrad(
  { emitter, value }: LoweringContext,
  { inputs: [x, dy], params }: Node<'conv2dWeightGrad'>,
): string {
  const { stride, padding, kernel } = params;
  const swap = { perm: [1, 0, 2, 3] };
  const image = emitter.emit('Transpose', [value(x)], swap);
  const filter = emitter.emit('Transpose', [value(dy)], swap);
  const wide = emitter.emit('Conv', [image, filter], { pads: [...padding, ...padding], dilations: stride });
  const extents = [0, 1].map((i) => x.shape[i + 2]! + 2 * padding[i]! - (dy.shape[i + 2]! - 1) * stride[i]!);
  const isExact = extents.every((extent, i) => extent === kernel[i]);
  const cropped = isExact
    ? wide
    : emitter.emit('Slice', [wide, emitter.ints([0, 0]), emitter.ints(kernel), emitter.ints([2, 3])]);
  return emitter.emit('Transpose', [cropped], swap);
}

// Lowerings of max pooling and its gradient. The standard ones use no indices, which the WebGPU provider does not give.
import type { MaxPoolParams, Node, Pair } from '../ir/primitives.ts';
import type { Attribute, Emitter } from './emitter.ts';
import { nchwc } from './blocks.ts';
import type { BlockedRule, LoweringContext } from './context.ts';
import { padTo, phases, weave } from './interleave.ts';
import { tournament } from './tournament.ts';

function geometry({ window, stride, padding }: MaxPoolParams): Record<string, Attribute> {
  const isPadded = padding.some((extent) => extent > 0);
  return { kernel_shape: window, strides: stride, ...(isPadded && { pads: [...padding, ...padding] }) };
}

const isSideBySide = ({ window, stride, padding }: MaxPoolParams): boolean =>
  stride.join() === window.join() && padding.join() === '0,0';

export function maxPool2d(
  { emitter, value }: LoweringContext,
  { inputs: [x], params }: Node<'maxPool2d'>,
): string {
  return emitter.emit('MaxPool', [value(x)], geometry(params));
}

/** Of an image that is in blocks already. */
export const blockedMaxPool2d: BlockedRule<'maxPool2d'> = (context, { inputs: [x], params }) =>
  context.isBlocked(x)
    ? nchwc(context.emitter, 'MaxPool', [context.blocked(x)], geometry(params))
    : undefined;

/** Height and width of a tensor's `shape`. */
const sizeOfImage = (shape: readonly number[]): Pair => [shape[2]!, shape[3]!];

/** Takes the windows' pixels apart, lets the first maximum win dy, and adds everything up where it came from. */
export function maxPool2dGrad(
  { emitter, value }: LoweringContext,
  { inputs: [x, y, dy], params }: Node<'maxPool2dGrad'>,
): string {
  const { window, stride } = params;
  const size = sizeOfImage(y.shape);
  const isPlain = isSideBySide(params);
  const image = isPlain ? value(x) : surround(emitter, value(x), sizeOfImage(x.shape), size, params);
  const parts = tournament(emitter, phases(emitter, image, window, stride, size), value(dy));
  if (!isPlain) return addUp(emitter, parts, y.shape, x.shape, params);
  const woven = weave(emitter, parts, window, y.shape);
  return padTo(emitter, woven, [size[0] * window[0], size[1] * window[1]], x.shape);
}

/** Pads with −∞, at the far edges as far as the last window reaches. */
function surround(
  emitter: Emitter,
  x: string,
  image: Pair,
  size: Pair,
  { window, stride, padding }: MaxPoolParams,
): string {
  const far = ([0, 1] as const).map((i) =>
    Math.max(0, (size[i] - 1) * stride[i] + window[i] - padding[i] - image[i]),
  );
  return emitter.emit('Pad', [x, emitter.ints([0, 0, ...padding, 0, 0, ...far]), emitter.float(-Infinity)]);
}

/**
 * Adds overlapping parts up: taps whose distance is a multiple of the stride meet in one plane, the stride's planes are
 * woven into the padded image, and the image is cut out of that.
 */
function addUp(
  emitter: Emitter,
  parts: readonly string[],
  yShape: readonly number[],
  xShape: readonly number[],
  { window, stride, padding }: MaxPoolParams,
): string {
  const reach = ([0, 1] as const).map((i) => Math.ceil(window[i] / stride[i]) - 1) as [number, number];
  const planes = Array.from({ length: stride[0] * stride[1] }, (): string[] => []);
  for (const [tap, part] of parts.entries()) {
    const [row, column] = [Math.floor(tap / window[1]), tap % window[1]];
    const shift = [Math.floor(row / stride[0]), Math.floor(column / stride[1])] as const;
    const pads = [0, 0, ...shift, 0, 0, reach[0] - shift[0], reach[1] - shift[1]];
    const plane = (row % stride[0]) * stride[1] + (column % stride[1]);
    planes[plane]!.push(emitter.emit('Pad', [part, emitter.ints(pads)]));
  }
  const sums = planes.map((plane) => (plane.length === 1 ? plane[0]! : emitter.emit('Sum', plane)));
  const rows = yShape[2]! + reach[0];
  const columns = yShape[3]! + reach[1];
  const woven = weave(emitter, sums, stride, [yShape[0]!, yShape[1]!, rows, columns]);
  const far = [rows * stride[0] - padding[0] - xShape[2]!, columns * stride[1] - padding[1] - xShape[3]!];
  const cut = [0, 0, ...padding, 0, 0, ...far].map((extent) => 0 - extent);
  return emitter.emit('Pad', [woven, emitter.ints(cut)]);
}

/** By the indices of a max pool, whose first maximum wins; only the CPU provider has the operators. */
export function maxPool2dGradByIndices(
  { emitter, value }: LoweringContext,
  { inputs: [x, , dy], params, shape }: Node<'maxPool2dGrad'>,
): string {
  const [, indices] = emitter.emitMany('MaxPool', [value(x)], 2, geometry(params)) as [string, string];
  if (isSideBySide(params))
    return emitter.emit('MaxUnpool', [value(dy), indices, emitter.ints(shape)], geometry(params));
  const flat = emitter.ints([-1]);
  const size = emitter.ints([shape.reduce((product, extent) => product * extent, 1)]);
  const zeros = emitter.emit('ConstantOfShape', [size]);
  const flatten = (name: string) => emitter.emit('Reshape', [name, flat]);
  const sums = emitter.emit('ScatterElements', [zeros, flatten(indices), flatten(value(dy))], {
    reduction: 'add',
  });
  return emitter.emit('Reshape', [sums, emitter.ints(shape)]);
}

// The weight gradient of a convolution as matrix products with every tap's pixels side by side (im2col).
import { sizeOf } from '../ir/host.ts';
import type { Node } from '../ir/primitives.ts';
import type { LoweringContext } from './context.ts';

type Four = readonly [number, number, number, number];

/**
 * dW = Σₙ dyₙ · columnsₙᵀ, with columns [taps·I, pixels]. It takes the memory of as many images as the kernel has taps.
 * `undefined` for groups.
 */
export function columnWeightGrad(
  context: LoweringContext,
  node: Node<'conv2dWeightGrad'>,
): string | undefined {
  const { emitter, value, target } = context;
  const [x, dy] = node.inputs;
  const [n, i] = x.shape as Four;
  const [, o, ...size] = dy.shape as Four;
  const { groups, kernel } = node.params;
  if (groups !== 1) return undefined;
  const taps = isPointwise(node.params)
    ? value(x)
    : emitter.emit('Concat', tapsOf(context, node), { axis: 1 });
  const flat = (name: string, rows: number) =>
    emitter.emit('Reshape', [name, emitter.ints([n, rows, sizeOf(size)])]);
  const [rows, columns] = [flat(value(dy), o), flat(taps, sizeOf(kernel) * i)];
  const products =
    target === 'cpu'
      ? emitter.emit('com.microsoft:FusedMatMul', [rows, columns], { transB: 1 })
      : emitter.emit('MatMul', [rows, emitter.emit('Transpose', [columns], { perm: [0, 2, 1] })]);
  const sum = emitter.emit('ReduceSum', [products, emitter.ints([0])], { keepdims: 0 });
  const split = emitter.emit('Reshape', [sum, emitter.ints([o, sizeOf(kernel), i])]);
  const ordered = emitter.emit('Transpose', [split], { perm: [0, 2, 1] });
  return emitter.emit('Reshape', [ordered, emitter.ints([o, i, ...kernel])]);
}

/** Whether the columns are the image itself. */
const isPointwise = ({ kernel, stride, padding }: Node<'conv2dWeightGrad'>['params']): boolean =>
  [...kernel, ...stride].every((extent) => extent === 1) && padding.join() === '0,0';

/** Fewer pixels do not fill the products. */
const ENOUGH_PIXELS = 64;

/** Whether shapes alone tell that this form is the quickest: kernels of one pixel, for which no column is copied. */
export const isClearlyBest = ({ inputs: [, dy], params }: Node<'conv2dWeightGrad'>): boolean =>
  isPointwise(params) && dy.shape[2]! * dy.shape[3]! >= ENOUGH_PIXELS;

/** For every tap, row-major: the pixels that it meets, [N, I, height, width] of dy. */
function tapsOf({ emitter, value }: LoweringContext, node: Node<'conv2dWeightGrad'>): string[] {
  const [x, dy] = node.inputs;
  const { stride, padding, dilation, kernel } = node.params;
  const reach = (axis: 0 | 1) => (dy.shape[axis + 2]! - 1) * stride[axis] + 1;
  const far = ([0, 1] as const).map((axis) =>
    Math.max(0, (kernel[axis] - 1) * dilation[axis] + reach(axis) - padding[axis] - x.shape[axis + 2]!),
  );
  const image = emitter.emit('Pad', [value(x), emitter.ints([0, 0, ...padding, 0, 0, ...far])]);
  return Array.from({ length: sizeOf(kernel) }, (_, tap) => {
    const start = [Math.floor(tap / kernel[1]) * dilation[0], (tap % kernel[1]) * dilation[1]] as const;
    const end = [start[0] + reach(0), start[1] + reach(1)];
    const lists = [start, end, [2, 3], stride].map((list) => emitter.ints(list));
    return emitter.emit('Slice', [image, ...lists]);
  });
}

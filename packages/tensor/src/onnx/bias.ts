// Additions: a bias added to a fresh convolution or product becomes the operator's own bias input.
import { sizeOf, type Shape } from '../ir/host.ts';
import type { Node, Tensor } from '../ir/primitives.ts';
import { concatenation } from './concatenation.ts';
import { convAttributes } from './convolution.ts';
import type { LoweringContext } from './context.ts';
import { product } from './product.ts';

/** The vector behind `bias` when it holds one value per entry of `axis` of `shape` and nothing else. */
export function biasVector(bias: Tensor, shape: Shape, axis: number): Tensor | undefined {
  const extent = shape[axis]!;
  const wide = [...new Array<number>(shape.length - axis - 1).fill(1)];
  const isPerEntry = bias.shape.join() === [extent, ...wide].join() && sizeOf(bias.shape) === extent;
  const vector = bias.op === 'reshape' ? bias.inputs[0] : bias;
  return isPerEntry && vector.shape.length === 1 ? vector : undefined;
}

/** The vector that `node` adds to a convolution or product that nothing else reads: that operator takes it as its own bias. */
export function absorbedBias(
  { usedOnce }: LoweringContext,
  { inputs: [a, b] }: Node<'add'>,
): Tensor | undefined {
  const takesBias = a.op === 'conv2d' || a.op === 'matmul';
  return takesBias && usedOnce(a) ? biasVector(b, a.shape, 1) : undefined;
}

export function addRule(context: LoweringContext, node: Node<'add'>): string {
  const { emitter, value } = context;
  const [a, b] = node.inputs;
  const bias = absorbedBias(context, node);
  if (bias !== undefined && a.op === 'conv2d')
    return emitter.emit('Conv', [...a.inputs.map(value), value(bias)], convAttributes(a.params));
  if (bias !== undefined && a.op === 'matmul') return product(context, a, { bias });
  return concatenation(context, node) ?? emitter.emit('Add', [value(a), value(b)]);
}

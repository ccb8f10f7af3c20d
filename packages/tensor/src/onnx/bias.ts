// Additions: a bias added to a fresh convolution or product becomes the operator's own bias input.
import { sizeOf, type Shape } from '../ir/host.ts';
import type { Node, Tensor } from '../ir/primitives.ts';
import { convAttributes } from './convolution.ts';
import type { LoweringContext } from './context.ts';

/** The vector behind `bias` when it holds one value per entry of `axis` of `shape` and nothing else. */
export function biasVector(bias: Tensor, shape: Shape, axis: number): Tensor | undefined {
  const extent = shape[axis]!;
  const wide = [...new Array<number>(shape.length - axis - 1).fill(1)];
  const isPerEntry = bias.shape.join() === [extent, ...wide].join() && sizeOf(bias.shape) === extent;
  const vector = bias.op === 'reshape' ? bias.inputs[0] : bias;
  return isPerEntry && vector.shape.length === 1 ? vector : undefined;
}

export function addRule(context: LoweringContext, node: Node<'add'>): string {
  const { emitter, value } = context;
  const [a, b] = node.inputs;
  if (context.usedOnce(a) && a.op === 'conv2d') {
    const bias = biasVector(b, a.shape, 1);
    if (bias) return emitter.emit('Conv', [...a.inputs.map(value), value(bias)], convAttributes(a.params));
  }
  if (context.usedOnce(a) && a.op === 'matmul') {
    const bias = biasVector(b, a.shape, 1);
    const { transposeA, transposeB } = a.params;
    const attributes = { transA: Number(transposeA), transB: Number(transposeB) };
    if (bias) return emitter.emit('Gemm', [...a.inputs.map(value), value(bias)], attributes);
  }
  return emitter.emit('Add', [value(a), value(b)]);
}

// Lowerings of matrix products over leading axes.
import type { Node, Tensor } from '../ir/primitives.ts';
import type { LoweringContext } from './context.ts';

/** The last two axes trade places. */
function swapped({ emitter, value }: LoweringContext, x: Tensor): string {
  const axes = x.shape.map((_, axis) => axis);
  return emitter.emit('Transpose', [value(x)], { perm: [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!] });
}

export function batchMatmul(
  context: LoweringContext,
  { inputs: [a, b], params: { transposeA, transposeB } }: Node<'batchMatmul'>,
): string {
  const side = (x: Tensor, isTransposed: boolean) => (isTransposed ? swapped(context, x) : context.value(x));
  return context.emitter.emit('MatMul', [side(a, transposeA), side(b, transposeB)]);
}

/** ONNX Runtime's own product, which reads transposed sides in place. */
export function fusedBatchMatmul(
  { emitter, value }: LoweringContext,
  { inputs: [a, b], params: { transposeA, transposeB } }: Node<'batchMatmul'>,
): string {
  const attributes = { transA: Number(transposeA), transB: Number(transposeB) };
  return emitter.emit('com.microsoft:FusedMatMul', [value(a), value(b)], attributes);
}

// Matrix products, which multiply by a number on the way: scalings of their sides cost no pass over memory.
import { sameShape } from '../ir/host.ts';
import { reshape } from '../ir/ops.ts';
import type { Node, Tensor } from '../ir/primitives.ts';
import type { LoweringContext } from './context.ts';
import { floatAttribute } from './emitter.ts';

interface Scaled {
  readonly base: Tensor;
  readonly factor: number;
}

/** The number that `x` multiplies a tensor of its own shape by, and that tensor; `undefined` when it does not. */
export function scaling(x: Tensor): Scaled | undefined {
  if (x.op !== 'mul') return undefined;
  const [a, b] = x.inputs;
  const [base, number] = b.shape.length === 0 ? [a, b] : [b, a];
  const isNumber = number.op === 'constant' && number.shape.length === 0 && sameShape(base.shape, x.shape);
  return isNumber ? { base, factor: Number(number.params.value.data[0]) } : undefined;
}

/** `x` as a number times a tensor that is there without a pass for the multiplication. */
export function unscaled(x: Tensor): Scaled {
  if (x.op !== 'reshape') return scaling(x) ?? { base: x, factor: 1 };
  const { base, factor } = unscaled(x.inputs[0]);
  return factor === 1 ? { base: x, factor } : { base: reshape(base, x.shape), factor };
}

/** `factor` · a · b + bias. In half precision scalings stay where they are, since they decide what overflows. */
export function product(
  context: LoweringContext,
  node: Node<'matmul'>,
  { factor = 1, bias }: { readonly factor?: number; readonly bias?: Tensor } = {},
): string {
  const { emitter, value } = context;
  const { transposeA, transposeB } = node.params;
  const [a, b] = node.inputs.map((side) =>
    context.isHalf(node) ? { base: side, factor: 1 } : unscaled(side),
  );
  const alpha = factor * a!.factor * b!.factor;
  const inputs = [value(a!.base), value(b!.base), ...(bias === undefined ? [] : [value(bias)])];
  return emitter.emit('Gemm', inputs, {
    transA: Number(transposeA),
    transB: Number(transposeB),
    ...(alpha !== 1 && { alpha: floatAttribute(alpha) }),
  });
}

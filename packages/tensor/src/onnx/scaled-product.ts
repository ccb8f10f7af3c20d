// A product's result times a number: the product multiplies by it.
import { mul } from '../ir/ops.ts';
import type { Node } from '../ir/primitives.ts';
import { absorbedBias } from './bias.ts';
import type { LoweringContext } from './context.ts';
import { product, scaling } from './product.ts';

/** How `Reshape` is told to work an extent out by itself. */
const INFERRED = -1;

/** The value of `node` when it multiplies a product that nothing else reads by a number; else `undefined`. */
export function scaledProduct(context: LoweringContext, node: Node<'mul'>): string | undefined {
  const { emitter, usedOnce } = context;
  const found = scaling(node);
  if (found === undefined || node.shape.length === 0) return undefined;
  let source = found.base;
  while (source.op === 'reshape' && usedOnce(source)) source = source.inputs[0];
  if (!usedOnce(source) || context.isHalf(source)) return undefined;
  const bias = source.op === 'add' ? absorbedBias(context, source) : undefined;
  const inner = source.op === 'add' ? source.inputs[0] : source;
  if (inner.op !== 'matmul' || (source.op === 'add' && bias === undefined)) return undefined;
  const { factor } = found;
  const result = product(context, inner, { factor, ...(bias && { bias: mul(bias, factor) }) });
  return emitter.emit('Reshape', [result, emitter.ints([INFERRED, ...node.shape.slice(1)])]);
}

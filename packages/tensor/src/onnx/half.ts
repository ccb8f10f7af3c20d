// Mixed precision: which primitives compute in half precision, as PyTorch's autocast does; all others stay in float32.
import type { PrimitiveName, Tensor } from '../ir/primitives.ts';
import { absorbedBias } from './bias.ts';
import type { LoweringContext, Target } from './context.ts';
import { dataTypeOf, FLOAT16, type Emitter } from './emitter.ts';

/** Element type of the products of a step. Parameters, sums, normalisation, softmax and losses are float32 in either. */
export const PRECISIONS = ['fp32', 'fp16'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** Where the time goes: sums of products, which GPUs add up in float32. */
const PRODUCTS: ReadonlySet<PrimitiveName> = new Set([
  'conv2d',
  'conv2dInputGrad',
  'conv2dWeightGrad',
  'matmul',
  'batchMatmul',
]);

/** What only moves or picks values, so that it gives the same in either type. */
const MOVES: ReadonlySet<PrimitiveName> = new Set([
  'relu',
  'maxPool2d',
  'maxGroups',
  'reshape',
  'transpose',
  'slice',
  'pad',
  'stopGradient',
]);

/** Whether `tensor` is computed in half precision: products with their biases, and what moves values that are half already. */
export function isHalf(context: LoweringContext, tensor: Tensor): boolean {
  if (tensor.dtype !== 'float32') return false;
  if (PRODUCTS.has(tensor.op)) return true;
  if (tensor.op === 'add') return absorbedBias(context, tensor) !== undefined;
  return MOVES.has(tensor.op) && tensor.inputs.every((input: Tensor) => context.isHalf(input));
}

/**
 * How values become half precision and come back. The CPU provider has hardly any kernels for it, and where ONNX Runtime widens
 * their inputs by itself it also takes the rounding away. There values stay float32 and are rounded by a pair of casts, so that
 * the processor computes what a GPU does, if not as quickly.
 */
export function halfCasts(emitter: Emitter, target: Target) {
  const cast = (name: string, to: number) => emitter.emit('Cast', [name], { to });
  const round = (name: string) => cast(cast(name, FLOAT16), dataTypeOf('float32'));
  const isWide = target === 'cpu';
  return {
    narrowed: isWide ? round : (name: string) => cast(name, FLOAT16),
    widened: (name: string) => (isWide ? name : cast(name, dataTypeOf('float32'))),
    /** The result of a primitive that computed on such values. */
    rounded: (tensor: Tensor, name: string) => (isWide && !MOVES.has(tensor.op) ? round(name) : name),
  };
}

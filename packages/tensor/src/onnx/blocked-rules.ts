// The table of primitives that can be computed in blocks of channels: what stays in blocks between two convolutions.
import type { PrimitiveName, Tensor } from '../ir/primitives.ts';
import { biasVector } from './bias.ts';
import { blockedConv2d, blockedConv2dInputGrad } from './blocked-convolution.ts';
import { blockedAffine, blockedCast, blockedRelu, elementwise } from './blocked-elementwise.ts';
import type { BlockedRule, LoweringContext } from './context.ts';
import { blockedMaxPool2d } from './max-pooling.ts';
import { productConv2d, productConv2dInputGrad } from './small-image-product.ts';

type BlockedTable = { readonly [P in PrimitiveName]?: BlockedRule<P> };

const blockedAdd: BlockedRule<'add'> = (context, node) => {
  const [a, b] = node.inputs;
  const bias = a.op === 'conv2d' && context.usedOnce(a) ? biasVector(b, a.shape, 1) : undefined;
  if (a.op === 'conv2d' && bias !== undefined)
    return context.chosen(a) === 'standard' ? undefined : blockedConv2d(context, a, context.value(bias));
  return blockedAffine(context, node) ?? elementwise('Add')(context, node);
};

/** The product where it fits, else the blocked kernels; or as was chosen. */
const either =
  <P extends 'conv2d' | 'conv2dInputGrad'>(product: BlockedRule<P>, direct: BlockedRule<P>): BlockedRule<P> =>
  (context, node) => {
    const choice = context.chosen(node as Tensor);
    if (choice === 'standard') return undefined;
    return (choice === 'blocked' ? undefined : product(context, node)) ?? direct(context, node);
  };

/** What is not listed is computed in the plain order. */
const BLOCKED: BlockedTable = {
  conv2d: either(productConv2d, blockedConv2d),
  conv2dInputGrad: either(productConv2dInputGrad, blockedConv2dInputGrad),
  channelAffine: blockedAffine,
  relu: blockedRelu,
  maxPool2d: blockedMaxPool2d,
  cast: blockedCast,
  add: blockedAdd,
  sub: elementwise('Sub'),
  mul: elementwise('Mul'),
  neg: elementwise('Neg'),
  sigmoid: elementwise('Sigmoid'),
  tanh: elementwise('Tanh'),
  exp: elementwise('Exp'),
};

/** The name of the value that holds `tensor` in blocks; `undefined` where it is computed in the plain order. */
export function inBlocks(context: LoweringContext, tensor: Tensor): string | undefined {
  const { block } = context;
  const rule = BLOCKED[tensor.op] as BlockedRule<PrimitiveName> | undefined;
  const isImage = tensor.shape.length === 4;
  if (block === undefined || rule === undefined || !isImage || tensor.shape[1]! % block !== 0)
    return undefined;
  return rule({ ...context, block }, tensor);
}

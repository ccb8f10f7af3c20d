// Pieces that were padded to lie side by side and added up: one concatenation in place of passes over zeros.
import { sameShape } from '../ir/host.ts';
import type { Node, Tensor } from '../ir/primitives.ts';
import type { LoweringContext } from './context.ts';

/** The tensors that a tree of additions adds up; an inner sum that others read too counts as one. */
function addends(node: Node<'add'>, usedOnce: (tensor: Tensor) => boolean): Tensor[] {
  return node.inputs.flatMap((input) =>
    input.op === 'add' && usedOnce(input) ? addends(input, usedOnce) : [input],
  );
}

/**
 * The value of `node` when it adds pieces that fill one axis without gaps or overlaps, as `concat` and the gradients of slices
 * write them; else `undefined`.
 */
export function concatenation(
  { emitter, value, usedOnce }: LoweringContext,
  node: Node<'add'>,
): string | undefined {
  const all = addends(node, usedOnce);
  const pieces = all.filter((tensor) => tensor.op === 'pad' && sameShape(tensor.shape, node.shape));
  if (pieces.length < all.length) return undefined;
  const padded = (pieces as Node<'pad'>[]).sort((a, b) => a.params.before - b.params.before);
  const { axis } = padded[0]!.params;
  let filled = 0;
  for (const { params, inputs } of padded) {
    if (params.axis !== axis || params.before !== filled) return undefined;
    filled += inputs[0].shape[axis]!;
  }
  if (filled !== node.shape[axis]) return undefined;
  return emitter.emit(
    'Concat',
    padded.map(({ inputs: [x] }) => value(x)),
    { axis },
  );
}

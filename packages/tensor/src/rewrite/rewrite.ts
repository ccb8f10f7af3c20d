// Exact rewrites of a graph before it is differentiated: other primitives for the same mathematics, in less time.
import { topologicalOrder } from '../ir/graph.ts';
import { primitive } from '../ir/ops.ts';
import type { PrimitiveName, Tensor } from '../ir/primitives.ts';
import { depthwiseConvolution } from './depthwise-convolution.ts';
import { pooledConvolution } from './pooled-convolution.ts';

/** Each gives the better form of a tensor, or `undefined` to leave it. One file each, one line here. */
const REWRITES: readonly ((tensor: Tensor) => Tensor | undefined)[] = [
  pooledConvolution,
  depthwiseConvolution,
];

/** `outputs` with every rewrite applied once to every tensor, inputs first. */
export function rewrite(outputs: readonly Tensor[]): Tensor[] {
  const better = new Map<Tensor, Tensor>();
  for (const tensor of topologicalOrder(outputs)) {
    const rebuilt = withInputs(
      tensor,
      tensor.inputs.map((input: Tensor) => better.get(input)!),
    );
    better.set(
      tensor,
      REWRITES.reduce((current, apply) => apply(current) ?? current, rebuilt),
    );
  }
  return outputs.map((output) => better.get(output)!);
}

function withInputs(tensor: Tensor, inputs: readonly Tensor[]): Tensor {
  if (inputs.every((input, i) => input === tensor.inputs[i])) return tensor;
  return primitive<PrimitiveName>(tensor.op, inputs as never, tensor.params);
}

// Exact rewrites of a graph before it is differentiated: other primitives for the same mathematics, in less time.
import { topologicalOrder } from '../ir/graph.ts';
import { primitive } from '../ir/ops.ts';
import type { PrimitiveName, Tensor } from '../ir/primitives.ts';
import { depthwiseConvolution } from './depthwise-convolution.ts';
import { pooledConvolution } from './pooled-convolution.ts';
import { pooledRelu } from './pooled-relu.ts';
import type { Rewritten } from './rewritten.ts';

/** Each gives another form of a tensor, or `undefined` where there is none. One file each, one line here. */
export const REWRITES = { pooledConvolution, pooledRelu, depthwiseConvolution } as const satisfies Readonly<
  Record<string, (tensor: Tensor) => Rewritten | undefined>
>;
export type RewriteName = keyof typeof REWRITES;

/** Whether `tensor` is replaced by what the rewrite `name` found. */
export type Decide = (name: RewriteName, tensor: Tensor, found: Rewritten) => boolean;

/** `outputs` with every rewrite applied once to every tensor, inputs first; left to itself, where it pays. */
export function rewrite(
  outputs: readonly Tensor[],
  decide: Decide = (_name, _tensor, { pays }) => pays,
): Tensor[] {
  const better = new Map<Tensor, Tensor>();
  for (const tensor of topologicalOrder(outputs)) {
    let current = withInputs(
      tensor,
      tensor.inputs.map((input: Tensor) => better.get(input)!),
    );
    for (const name of Object.keys(REWRITES) as RewriteName[]) {
      const found = REWRITES[name](current);
      if (found !== undefined && decide(name, current, found)) current = found.better;
    }
    better.set(tensor, current);
  }
  return outputs.map((output) => better.get(output)!);
}

function withInputs(tensor: Tensor, inputs: readonly Tensor[]): Tensor {
  if (inputs.every((input, i) => input === tensor.inputs[i])) return tensor;
  return primitive<PrimitiveName>(tensor.op, inputs as never, tensor.params);
}

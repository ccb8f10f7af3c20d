// Walking a graph: the order in which its values can be computed, and how often each is used.
import type { Tensor } from './primitives.ts';

/** Every tensor that `outputs` need, inputs before their users. Deterministic: depends on the graph's structure only. */
export function topologicalOrder(outputs: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>();
  const order: Tensor[] = [];
  const stack: (readonly [Tensor, boolean])[] = [...outputs].reverse().map((output) => [output, false]);
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const [tensor, inputsDone] = top;
    if (inputsDone) {
      order.push(tensor);
    } else if (!seen.has(tensor)) {
      seen.add(tensor);
      stack.push([tensor, true]);
      for (const input of [...tensor.inputs].reverse()) stack.push([input, false]);
    }
  }
  return order;
}

/** How many times each tensor is consumed by the others (as an output: once more). */
export function countUses(order: readonly Tensor[], outputs: readonly Tensor[]): Map<Tensor, number> {
  const uses = new Map<Tensor, number>();
  const consumed = [...order.flatMap((tensor): readonly Tensor[] => tensor.inputs), ...outputs];
  for (const tensor of consumed) uses.set(tensor, (uses.get(tensor) ?? 0) + 1);
  return uses;
}

// Reverse-mode differentiation: from a scalar loss to the graph of its gradients.
import { TensorError } from '../error.ts';
import { topologicalOrder } from '../ir/graph.ts';
import { float32, formatShape } from '../ir/host.ts';
import { add, constant, scalar } from '../ir/ops.ts';
import type { PrimitiveName, Tensor } from '../ir/primitives.ts';
import { GRADIENTS } from './rules.ts';

type AnyVjp = (dy: Tensor, y: Tensor, ...inputs: readonly Tensor[]) => readonly (Tensor | undefined)[];

/** The rule of `op`; `undefined` where nothing flows through. */
function vjpOf(op: PrimitiveName): AnyVjp | undefined {
  const rule = GRADIENTS[op];
  if (typeof rule === 'function') return rule as unknown as AnyVjp;
  if ('stops' in rule) return undefined;
  throw new TensorError(
    'GRADIENT',
    `${op} has no gradient: ${rule.missing}`,
    'use another operation in the loss',
  );
}

/**
 * Gradients of the scalar `loss` with respect to each of `wrt`; zeros where the loss does not depend on it.
 * Throws {@link TensorError} `GRADIENT` when the loss is no scalar or a needed gradient is not defined.
 */
export function grad(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.shape.length !== 0)
    throw new TensorError(
      'GRADIENT',
      `the loss must be a scalar, but has shape ${formatShape(loss.shape)}`,
      'reduce it with mean or reduceSum',
    );
  const order = topologicalOrder([loss]);
  const active = dependents(order, wrt);
  const gradients = new Map<Tensor, Tensor>([[loss, scalar(1)]]);
  for (const y of order.reverse()) {
    const dy = gradients.get(y);
    if (dy !== undefined && active.has(y)) propagate(y, dy, active, gradients);
  }
  return wrt.map((x) => gradients.get(x) ?? constant(float32(x.shape)));
}

/** The tensors of `order` that depend on one of `wrt`; gradients of others are never built. */
function dependents(order: readonly Tensor[], wrt: readonly Tensor[]): Set<Tensor> {
  const active = new Set(wrt);
  for (const tensor of order)
    if (tensor.inputs.some((input: Tensor) => active.has(input))) active.add(tensor);
  return active;
}

/** Adds what flows from `y` to its inputs to `gradients`. */
function propagate(y: Tensor, dy: Tensor, active: Set<Tensor>, gradients: Map<Tensor, Tensor>): void {
  const inputs: readonly Tensor[] = y.inputs;
  if (!inputs.some((input) => active.has(input))) return;
  const flows = vjpOf(y.op)?.(dy, y, ...inputs) ?? [];
  for (const [i, flow] of flows.entries()) {
    const input = inputs[i]!;
    if (flow === undefined || !active.has(input)) continue;
    const before = gradients.get(input);
    gradients.set(input, before === undefined ? flow : add(before, flow));
  }
}

// What lowering rules see and return.
import type { Node, PrimitiveName, Tensor } from '../ir/primitives.ts';
import type { Device } from '../runtime/devices.ts';
import type { Emitter } from './emitter.ts';

/** What rules may differ by: the execution provider the graph is meant for. `any` uses standard operators only. */
export type Target = 'any' | Device;

/** What a rule sees of the lowering under way. */
export interface LoweringContext {
  readonly emitter: Emitter;
  readonly target: Target;
  /** Channels per block of the CPU's own convolution kernels; `undefined`: they are not there, or not wanted. */
  readonly block: number | undefined;
  /** Name of the ONNX value that holds `tensor`; lowers it first where needed. */
  readonly value: (tensor: Tensor) => string;
  /** Name of the value that holds the image `tensor` in blocks of channels (blocks.ts). */
  readonly blocked: (tensor: Tensor) => string;
  /** Whether `tensor` is there in blocks without being brought into them. */
  readonly isBlocked: (tensor: Tensor) => boolean;
  /** Whether `tensor` is computed in half precision (half.ts), before it is brought into float32. */
  readonly isHalf: (tensor: Tensor) => boolean;
  /** Which of its lowerings was chosen for `node`, by name; `undefined`: shapes decide. */
  readonly chosen: (node: Tensor) => string | undefined;
  /** Whether `tensor` has one consumer, which may then absorb it. */
  readonly usedOnce: (tensor: Tensor) => boolean;
}

/** Emits the operators for `node` and returns the name of the value that holds it. */
export type Rule<P extends PrimitiveName> = (context: LoweringContext, node: Node<P>) => string;

/** The same in blocks of channels; `undefined` where that does not fit or does not pay. */
export type BlockedRule<P extends PrimitiveName> = (
  context: LoweringContext & { readonly block: number },
  node: Node<P>,
) => string | undefined;

// Dynamic loss scaling for half precision: small gradients are lifted out of underflow, a step whose loss or gradients overflow is left out.
import { add, cast, div, equal, greaterEqual, mul, reduceSum, select } from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import type { BufferSpec } from '../nn/parameters.ts';

/** As in `torch.amp.GradScaler`, with its defaults. */
export interface LossScaling {
  /** The first scale; default 2¹⁶. */
  readonly initial?: number;
  /** What the scale is multiplied by after `interval` good steps in a row; default 2. */
  readonly growth?: number;
  /** What the scale is multiplied by after a step that overflowed; default ½. */
  readonly backoff?: number;
  /** Default 2000. */
  readonly interval?: number;
}

/** The state's names of the scale, and of the good steps since it last changed. */
export const LOSS_SCALE = 'optimizer.loss_scale';
export const GOOD_STEPS = 'optimizer.loss_scale_good_steps';

/** What loss scaling keeps in the state. */
export const scalingBuffers = ({ initial = 2 ** 16 }: LossScaling): BufferSpec[] => [
  { name: LOSS_SCALE, shape: [], initial: { constant: initial } },
  { name: GOOD_STEPS, shape: [], initial: { constant: 0 } },
];

/** Whether every entry of `tensors` is finite: 0·x is 0 where it is, and not a number where it is not. A bool scalar. */
export function allFinite(tensors: readonly Tensor[]): Tensor {
  const zeros = tensors.map((x) => reduceSum(mul(x, 0)));
  return equal(
    zeros.reduce((sum, zero) => add(sum, zero)),
    0,
  );
}

/** `next` where it is finite, else `before`, entry by entry: what a forward pass that overflowed has seen is not kept. */
export const whereFinite = (next: Tensor, before: Tensor): Tensor =>
  select(equal(mul(next, 0), 0), next, before);

/** `gradients` of the loss times `scale` as gradients of the loss. */
export function unscaled(gradients: readonly Tensor[], scale: Tensor): Tensor[] {
  const inverse = div(1, scale);
  return gradients.map((g) => mul(g, inverse));
}

/** What scale and count become after a step whose loss and gradients were `finite` or not. */
export function nextScaling(
  finite: Tensor,
  scale: Tensor,
  good: Tensor,
  { growth = 2, backoff = 0.5, interval = 2000 }: LossScaling,
): { readonly scale: Tensor; readonly good: Tensor } {
  const counted = add(good, 1);
  const grows = greaterEqual(counted, interval);
  return {
    scale: select(finite, select(grows, mul(scale, growth), scale), mul(scale, backoff)),
    good: select(finite, select(grows, 0, counted), 0),
  };
}

/** 1 for a step that counts, 0 for one that was left out. */
export const asNumber = (finite: Tensor): Tensor => cast(finite, 'float32');

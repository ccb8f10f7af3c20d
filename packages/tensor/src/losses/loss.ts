// What every loss is.
import type { Tensor } from '../ir/primitives.ts';

/** A loss, mean over the batch. */
export interface Loss {
  readonly name: string;
  /** Scalar loss of logits [N, K] against float32 labels [N]. */
  readonly forward: (logits: Tensor, labels: Tensor) => Tensor;
}

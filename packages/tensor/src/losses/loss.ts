// What every loss is.
import type { Tensor } from '../ir/primitives.ts';

/** A loss, mean over the batch. */
export interface Loss {
  readonly name: string;
  /**
   * Scalar loss of logits [N, K] against float32 labels [N]. `smoothing` in [0, 1) is the share of every label that is
   * spread evenly over all classes (Szegedy et al., 2016, section 7).
   */
  readonly forward: (logits: Tensor, labels: Tensor, smoothing?: number) => Tensor;
}

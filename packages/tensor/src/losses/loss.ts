// What every loss is.
import type { Tensor } from '../ir/primitives.ts';

export interface LossOptions {
  /**
   * Share in [0, 1) of every label that is spread evenly over all classes (Szegedy et al., 2016, section 7).
   */
  readonly smoothing?: number | undefined;
  /** What a sample of each class counts; all the same when left out. */
  readonly classWeights?: readonly number[] | undefined;
  /** Exponent of the focal loss; 0: none. */
  readonly gamma?: number | undefined;
}

/** A loss, mean over the batch. */
export interface Loss {
  readonly name: string;
  /** Scalar loss of logits [N, K] against float32 labels: [N], or shares per class [N, K]. */
  readonly forward: (logits: Tensor, labels: Tensor, options?: LossOptions) => Tensor;
}

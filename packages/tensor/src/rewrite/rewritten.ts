// What a rewrite finds.
import type { Tensor } from '../ir/primitives.ts';

/** Another form of a tensor, and whether it takes less time as far as shapes tell. */
export interface Rewritten {
  readonly better: Tensor;
  readonly pays: boolean;
}

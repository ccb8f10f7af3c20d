// Gradient clipping.
import { add, div, maximum, minimum, mul, reduceSum, sqrt } from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';

/** Euclidean norm of all `gradients` taken as one vector; a scalar. */
export function globalNorm(gradients: readonly Tensor[]): Tensor {
  return sqrt(gradients.map((g) => reduceSum(mul(g, g))).reduce((sum, square) => add(sum, square)));
}

/** `torch.nn.utils.clip_grad_norm_`: scales all gradients by min(1, maxNorm / (norm + 1e-6)). */
export function clipByNorm(gradients: readonly Tensor[], norm: Tensor, maxNorm: number): Tensor[] {
  const factor = minimum(div(maxNorm, add(norm, 1e-6)), 1);
  return gradients.map((g) => mul(g, factor));
}

/** `torch.nn.utils.clip_grad_value_`: cuts every entry to ±maxValue. */
export function clipByValue(gradients: readonly Tensor[], maxValue: number): Tensor[] {
  return gradients.map((g) => minimum(maximum(g, -maxValue), maxValue));
}

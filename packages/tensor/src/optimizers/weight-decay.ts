// Which parameters weight decay applies to.
import type { Shape } from '../ir/host.ts';

export interface WeightDecayOptions {
  /** Strength of the decay; 0: none. */
  readonly weightDecay?: number;
  /** Whether biases and normalisation weights decay too, as in PyTorch when all parameters form one group. */
  readonly decayNormAndBias?: boolean;
}

/**
 * The decay of a parameter of `shape`. With `decayNormAndBias: false` only tensors of two or more axes decay, which is
 * how timm (`param_groups_weight_decay`) tells weights from biases and normalisation.
 */
export function decayOf(
  shape: Shape,
  { weightDecay = 0, decayNormAndBias = true }: WeightDecayOptions,
): number {
  return decayNormAndBias || shape.length > 1 ? weightDecay : 0;
}

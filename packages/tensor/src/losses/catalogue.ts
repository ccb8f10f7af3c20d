// The catalogue of losses: one file each, one line here.
import { bceWithLogits } from './bce-with-logits.ts';
import { crossEntropy } from './cross-entropy.ts';
import { focal } from './focal.ts';
import type { Loss } from './loss.ts';

export const LOSSES = {
  bce_with_logits: bceWithLogits,
  cross_entropy: crossEntropy,
  focal,
} as const satisfies Record<string, Loss>;

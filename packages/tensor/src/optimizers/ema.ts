// How quickly a moving average of the weights follows them.

export interface EmaOptions {
  /** Weight of the past in [0, 1), such as 0.999. */
  readonly decay: number;
  /** Whether the first steps count more: decay is then at most (1 + step) / (10 + step), as in TensorFlow. */
  readonly warmup?: boolean;
}

/** Share of step `step` (from 1) in the average: timm's `ModelEmaV3` with warm-up left to `warmup`. */
export function emaRate(step: number, { decay, warmup = false }: EmaOptions): number {
  return 1 - (warmup ? Math.min(decay, (1 + step) / (10 + step)) : decay);
}

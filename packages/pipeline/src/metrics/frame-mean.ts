// The mean of a quantity over crops, with an interval that knows neighbouring frames resemble each other.
import { effectiveSampleSize, lag1Autocorrelation } from './autocorrelation.ts';
import { studentQuantile } from './distributions.ts';

/** A crop's share in the mean. */
export interface FrameValue {
  readonly frame: number;
  readonly value: number;
}

export interface FrameMean {
  /** 0 without crops. */
  readonly mean: number;
  readonly crops: number;
  /** Frames that have crops. */
  readonly frames: number;
  /** Frames after the discount for autocorrelation. */
  readonly effectiveFrames: number;
  /** Half the width of the interval at a confidence level; it needs two frames. */
  readonly halfWidth: (level: number) => number;
}

/**
 * The mean is a ratio of sums over frames, so its variance is that of the per-frame residuals Σv − v̄·n (Cochran 1977, §6.3; crops of one
 * frame count as one draw), with the number of frames discounted to n(1−r)/(1+r) for their lag-1 autocorrelation r, and Student's
 * t at that many frames. The interval covers the scatter of crops, not errors common to all of them.
 */
export function frameMean(values: readonly FrameValue[]): FrameMean {
  const frames = perFrame(values);
  const crops = values.length;
  const total = frames.reduce((sum, frame) => sum + frame.sum, 0);
  const mean = crops === 0 ? 0 : total / crops;
  const residuals = Float64Array.from(frames, (frame) => frame.sum - mean * frame.crops);
  const effectiveFrames = effectiveSampleSize(frames.length, lag1Autocorrelation(residuals));
  const halfWidth = (level: number) => halfWidthOf(residuals, crops, effectiveFrames, level);
  return { mean, crops, frames: frames.length, effectiveFrames, halfWidth };
}

/** Sums of the quantity and numbers of crops, one per frame, in time order. */
function perFrame(values: readonly FrameValue[]): { sum: number; crops: number }[] {
  const frames = new Map<number, { sum: number; crops: number }>();
  for (const { frame, value } of values) {
    const sums = frames.get(frame) ?? { sum: 0, crops: 0 };
    sums.sum += value;
    sums.crops++;
    frames.set(frame, sums);
  }
  return [...frames].sort(([a], [b]) => a - b).map(([, sums]) => sums);
}

function halfWidthOf(residuals: Float64Array, crops: number, effectiveFrames: number, level: number): number {
  const n = residuals.length;
  const variance = residuals.reduce((sum, r) => sum + r * r, 0) / (n - 1);
  const error = ((n / crops) * Math.sqrt(variance)) / Math.sqrt(effectiveFrames);
  return studentQuantile((1 + level) / 2, effectiveFrames - 1) * error;
}

// One verdict per layer from the probabilities of its crops, with an interval that knows neighbouring frames resemble each other.
import { effectiveSampleSize, lag1Autocorrelation } from './autocorrelation.ts';
import { studentQuantile } from './distributions.ts';
import { sameLength, type Values } from './values.ts';

export type Verdict = 'high' | 'low' | 'unclear' | 'cannot judge';

/** Columns of crops, in any order. */
export interface JudgedCrops {
  /** Probability of class 1, high gas flow. */
  readonly probability: Values;
  readonly layer: Values;
  readonly frame: Values;
}

export interface VerdictOptions {
  /** Probability above which a crop votes for high flow, and against which a layer's interval is held. */
  readonly threshold?: number;
  /** Confidence level of the interval. */
  readonly level?: number;
  /** With fewer crops, or fewer independent frames, a layer is not judged. */
  readonly minCrops?: number;
  readonly minFrames?: number;
  /** Layers that cannot be judged whatever their crops say, with the reason. */
  readonly obstacles?: ReadonlyMap<number, string>;
  /** Layers to report even if they have no crop. */
  readonly layers?: readonly number[];
}

export interface LayerVerdict {
  readonly layer: number;
  readonly crops: number;
  /** Frames of the layer that have crops. */
  readonly frames: number;
  /** Frames after the discount for autocorrelation. */
  readonly effectiveFrames: number;
  /** Null without crops. */
  readonly meanProbability: number | null;
  /** Shares of crops at or below, and above, the threshold. Null without crops. */
  readonly shareLow: number | null;
  readonly shareHigh: number | null;
  /** Limits of the mean probability, cut to 0 … 1. Null when the layer cannot be judged. */
  readonly low: number | null;
  readonly high: number | null;
  readonly verdict: Verdict;
  /** One sentence: why this verdict. */
  readonly reason: string;
}

const DEFAULTS = {
  threshold: 0.5,
  level: 0.95,
  minCrops: 20,
  minFrames: 5,
  layers: [],
  obstacles: new Map(),
} as const;

/**
 * Judges every layer, ascending. The mean probability is a ratio of sums over frames, so its variance is that of the
 * per-frame residuals Σp − p̄·n (Cochran 1977, §6.3; crops of one frame count as one draw), with the number of frames discounted to
 * n(1−r)/(1+r) for their lag-1 autocorrelation r, and Student's t at that many frames. A layer is `high` or `low` when the whole interval lies
 * on one side of the threshold. The interval covers the scatter of crops, not errors common to all of them.
 */
export function judgeLayers(crops: JudgedCrops, options: VerdictOptions = {}): LayerVerdict[] {
  sameLength('judgeLayers', crops.probability, crops.layer);
  sameLength('judgeLayers', crops.probability, crops.frame);
  const settings = { ...DEFAULTS, ...options };
  const members = new Map<number, number[]>(settings.layers.map((layer) => [layer, []]));
  for (let i = 0; i < crops.layer.length; i++) {
    const list = members.get(crops.layer[i]!);
    if (list === undefined) members.set(crops.layer[i]!, [i]);
    else list.push(i);
  }
  return [...members]
    .sort(([a], [b]) => a - b)
    .map(([layer, list]) => judgeLayer(layer, list, crops, settings));
}

function judgeLayer(
  layer: number,
  members: readonly number[],
  crops: JudgedCrops,
  settings: Required<VerdictOptions>,
): LayerVerdict {
  const frames = perFrame(members, crops);
  const total = frames.reduce((sum, frame) => sum + frame.sum, 0);
  const p = members.length === 0 ? 0 : total / members.length;
  const residuals = Float64Array.from(frames, (frame) => frame.sum - p * frame.crops);
  const effectiveFrames = effectiveSampleSize(frames.length, lag1Autocorrelation(residuals));
  const votes = members.filter((i) => crops.probability[i]! > settings.threshold).length;
  const counted = {
    layer,
    crops: members.length,
    frames: frames.length,
    effectiveFrames,
    meanProbability: members.length === 0 ? null : p,
    shareLow: members.length === 0 ? null : 1 - votes / members.length,
    shareHigh: members.length === 0 ? null : votes / members.length,
  };
  const obstacle = tooLittle(members.length, effectiveFrames, settings) ?? settings.obstacles.get(layer);
  if (obstacle !== undefined) {
    return { ...counted, low: null, high: null, verdict: 'cannot judge', reason: obstacle };
  }
  const half = halfWidth(residuals, members.length, effectiveFrames, settings.level);
  const [low, high] = [Math.max(0, p - half), Math.min(1, p + half)];
  return { ...counted, low, high, ...decideLayer(low, high, settings.threshold) };
}

/** Sums of probability and numbers of crops, one per frame, in time order. */
function perFrame(members: readonly number[], crops: JudgedCrops): { sum: number; crops: number }[] {
  const frames = new Map<number, { sum: number; crops: number }>();
  for (const i of members) {
    const frame = frames.get(crops.frame[i]!) ?? { sum: 0, crops: 0 };
    frame.sum += crops.probability[i]!;
    frame.crops++;
    frames.set(crops.frame[i]!, frame);
  }
  return [...frames].sort(([a], [b]) => a - b).map(([, frame]) => frame);
}

function halfWidth(residuals: Float64Array, crops: number, effectiveFrames: number, level: number): number {
  const n = residuals.length;
  const variance = residuals.reduce((sum, r) => sum + r * r, 0) / (n - 1);
  const error = ((n / crops) * Math.sqrt(variance)) / Math.sqrt(effectiveFrames);
  return studentQuantile((1 + level) / 2, effectiveFrames - 1) * error;
}

function tooLittle(crops: number, frames: number, settings: Required<VerdictOptions>): string | undefined {
  if (crops === 0) return 'no spatter was seen in this layer';
  if (crops < settings.minCrops) return `only ${crops} crops, at least ${settings.minCrops} are needed`;
  if (frames >= settings.minFrames) return undefined;
  return `its frames say as much as ${frames.toFixed(1)} independent ones, at least ${settings.minFrames} are needed`;
}

function decideLayer(low: number, high: number, threshold: number): { verdict: Verdict; reason: string } {
  const range = `${low.toFixed(2)} … ${high.toFixed(2)}`;
  if (low > threshold) return { verdict: 'high', reason: `the interval ${range} lies above ${threshold}` };
  if (high < threshold) return { verdict: 'low', reason: `the interval ${range} lies below ${threshold}` };
  return { verdict: 'unclear', reason: `the interval ${range} holds ${threshold}` };
}

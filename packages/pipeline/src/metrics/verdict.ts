// One verdict per layer from the probabilities of its crops, with an interval that knows neighbouring frames resemble each other.
import { frameMean, type FrameMean } from './frame-mean.ts';
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

/** What options stand for when they are left out. */
export const DEFAULTS = {
  threshold: 0.5,
  level: 0.95,
  minCrops: 20,
  minFrames: 5,
  layers: [],
  obstacles: new Map(),
} as const;

/**
 * Judges every layer, ascending, by its mean probability and the interval of {@link frameMean}. A layer is `high` or `low` when the whole
 * interval lies on one side of the threshold.
 */
export function judgeLayers(crops: JudgedCrops, options: VerdictOptions = {}): LayerVerdict[] {
  sameLength('judgeLayers', crops.probability, crops.layer);
  sameLength('judgeLayers', crops.probability, crops.frame);
  const settings = { ...DEFAULTS, ...options };
  return [...cropsByLayer(crops.layer, settings.layers)].map(([layer, list]) =>
    judgeLayer(layer, list, crops, settings),
  );
}

/** Positions of the crops of each layer, layers ascending; those named in `layers` are there even without crops. */
export function cropsByLayer(layer: Values, layers: readonly number[]): Map<number, number[]> {
  const members = new Map<number, number[]>(layers.map((each) => [each, []]));
  for (let i = 0; i < layer.length; i++) {
    const list = members.get(layer[i]!);
    if (list === undefined) members.set(layer[i]!, [i]);
    else list.push(i);
  }
  return new Map([...members].sort(([a], [b]) => a - b));
}

function judgeLayer(
  layer: number,
  members: readonly number[],
  { probability, frame }: JudgedCrops,
  settings: Required<VerdictOptions>,
): LayerVerdict {
  const found = frameMean(members.map((i) => ({ frame: frame[i]!, value: probability[i]! })));
  const votes = members.filter((i) => probability[i]! > settings.threshold).length;
  const counted = {
    layer,
    crops: members.length,
    frames: found.frames,
    effectiveFrames: found.effectiveFrames,
    meanProbability: members.length === 0 ? null : found.mean,
    shareLow: members.length === 0 ? null : 1 - votes / members.length,
    shareHigh: members.length === 0 ? null : votes / members.length,
  };
  const obstacle = tooLittle(found, settings) ?? settings.obstacles.get(layer);
  if (obstacle !== undefined) {
    return { ...counted, low: null, high: null, verdict: 'cannot judge', reason: obstacle };
  }
  const half = found.halfWidth(settings.level);
  const [low, high] = [Math.max(0, found.mean - half), Math.min(1, found.mean + half)];
  return { ...counted, low, high, ...decideLayer(low, high, settings.threshold) };
}

/** Why so few crops or frames cannot be judged; undefined when they can. */
export function tooLittle(
  { crops, effectiveFrames: frames }: Pick<FrameMean, 'crops' | 'effectiveFrames'>,
  { minCrops, minFrames }: Pick<Required<VerdictOptions>, 'minCrops' | 'minFrames'>,
): string | undefined {
  if (crops === 0) return 'no spatter was seen in this layer';
  if (crops < minCrops) return `only ${crops} crops, at least ${minCrops} are needed`;
  if (frames >= minFrames) return undefined;
  return `its frames say as much as ${frames.toFixed(1)} independent ones, at least ${minFrames} are needed`;
}

function decideLayer(low: number, high: number, threshold: number): { verdict: Verdict; reason: string } {
  const range = `${low.toFixed(2)} … ${high.toFixed(2)}`;
  if (low > threshold) return { verdict: 'high', reason: `the interval ${range} lies above ${threshold}` };
  if (high < threshold) return { verdict: 'low', reason: `the interval ${range} lies below ${threshold}` };
  return { verdict: 'unclear', reason: `the interval ${range} holds ${threshold}` };
}

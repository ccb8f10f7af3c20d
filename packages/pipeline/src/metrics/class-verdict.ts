// One verdict per layer from the class probabilities of its crops, each class with an interval that allows for frames being alike.
import { frameMean } from './frame-mean.ts';
import type { Values } from './values.ts';
import { cropsByLayer, DEFAULTS, tooLittle, type VerdictOptions } from './verdict.ts';

/** Crops in any order. */
export interface ClassifiedCrops {
  /** Of each class, by its place; all of one length. */
  readonly probabilities: readonly (readonly number[])[];
  /** Class that was decided for each crop. */
  readonly decision: Values;
  readonly layer: Values;
  readonly frame: Values;
}

/** What a layer says of one class. */
export interface ClassShare {
  /** Crops that were called this. */
  readonly crops: number;
  /** Null without crops. */
  readonly meanProbability: number | null;
  /** Limits of the mean probability, cut to 0 … 1. Null when the layer cannot be judged. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface ClassLayerVerdict {
  readonly layer: number;
  readonly crops: number;
  /** Frames of the layer that have crops. */
  readonly frames: number;
  /** Frames after the discount for autocorrelation of the difference that decides. */
  readonly effectiveFrames: number;
  /** A class's name, `unclear` or `cannot judge`. */
  readonly verdict: string;
  /** Place of the class that is the verdict; null without one. */
  readonly decided: number | null;
  /** One sentence: why this verdict. */
  readonly reason: string;
  /** One for each class, in order. */
  readonly classes: readonly ClassShare[];
}

type Settings = Required<Omit<VerdictOptions, 'threshold'>>;

/**
 * Judges every layer, ascending. Its verdict is the class of the highest mean probability when the interval of that class's lead over
 * the next, crop by crop, lies above 0. Intervals are those of {@link frameMean}. `labels` names at least two classes.
 */
export function judgeClassLayers(
  crops: ClassifiedCrops,
  labels: readonly string[],
  options: Omit<VerdictOptions, 'threshold'> = {},
): ClassLayerVerdict[] {
  const settings = { ...DEFAULTS, ...options };
  return [...cropsByLayer(crops.layer, settings.layers)].map(([layer, members]) =>
    judgeLayer(layer, members, crops, labels, settings),
  );
}

function judgeLayer(
  layer: number,
  members: readonly number[],
  { probabilities, decision, frame }: ClassifiedCrops,
  labels: readonly string[],
  settings: Settings,
): ClassLayerVerdict {
  const meanOf = (value: (p: readonly number[]) => number) =>
    frameMean(members.map((i) => ({ frame: frame[i]!, value: value(probabilities[i]!) })));
  const means = labels.map((_, k) => meanOf((p) => p[k]!));
  const [first, second] = leaders(means.map(({ mean }) => mean));
  const lead = meanOf((p) => p[first]! - p[second]!);
  const obstacle = tooLittle(lead, settings) ?? settings.obstacles.get(layer);
  const classes = means.map((each, k): ClassShare => {
    const half = obstacle === undefined ? each.halfWidth(settings.level) : null;
    return {
      crops: members.filter((i) => decision[i] === k).length,
      meanProbability: members.length === 0 ? null : each.mean,
      low: half === null ? null : Math.max(0, each.mean - half),
      high: half === null ? null : Math.min(1, each.mean + half),
    };
  });
  const { crops, frames, effectiveFrames } = lead;
  const counted = { layer, crops, frames, effectiveFrames, classes };
  if (obstacle !== undefined) return { ...counted, verdict: 'cannot judge', decided: null, reason: obstacle };
  const half = lead.halfWidth(settings.level);
  const interval = `the interval of its lead over ${labels[second]!}, ${(lead.mean - half).toFixed(2)} … ${(lead.mean + half).toFixed(2)},`;
  if (lead.mean - half > 0)
    return { ...counted, verdict: labels[first]!, decided: first, reason: `${interval} lies above 0` };
  const reason = `${labels[first]!} is likeliest, but ${interval} holds 0`;
  return { ...counted, verdict: 'unclear', decided: null, reason };
}

/** Places of the two highest means; the earlier class where they are equal. */
function leaders(means: readonly number[]): [number, number] {
  const order = Array.from(means.keys()).sort((a, b) => means[b]! - means[a]! || a - b);
  return [order[0]!, order[1]!];
}

/** One verdict for everything that was judged. */
export interface ClassVerdict {
  /** A class's name, `unclear` or `cannot judge`. */
  readonly verdict: string;
  readonly decided: number | null;
  readonly reason: string;
  /** Crops that were called each class, by its name. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * A class when every layer that has a class has this one, and they are at least half of the judged ones; `cannot judge` when fewer than half
 * the layers could be judged; else `unclear`.
 */
export function judgeClasses(layers: readonly ClassLayerVerdict[], labels: readonly string[]): ClassVerdict {
  const counts = Object.fromEntries(
    labels.map((name, k) => [name, layers.reduce((sum, { classes }) => sum + classes[k]!.crops, 0)]),
  );
  const judged = layers.filter(({ verdict }) => verdict !== 'cannot judge');
  const clear = judged.filter(({ decided }) => decided !== null);
  const blind = { verdict: 'cannot judge', decided: null, counts };
  if (layers.length === 0) return { ...blind, reason: 'no crop was found' };
  if (judged.length === 0 || judged.length < layers.length / 2) {
    const why = layers.find(({ verdict }) => verdict === 'cannot judge')!.reason.split(':')[0]!;
    return { ...blind, reason: `only ${judged.length} of ${layers.length} layers could be judged: ${why}` };
  }
  const decided = clear[0]?.decided ?? null;
  const agree = clear.every((each) => each.decided === decided);
  if (decided !== null && agree && clear.length >= judged.length / 2) {
    const reason = `${clear.length} of ${judged.length} judged layers show ${labels[decided]!}, none another class`;
    return { verdict: labels[decided]!, decided, counts, reason };
  }
  const found = labels.flatMap((name, k) => {
    const n = clear.filter((each) => each.decided === k).length;
    return n === 0 ? [] : [`${n} ${name}`];
  });
  const unclear = judged.length - clear.length;
  const parts = [...found, ...(unclear === 0 ? [] : [`${unclear} unclear`])];
  return {
    verdict: 'unclear',
    decided: null,
    counts,
    reason: `layers differ or are unclear: ${parts.join(', ')}`,
  };
}

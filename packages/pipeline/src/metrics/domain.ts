// What samples a model knows: the range of a few named features, and whether new samples lie in it.
import { quantile, type Values } from './values.ts';

export interface FeatureRange {
  /** A sample outside is unlike the known ones. */
  readonly low: number;
  readonly high: number;
  /** A group of samples whose median lies outside is, as a group, unlike the known ones. */
  readonly typical_low: number;
  readonly typical_high: number;
}

/** Features by name, one value per sample each. */
export type FeatureColumns = Readonly<Record<string, Values>>;

export interface Domain {
  readonly samples: number;
  readonly features: Readonly<Record<string, FeatureRange>>;
}

/** Share of the known samples cut off at each end of the range of single samples, and of that of medians. */
const TAIL = 0.005;
const TYPICAL_TAIL = 0.02;
/**
 * What is cut off below and above for medians of features that depend on the view more than on the spatter in it, so that they can be
 * held tighter: fouling lowers sharpness by a quarter only. Most crops are dark in their larger part, so that the median veil of a clear view is small.
 */
const STEADY_TAILS: Readonly<Record<string, readonly [number, number]>> = {
  brightness: [0.1, 0.1],
  contrast: [0.1, 0.1],
  sharpness: [0.1, 0.1],
  veil: [0, 0.25],
};
/** Share of samples outside from which a group is unlike the known ones. */
const MOST_OUTSIDE = 0.4;

/**
 * Fits ranges to each feature of the samples that the model was made with. A box in named features is blunt, but a person can check
 * it, and it says what is wrong.
 * @param mixed a group to be judged holds all kinds of samples, as the crops of a layer do, and not one class of images: what hardly depends
 * on the spatter is then held tighter
 */
export function fitDomain(columns: FeatureColumns, mixed = true): Domain {
  const names = Object.keys(columns);
  const ranges = names.map((name): [string, FeatureRange] => {
    const tails = mixed ? STEADY_TAILS[name] : undefined;
    return [name, fitRange(columns[name]!, tails)];
  });
  return { samples: columns[names[0]!]!.length, features: Object.fromEntries(ranges) };
}

function fitRange(
  values: Values,
  [below, above]: readonly [number, number] = [TYPICAL_TAIL, TYPICAL_TAIL],
): FeatureRange {
  const sorted = Float64Array.from(values).sort();
  const at = (q: number) => quantile(sorted, q);
  return {
    ...{ low: at(TAIL), high: at(1 - TAIL) },
    ...{ typical_low: at(below), typical_high: at(1 - above) },
  };
}

/** A way in which a sample is unlike the known ones. */
export interface Outlying {
  readonly feature: string;
  readonly side: 'below' | 'above';
}

/** The first feature of each sample that lies outside its range, or null; features that `columns` lacks are not asked. */
export function outlying({ features }: Domain, columns: FeatureColumns): (Outlying | null)[] {
  const names = Object.keys(features).filter((name) => columns[name] !== undefined);
  const samples = columns[names[0] ?? '']?.length ?? 0;
  return Array.from({ length: samples }, (_, i) => {
    for (const feature of names) {
      const { low, high } = features[feature]!;
      const side = sideOf(columns[feature]![i]!, low, high);
      if (side !== null) return { feature, side };
    }
    return null;
  });
}

const sideOf = (value: number, low: number, high: number): Outlying['side'] | null =>
  value < low ? 'below' : value > high ? 'above' : null;

/** Share of samples outside; 0 without samples. */
export function outsideShare(found: readonly (Outlying | null)[]): number {
  return found.length === 0 ? 0 : found.filter((each) => each !== null).length / found.length;
}

/**
 * Why the samples in `columns`, taken together, are not what the model knows, in one sentence; null when they are. Darkness and
 * fouling are named as such.
 */
export function groupObstacle(domain: Domain, columns: FeatureColumns): string | null {
  const found = outlying(domain, columns);
  if (found.length === 0) return null;
  for (const [feature, range] of Object.entries(domain.features)) {
    const values = columns[feature];
    if (values === undefined) continue;
    const median = quantile(Float64Array.from(values).sort(), 0.5);
    const side = sideOf(median, range.typical_low, range.typical_high);
    if (side === null) continue;
    const [low, high] = [range.typical_low, range.typical_high].map(shown);
    return `${nameOf({ feature, side })}: the median ${feature} of its crops, ${shown(median)}, lies ${side} the ${low!} to ${high!} of the crops that the model knows`;
  }
  const share = outsideShare(found);
  if (share <= MOST_OUTSIDE) return null;
  const worst = commonest(found.filter((each) => each !== null));
  return `${nameOf(worst)}: ${Math.round(100 * share)} % of its crops are unlike those that the model knows, most by a ${worst.feature} ${worst.side} theirs`;
}

function nameOf({ feature, side }: Outlying): string {
  if (side === 'below' && (feature === 'brightness' || feature === 'contrast')) return 'dark view';
  const isFouled = feature === 'sharpness' ? side === 'below' : feature === 'veil' && side === 'above';
  return isFouled ? 'fouled or blurred view' : 'out of distribution';
}

function commonest(found: readonly Outlying[]): Outlying {
  const counts = new Map<string, { each: Outlying; n: number }>();
  for (const each of found) {
    const key = `${each.feature} ${each.side}`;
    counts.set(key, { each, n: (counts.get(key)?.n ?? 0) + 1 });
  }
  return [...counts.values()].reduce((a, b) => (b.n > a.n ? b : a)).each;
}

const shown = (value: number): string => String(Number(value.toPrecision(3)));

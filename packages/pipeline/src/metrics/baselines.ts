// Trivial baselines: what a label can be guessed from without looking at the picture. A model must beat them to mean anything.
import { decide } from './accuracy.ts';
import { fitFingerprint, moments, type Moments } from './fingerprint.ts';
import { applyLogistic, fitLogistic } from './logistic.ts';
import { applyThreshold, fitThreshold } from './threshold-rule.ts';
import { mean, type Values } from './values.ts';

/** Numbers known for each crop before any learning: mean gray level 0 … 255; contour area, box width and height in pixels; bytes of its JPEG. */
export interface ShortcutFeatures {
  readonly brightness: Values;
  readonly area: Values;
  readonly width: Values;
  readonly height: Values;
  readonly jpeg_bytes: Values;
  /** Mean gray level along the crop's border and its darkest value, 0 … 255: what the fingerprint of a camera looks at besides. */
  readonly background?: Values;
  readonly darkest?: Values;
  /** Shares of the pixels above rising gray levels: the distribution of light, which knows no shape. */
  readonly light?: readonly Values[];
}

export type ShortcutName = 'brightness' | 'area' | 'width' | 'height' | 'jpeg_bytes';

/** What a baseline says about crops: its decisions, and a score that ranks them (higher: class 1; not a probability). */
export interface BaselineOutput {
  readonly decision: Uint8Array;
  readonly score: Float64Array;
}

/** A fitted baseline: pure in its features. */
export interface FittedBaseline {
  /** The rule in words. */
  readonly rule: string;
  readonly apply: (features: ShortcutFeatures, crops: number) => BaselineOutput;
}

export interface Baseline {
  /** Short name for tables and charts. */
  readonly title: string;
  readonly features: readonly ShortcutName[];
  /** Fits on training crops; without `recording` the crops of each class count as one. */
  readonly fit: (features: ShortcutFeatures, label: Values, recording?: readonly string[]) => FittedBaseline;
}

/** The shortcuts in words. */
export const SHORTCUT_WORDS: Record<ShortcutName, string> = {
  brightness: 'mean brightness',
  area: 'area',
  width: 'width',
  height: 'height',
  jpeg_bytes: 'JPEG bytes',
};

function oneFeature(title: string, name: ShortcutName): Baseline {
  const fit = (features: ShortcutFeatures, label: Values): FittedBaseline => {
    const rule = fitThreshold(features[name], label);
    return {
      rule: `high flow where ${SHORTCUT_WORDS[name]} ${rule.above ? '>' : '≤'} ${Number(rule.threshold.toPrecision(5))}`,
      apply: (other) => ({
        decision: applyThreshold(rule, other[name]),
        score: Float64Array.from(other[name], (value) => (rule.above ? value : -value)),
      }),
    };
  };
  return { title, features: [name], fit };
}

function fitMajority(label: Values): FittedBaseline {
  const winner = Number(mean(label) > 0.5);
  return {
    rule: `always ${winner === 1 ? 'high' : 'low'} flow`,
    apply: (_, crops) => ({
      decision: new Uint8Array(crops).fill(winner),
      score: new Float64Array(crops).fill(winner),
    }),
  };
}

function fitAllShortcuts(features: ShortcutFeatures, label: Values): FittedBaseline {
  const columns = (from: ShortcutFeatures) => ALL_SHORTCUTS.map((name) => from[name]);
  const model = fitLogistic(columns(features), label);
  return {
    rule: `logistic regression of ${ALL_SHORTCUTS.map((name) => SHORTCUT_WORDS[name]).join(', ')}`,
    apply: (other) => {
      const score = applyLogistic(model, columns(other));
      return { decision: decide(score), score };
    },
  };
}

/** Crops that {@link lightAndSize} looks at in one go, and is fitted on at most: more change nothing in the second digit. */
const MOST = 10_000;

/** Crops as {@link lightAndSize} looks at them. */
export interface LightAndSize {
  /** Every n-th of the crops it is fitted on. */
  readonly thinned: (values: Values) => Float64Array;
  /** Columns of those crops. */
  readonly train: readonly Values[];
  /** Columns of other crops in stretches, the first of which is crop `from`: those of a large part would take hundreds of megabytes at once. */
  readonly stretches: (
    other: ShortcutFeatures,
    crops: number,
  ) => Iterable<{ from: number; columns: Values[] }>;
}

/**
 * Every shortcut, the distribution of light and all their products: what a network may learn of exposure, window and box
 * without any shape. Products matter: how bright a crop of this size usually is tells the exposure, brightness alone does not.
 */
export function lightAndSize(features: ShortcutFeatures, crops: number): LightAndSize {
  const step = Math.ceil(crops / MOST);
  const thinned = (values: Values) => Float64Array.from(values).filter((_, i) => i % step === 0);
  const columns = (from: ShortcutFeatures) => [...fingerprintFeatures(from), ...(from.light ?? [])];
  const fitted = columns(features).map(thinned);
  const scales = fitted.map(moments);
  return {
    thinned,
    train: withProducts(fitted, scales),
    *stretches(other, count) {
      const all = columns(other).map((values) => Float64Array.from(values));
      for (let from = 0; from < count; from += MOST) {
        const part = all.map((values) => values.subarray(from, from + MOST));
        yield { from, columns: withProducts(part, scales) };
      }
    },
  };
}

function fitLightAndSize(features: ShortcutFeatures, label: Values): FittedBaseline {
  const { thinned, train, stretches } = lightAndSize(features, label.length);
  const model = fitLogistic(train, thinned(label));
  return {
    rule: 'logistic regression of all shortcuts, the border, the distribution of gray levels, and their products',
    apply: (other, crops) => {
      const score = new Float64Array(crops);
      for (const { from, columns } of stretches(other, crops)) score.set(applyLogistic(model, columns), from);
      return { decision: decide(score), score };
    },
  };
}

/** Standardised columns, then the product of every two of them. */
function withProducts(columns: readonly Values[], scales: readonly Moments[]): Float64Array[] {
  const scaled = columns.map((values, k) =>
    Float64Array.from(values, (value) => (value - scales[k]!.mean) / scales[k]!.spread),
  );
  const products = scaled.flatMap((a, k) => scaled.slice(k).map((b) => a.map((value, i) => value * b[i]!)));
  return [...scaled, ...products];
}

/** What the fingerprint looks at. */
export function fingerprintFeatures(features: ShortcutFeatures): Values[] {
  const { background, darkest } = features;
  return [
    ...ALL_SHORTCUTS.map((name) => features[name]),
    ...[background, darkest].filter((each) => each !== undefined),
  ];
}

/** Names the recording of a crop, and says the class that this recording has. */
function fitRecording(
  features: ShortcutFeatures,
  label: Values,
  recording: readonly string[] = Array.from({ length: label.length }, (_, i) => `class ${label[i]!}`),
): FittedBaseline {
  const { names, probability } = fitFingerprint(fingerprintFeatures(features), recording);
  const [ones, crops] = [new Map<string, number>(), new Map<string, number>()];
  recording.forEach((name, i) => {
    crops.set(name, (crops.get(name) ?? 0) + 1);
    ones.set(name, (ones.get(name) ?? 0) + label[i]!);
  });
  const share = names.map((name) => ones.get(name)! / crops.get(name)!);
  return {
    rule: `names which of ${names.length} recordings a crop resembles, by light, size, border and JPEG bytes, and says its class`,
    apply: (other, count) => {
      const posterior = probability(fingerprintFeatures(other), count);
      const score = Float64Array.from({ length: count }, (_, i) =>
        share.reduce((sum, s, g) => sum + s * posterior[i * names.length + g]!, 0),
      );
      return { decision: decide(score), score };
    },
  };
}

export const ALL_SHORTCUTS: readonly ShortcutName[] = ['brightness', 'area', 'width', 'height', 'jpeg_bytes'];

/** The catalogue. Each is fitted on train and judged on test by the model's own metrics. */
export const BASELINES = {
  majority: { title: 'Majority class', features: [], fit: (_, label) => fitMajority(label) },
  brightness: oneFeature('Mean brightness', 'brightness'),
  area: oneFeature('Crop area', 'area'),
  width: oneFeature('Crop width', 'width'),
  height: oneFeature('Crop height', 'height'),
  jpeg_bytes: oneFeature('JPEG bytes', 'jpeg_bytes'),
  all_shortcuts: { title: 'All shortcuts together', features: ALL_SHORTCUTS, fit: fitAllShortcuts },
  light_and_size: { title: 'Light and size', features: ALL_SHORTCUTS, fit: fitLightAndSize },
  fingerprint: { title: 'Recording fingerprint', features: ALL_SHORTCUTS, fit: fitRecording },
} as const satisfies Record<string, Baseline>;

export type BaselineName = keyof typeof BASELINES;

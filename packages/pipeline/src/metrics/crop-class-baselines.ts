// Trivial baselines for crops of any number of classes: linear discriminants of what is known of a crop without looking at its shape.
import { argmax } from './accuracy.ts';
import {
  ALL_SHORTCUTS,
  SHORTCUT_WORDS,
  fingerprintFeatures,
  lightAndSize,
  type ShortcutFeatures,
  type ShortcutName,
} from './baselines.ts';
import { commonest, countOf } from './class-baselines.ts';
import { fitFingerprint } from './fingerprint.ts';
import type { Values } from './values.ts';

/** Training crops: their classes by number, and their recordings. */
export interface KnownCrops {
  readonly features: ShortcutFeatures;
  readonly label: Values;
  readonly recording: readonly string[];
}

export interface CropClassBaseline {
  /** Short name for tables and charts. */
  readonly title: string;
  /** The rule in words. */
  readonly rule: string;
  /** Fits on training crops and returns how to decide. */
  readonly fit: (
    train: KnownCrops,
    classes: number,
  ) => (features: ShortcutFeatures, crops: number) => Uint8Array;
}

/** Shares of the names that {@link fitFingerprint} tells apart, given out to the classes: [crops, names] to decisions. */
const decideBy = (
  posterior: Float64Array,
  share: readonly (readonly number[])[],
  crops: number,
): Uint8Array => {
  const classes = share[0]!.length;
  const score = new Float64Array(crops * classes);
  for (let i = 0; i < crops; i++) {
    share.forEach((of, g) =>
      of.forEach((s, k) => (score[i * classes + k]! += s * posterior[i * share.length + g]!)),
    );
  }
  return argmax(score, classes);
};

/** Each name's share of crops of each class. */
function shares(names: readonly string[], of: readonly string[], label: Values, classes: number): number[][] {
  const place = new Map(names.map((name, g) => [name, g]));
  const labels = names.map((): number[] => []);
  of.forEach((name, i) => labels[place.get(name)!]!.push(label[i]!));
  return labels.map((mine) => countOf(mine, classes).map((n) => n / mine.length));
}

function discriminant(title: string, features: readonly ShortcutName[]): CropClassBaseline {
  const columns = (from: ShortcutFeatures) => features.map((name) => from[name]);
  return {
    title,
    rule: `the likeliest class by ${features.map((name) => SHORTCUT_WORDS[name]).join(', ')} (linear discriminant)`,
    fit: (train, classes) => {
      const own = Array.from(train.label, String);
      const { names, probability } = fitFingerprint(columns(train.features), own);
      const share = shares(names, own, train.label, classes);
      return (other, crops) => decideBy(probability(columns(other), crops), share, crops);
    },
  };
}

function fitLightAndSize(train: KnownCrops, classes: number) {
  const look = lightAndSize(train.features, train.label.length);
  const label = look.thinned(train.label);
  const own = Array.from(label, String);
  const { names, probability } = fitFingerprint(look.train, own);
  const share = shares(names, own, label, classes);
  return (other: ShortcutFeatures, crops: number): Uint8Array => {
    const decision = new Uint8Array(crops);
    for (const { from, columns } of look.stretches(other, crops)) {
      const count = columns[0]!.length;
      decision.set(decideBy(probability(columns, count), share, count), from);
    }
    return decision;
  };
}

function fitRecording({ features, label, recording }: KnownCrops, classes: number) {
  const { names, probability } = fitFingerprint(fingerprintFeatures(features), recording);
  const share = shares(names, recording, label, classes);
  return (other: ShortcutFeatures, crops: number) =>
    decideBy(probability(fingerprintFeatures(other), crops), share, crops);
}

/** The catalogue. Each is fitted on train and judged on test as the model is. */
export const CROP_CLASS_BASELINES = {
  majority: {
    title: 'Commonest class',
    rule: 'always the class with most training crops',
    fit: ({ label }, classes) => {
      const winner = commonest(label, classes);
      return (_, crops) => new Uint8Array(crops).fill(winner);
    },
  },
  brightness: discriminant('Mean brightness', ['brightness']),
  area: discriminant('Crop area', ['area']),
  jpeg_bytes: discriminant('JPEG bytes', ['jpeg_bytes']),
  all_shortcuts: discriminant('All shortcuts together', ALL_SHORTCUTS),
  light_and_size: {
    title: 'Light and size',
    rule: 'linear discriminant of all shortcuts, the border, the distribution of gray levels, and their products',
    fit: fitLightAndSize,
  },
  fingerprint: {
    title: 'Recording fingerprint',
    rule: 'names which recording a crop resembles, by light, size, border and JPEG bytes, and says its class',
    fit: fitRecording,
  },
} as const satisfies Record<string, CropClassBaseline>;

export type CropClassBaselineName = keyof typeof CROP_CLASS_BASELINES;

/** Fits every baseline on train; what each decides of the `crops` of test. */
export function decideCropClassBaselines(
  train: KnownCrops,
  classes: number,
  test: { readonly features: ShortcutFeatures; readonly crops: number },
): { name: CropClassBaselineName; title: string; rule: string; decision: Uint8Array }[] {
  return (Object.keys(CROP_CLASS_BASELINES) as CropClassBaselineName[]).map((name) => {
    const { title, rule, fit } = CROP_CLASS_BASELINES[name];
    return { name, title, rule, decision: fit(train, classes)(test.features, test.crops) };
  });
}

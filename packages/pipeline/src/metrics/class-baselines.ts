// Trivial baselines for any number of classes: the commonest class, and the class whose mean brightness profile is nearest.
import { mean, type Values } from './values.ts';

/** Numbers known of each sample without learning: row-major [samples, `width`]. */
export interface Features {
  readonly values: Values;
  readonly width: number;
}

export interface ClassBaseline {
  /** Short name for tables and charts. */
  readonly title: string;
  /** The rule in words. */
  readonly rule: string;
  /** Fits on training samples and returns how to decide. */
  readonly fit: (features: Features, label: Values, classes: number) => (features: Features) => Uint8Array;
}

/** The catalogue. */
export const CLASS_BASELINES = {
  majority: {
    title: 'Commonest class',
    rule: 'always the class with most training images',
    fit: (_, label, classes) => {
      const winner = commonest(label, classes);
      return (other) => new Uint8Array(other.values.length / other.width).fill(winner);
    },
  },
  nearest_mean: {
    title: 'Nearest mean profile',
    rule: 'the class whose mean brightness by row and column is nearest',
    fit: (features, label, classes) => {
      const means = classMeans(features, label, classes);
      return (other) => nearest(other, means);
    },
  },
} as const satisfies Record<string, ClassBaseline>;

export type ClassBaselineName = keyof typeof CLASS_BASELINES;

/** Fits every baseline on train; what each decides of `test`. */
export function decideClassBaselines(
  train: { readonly features: Features; readonly label: Values },
  classes: number,
  test: Features,
): { name: ClassBaselineName; title: string; rule: string; decision: Uint8Array }[] {
  return (Object.keys(CLASS_BASELINES) as ClassBaselineName[]).map((name) => {
    const { title, rule, fit } = CLASS_BASELINES[name];
    return { name, title, rule, decision: fit(train.features, train.label, classes)(test) };
  });
}

/** How many samples each class has. */
export function countOf(label: Values, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < label.length; i++) counts[label[i]!]!++;
  return counts;
}

/** The class with most samples, the first among equals. */
export function commonest(label: Values, classes: number): number {
  const counts = countOf(label, classes);
  return counts.indexOf(Math.max(...counts));
}

/** Mean features of each class; undefined for a class without samples. */
function classMeans(
  { values, width }: Features,
  label: Values,
  classes: number,
): (Float64Array | undefined)[] {
  const counts = countOf(label, classes);
  const sums = counts.map(() => new Float64Array(width));
  for (let i = 0; i < label.length; i++) {
    const sum = sums[label[i]!]!;
    for (let k = 0; k < width; k++) sum[k]! += values[i * width + k]!;
  }
  return sums.map((sum, c) => (counts[c] === 0 ? undefined : sum.map((value) => value / counts[c]!)));
}

/** Index of the mean at the least squared distance from each sample; the first among equals. */
function nearest({ values, width }: Features, means: readonly (Float64Array | undefined)[]): Uint8Array {
  return Uint8Array.from({ length: values.length / width }, (_, i) => {
    const distances = means.map((at) => (at === undefined ? Infinity : distance(values, i * width, at)));
    return distances.indexOf(Math.min(...distances));
  });
}

function distance(values: Values, from: number, mean: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < mean.length; k++) sum += (values[from + k]! - mean[k]!) ** 2;
  return sum;
}

/** Mean of each row and of each column over `channels` planes of `size`×`size` bytes at `planes[from…]`, 0 … 255. */
export function brightnessProfile(
  planes: Uint8Array,
  from: number,
  channels: number,
  size: number,
): Float64Array {
  const profile = new Float64Array(2 * size);
  for (let i = 0; i < channels * size * size; i++) {
    const value = planes[from + i]!;
    profile[Math.floor(i / size) % size]! += value;
    profile[size + (i % size)]! += value;
  }
  return profile.map((sum) => sum / (size * channels));
}

/** Mean of the recalls of the classes that have samples. */
export const meanRecall = (recalls: readonly number[]): number =>
  mean(recalls.filter((r) => !Number.isNaN(r)));

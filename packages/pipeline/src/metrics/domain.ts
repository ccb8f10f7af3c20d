// What samples a model knows: the range of a few named features, and whether new samples lie in it.
import { quantile, type Values } from './values.ts';

export interface FeatureRange {
  readonly low: number;
  readonly high: number;
}

/** Features by name, one value per sample each. */
export type FeatureColumns = Readonly<Record<string, Values>>;

export interface Domain {
  readonly samples: number;
  readonly features: Readonly<Record<string, FeatureRange>>;
}

/** Share of the known samples cut off at each end, and by how much of its width a range is widened again at each end. */
const TAIL = 0.001;
const MARGIN = 0.1;

/**
 * Fits a range to each feature of the samples that the model was made with: from the 0.1 % to the 99.9 % quantile, widened by a
 * tenth of its width at both ends. A box in named features is blunt, but a person can check it with a ruler.
 */
export function fitDomain(columns: FeatureColumns): Domain {
  const names = Object.keys(columns);
  const ranges = names.map((name): [string, FeatureRange] => [name, fitRange(columns[name]!)]);
  return { samples: columns[names[0]!]!.length, features: Object.fromEntries(ranges) };
}

function fitRange(values: Values): FeatureRange {
  const sorted = Float64Array.from(values).sort();
  const [low, high] = [quantile(sorted, TAIL), quantile(sorted, 1 - TAIL)];
  const margin = MARGIN * (high - low);
  return { low: low - margin, high: high + margin };
}

/** A way in which a sample is unlike the known ones. */
export interface Outlying {
  readonly feature: string;
  readonly side: 'below' | 'above';
}

/** The first feature of each sample that lies outside its range, or null; features that `columns` lacks are not asked. */
export function outlying(
  { features }: Pick<Domain, 'features'>,
  columns: FeatureColumns,
): (Outlying | null)[] {
  const names = Object.keys(features).filter((name) => columns[name] !== undefined);
  const samples = columns[names[0] ?? '']?.length ?? 0;
  return Array.from({ length: samples }, (_, i) => {
    for (const feature of names) {
      const { low, high } = features[feature]!;
      const value = columns[feature]![i]!;
      if (value < low) return { feature, side: 'below' };
      if (value > high) return { feature, side: 'above' };
    }
    return null;
  });
}

/** Share of samples outside; 0 without samples. */
export function outsideShare(found: readonly (Outlying | null)[]): number {
  return found.length === 0 ? 0 : found.filter((each) => each !== null).length / found.length;
}

// Pairs of crops that show the same picture and stand in two parts of a split: the worst of them, for the report.
import { worseFirst, type PartedCrop, type PartedPair } from '../../report/validation-page.ts';
import { placeOf } from '../quarantine.ts';
import { PARTS } from '../splits/split.ts';
import type { CheckedData } from './finding.ts';

/** Pairs that a finding names, at most. */
const MOST = 12;

/** Two slots and the difference of their pictures, gray levels; 0 for the same bytes. */
export interface SlotPair {
  readonly slots: readonly [number, number];
  readonly difference: number;
}

/**
 * The worst of `pairs` under a split, worst first.
 * @param split its kind, and 1 + the place in `PARTS` of each index row.
 */
export function worstPairs(
  { index, rowOfSlot }: CheckedData,
  { kind, part }: { readonly kind: string; readonly part: Uint8Array },
  pairs: readonly SlotPair[],
): PartedPair[] {
  const crop = (slot: number): PartedCrop => {
    const row = rowOfSlot[slot]!;
    const { file, dataset, dsIdx } = placeOf(index, row);
    return { file, dataset, ds_idx: dsIdx, label: index.label[row]!, part: PARTS[part[row]! - 1]! };
  };
  const named = pairs.map(({ slots: [a, b], difference }): PartedPair => {
    return { split: kind, crops: [crop(a), crop(b)], difference: Math.round(100 * difference) / 100 };
  });
  return named.sort(worseFirst).slice(0, MOST);
}

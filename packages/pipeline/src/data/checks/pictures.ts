// Crops that cannot be decoded, that show nothing, or whose size is far from all others.
import { quantile } from '../../metrics/values.ts';
import { FACT, FACTS, slotsIn } from '../crop-facts.ts';
import { placeName, placeOf } from '../quarantine.ts';
import { finding, type CheckedData, type Finding } from './finding.ts';

/** Distance from the median log area, in robust standard deviations, from which a crop is an outlier. */
const FAR = 6;
/** 1.4826 · the median absolute deviation estimates the standard deviation of a normal distribution. */
const ROBUST = 1.4826;
/** A spread below 5 % would make outliers of a pixel's difference. */
const LEAST_SPREAD = 0.05;

export function checkPictures({ index, survey, rowOfSlot }: CheckedData): Finding[] {
  const names = (slots: readonly number[]) =>
    slots.map((slot) => placeName(placeOf(index, rowOfSlot[slot]!)));
  const [damaged, black] = [slotsIn(survey.facts, 'damaged'), slotsIn(survey.facts, 'black')];
  return [
    ...finding('damaged_crop', 'error', names(damaged), (n) => `${n} crops are no whole JPEG`),
    ...finding('black_crop', 'warning', names(black), (n) => `${n} crops are black: nothing in them is brighter than 20 of 255`), // prettier-ignore
  ];
}

export function checkSizes({ index, survey, rowOfSlot }: CheckedData): Finding[] {
  const { facts, places } = survey;
  const area = (slot: number) => facts[slot * FACTS + FACT.width]! * facts[slot * FACTS + FACT.height]!;
  const logs = Float64Array.from({ length: places.count }, (_, slot) => Math.log(area(slot)));
  const sorted = logs.filter(Number.isFinite).sort();
  if (sorted.length === 0) return [];
  const median = quantile(sorted, 0.5);
  const deviations = sorted.map((value) => Math.abs(value - median)).sort();
  const spread = Math.max(LEAST_SPREAD, ROBUST * quantile(deviations, 0.5));
  const far = [...logs.keys()].filter((slot) => Number.isFinite(logs[slot]) && Math.abs(logs[slot]! - median) > FAR * spread); // prettier-ignore
  const where = far.map((slot) => {
    const [w, h] = [facts[slot * FACTS + FACT.width]!, facts[slot * FACTS + FACT.height]!];
    return `${placeName(placeOf(index, rowOfSlot[slot]!))}: ${w}×${h}`;
  });
  return finding('size_outlier', 'warning', where, (n) => `${n} crops are far from the usual size (median ${Math.round(Math.exp(median))} pixels)`); // prettier-ignore
}

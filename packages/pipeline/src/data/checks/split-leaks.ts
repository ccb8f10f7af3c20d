// What each split would leak: copies and lookalikes on both sides, neighbours in time, and an index shuffled crop by crop.
import { percent } from '../../report/numbers.ts';
import { OTHER_SPLITS, indexOrder, orderWords } from '../index-order.ts';
import { copies } from '../near-duplicates.ts';
import { SPLITS } from '../splits/catalogue.ts';
import { surveySplits } from '../survey-splits.ts';
import { SpatterError } from '../../util/errors.ts';
import { PARTS } from '../splits/split.ts';
import { worstPairs, type SlotPair } from './parted-pairs.ts';
import { finding, type CheckedData, type Finding } from './finding.ts';

/** Part of each index row under each split that the data allow: 0 none, else 1 + its place in `PARTS`. */
export function partsOfSplits({ index, times }: CheckedData): { kind: string; part: Uint8Array }[] {
  if (times === null) return [];
  return Object.entries(SPLITS).flatMap(([kind, splitter]) => {
    const split = attempt(() => splitter({ ...times, label: index.label }, { seed: 42 }));
    if (split === null) return [];
    const part = new Uint8Array(index.length);
    PARTS.forEach((name, p) => {
      for (const row of split[name]) part[row] = 1 + p;
    });
    return [{ kind, part }];
  });
}

/** Copies with one crop in train and one in test, under each split that the data allow. */
export function checkCopiesAcrossSplits(data: CheckedData): Finding[] {
  const { survey, rowOfSlot } = data;
  const groups = copies(survey.facts);
  if (groups.length === 0) return [];
  const trainAndTest = [1 + PARTS.indexOf('train'), 1 + PARTS.indexOf('test')];
  return partsOfSplits(data).flatMap(({ kind, part }) => {
    const both = groups.flatMap((group): SlotPair[] => {
      const [a, b] = trainAndTest.map((wanted) => group.find((slot) => part[rowOfSlot[slot]!] === wanted));
      return a === undefined || b === undefined ? [] : [{ slots: [a, b], difference: 0 }];
    });
    const pairs = worstPairs(data, { kind, part }, both);
    return finding('copy_across_split', 'warning', [`split ${kind}`], () => `The split ${kind} has copies of ${both.length} crops both in train and in test`, both.length, pairs); // prettier-ignore
  });
}

function attempt<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof SpatterError) return null;
    throw error;
  }
}

/** The order of the rows and what it means for the legacy split by position. */
export function checkOrder({ index, times }: CheckedData): Finding[] {
  const order = indexOrder(index);
  const leak =
    times === null ? null : surveySplits(index, times, 42).find(({ kind }) => kind === 'random')?.leak;
  const measured = leak == null ? '' : `: ${percent(leak.near_share)} of its test crops have a training crop within ${leak.gap_frames} frames`; // prettier-ignore
  const words = orderWords(order);
  return order.kind === 'shuffled'
    ? finding('shuffled_index', 'note', [index.name], () => `${words}${measured}. ${OTHER_SPLITS}`, 1)
    : finding('ordered_index', 'note', [index.name], () => words, 1);
}

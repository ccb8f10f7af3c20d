// Crops whose bytes, and labels that, are not those that the index was made with.
import { CHECKSUMS, readChecksums } from '../checksums.ts';
import { DIGEST_WORDS } from '../crop-facts.ts';
import type { CropIndex } from '../crop-index.ts';
import { datasetVersion, digestsOf } from '../dataset-version.ts';
import type { CropPlaces } from '../packed-cache-plan.ts';
import { placeName, placeOf } from '../quarantine.ts';
import { finding, type CheckedData, type Finding } from './finding.ts';

/** Compares with the checksums of `data index`; an index of other origin has none. */
export function checkBytes({ index, survey, rowOfSlot }: CheckedData): Finding[] {
  const recorded = readChecksums(index.root);
  if (recorded === null) {
    return finding('no_checksums', 'note', [CHECKSUMS], () => 'The index has no checksums: changed bytes cannot be told. spatter data index records them'); // prettier-ignore
  }
  const now = digestsOf(survey.facts);
  if (recorded.digests.length !== now.length) {
    const was = recorded.digests.length / DIGEST_WORDS;
    return finding('other_rows', 'error', [CHECKSUMS], () => `The index was made with ${was} crops and now names ${survey.places.count} that exist: rows were added or lost since`); // prettier-ignore
  }
  const changed = [...rowOfSlot.keys()].filter((slot) => {
    const at = slot * DIGEST_WORDS;
    return [0, 1, 2, 3].some((word) => now[at + word] !== recorded.digests[at + word]);
  });
  const where = changed.map((slot) => placeName(placeOf(index, rowOfSlot[slot]!)));
  return [
    ...finding('changed_bytes', 'error', where, (n) => `${n} crops are not the bytes that the index was made with`), // prettier-ignore
    ...(changed.length > 0 ? [] : changedLabels(index, survey.places, { was: recorded.version, now })),
  ];
}

/** The version covers places, bytes and labels: where the first two are as they were, labels are not. */
function changedLabels(
  index: CropIndex,
  places: CropPlaces,
  { was, now }: { was: string; now: Uint32Array },
): Finding[] {
  const version = datasetVersion(index, places, now);
  if (version === was || index.length !== places.count) return [];
  const where = [`version ${was.slice(0, 16)} then, ${version.slice(0, 16)} now`];
  return finding('changed_labels', 'error', where, () => 'Labels are not those that the index was made with. spatter data index takes new ones'); // prettier-ignore
}

// The version of a data set: one hash over its rows and the bytes of its crops, whatever their order in the CSV.
import { createHash } from 'node:crypto';
import { visitCrops } from './crop-blocks.ts';
import { DIGEST_WORDS, FACT, FACTS, writeDigest } from './crop-facts.ts';
import type { CropIndex } from './crop-index.ts';
import type { OnPacked } from './packed-cache-build.ts';
import type { CropPlaces } from './packed-cache-plan.ts';

/**
 * SHA-256 over where each crop lies, its label and its bytes. `images.csv` and `unshuffled_images.csv` have the same
 * version; another label, another byte, a row more or less gives another.
 * @param digests [count, {@link DIGEST_WORDS}] in the order of the slots.
 */
export function datasetVersion(
  index: Pick<CropIndex, 'label'>,
  { slots, count, runs }: CropPlaces,
  digests: Uint32Array,
): string {
  const hash = createHash('sha256').update(`spatter data set 1, ${count} crops\n`);
  for (const { file, dataset, rows } of runs) hash.update(JSON.stringify([file, dataset])).update(rows);
  // A crop named twice counts twice; 256 labels fit beside 2³² slots in a double.
  const labelled = Float64Array.from(slots, (slot, row) => slot * 256 + index.label[row]!).sort();
  return hash.update(digests).update(labelled).digest('hex');
}

/** The digests among `facts`, [crops, {@link DIGEST_WORDS}]. */
export function digestsOf(facts: Uint32Array): Uint32Array {
  const digests = new Uint32Array((facts.length / FACTS) * DIGEST_WORDS);
  for (let slot = 0; slot * FACTS < facts.length; slot++) {
    const from = slot * FACTS + FACT.digest;
    digests.set(facts.subarray(from, from + DIGEST_WORDS), slot * DIGEST_WORDS);
  }
  return digests;
}

/**
 * Reads every crop and digests it; decodes none. A row that cannot be read counts as empty.
 * @throws {SpatterError} as {@link visitCrops}.
 */
export async function readDigests(
  root: string,
  { runs, count }: CropPlaces,
  onRead: OnPacked,
): Promise<Uint32Array> {
  const digests = new Uint32Array(count * DIGEST_WORDS);
  await visitCrops(root, runs, true, ({ jpegs, firstSlot }) => {
    jpegs.forEach((jpeg, i) => writeDigest(jpeg, digests, (firstSlot + i) * DIGEST_WORDS));
    onRead(firstSlot + jpegs.length);
  });
  return digests;
}

/** SHA-256 over the order of the rows: splits that cut by position depend on it. */
export function rowOrder({ slots }: Pick<CropPlaces, 'slots'>): string {
  return createHash('sha256').update(slots).digest('hex');
}

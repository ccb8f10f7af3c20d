// The facts of every crop of an index: from its packed cache where that is fresh, else by decoding each crop once.
import type { ProgressFactory } from '../util/progress.ts';
import { BLOCK_ROWS, visitCrops } from './crop-blocks.ts';
import { DIGEST_WORDS, FACT, FACTS } from './crop-facts.ts';
import type { CropIndex } from './crop-index.ts';
import { CropMeasurer } from './crop-measure.ts';
import { readDigests } from './dataset-version.ts';
import { cropBytes } from './packed-cache-file.ts';
import { placeCrops, type CropPlaces } from './packed-cache-plan.ts';
import { cachedFacts } from './packed-cache.ts';
import { packedSize } from './transforms/pack.ts';

/** The cache of the default config: what most data sets have beside them. */
const DEFAULT_CACHE = { resize: 32, channels: 1 } as const;

export interface CropSurvey {
  readonly places: CropPlaces;
  /** [crops, FACTS], see `FACT`. Damaged crops are among them. */
  readonly facts: Uint32Array;
  /** Planes and their side in pixels, which the facts are of. */
  readonly channels: number;
  readonly size: number;
}

/**
 * Writes nothing.
 * @param reread reads and digests all bytes even where a cache knows them: it may have missed a change.
 * @throws {SpatterError} INDEX_INVALID for a row that does not exist, FILE_NOT_FOUND, IO, HDF5_DAMAGED, HDF5_LAYOUT.
 */
export async function surveyCrops(
  index: CropIndex,
  progress: ProgressFactory,
  reread = false,
): Promise<CropSurvey> {
  const spec = { size: packedSize(DEFAULT_CACHE.resize), channels: DEFAULT_CACHE.channels };
  const places = placeCrops(index);
  const known = cachedFacts(index, DEFAULT_CACHE);
  const trusted = known !== undefined && (!reread || (await stillHolds(index.root, places, known, progress)));
  const facts = trusted ? known : await measureAll(index.root, places, spec, progress);
  return { places, facts, ...spec };
}

async function stillHolds(root: string, places: CropPlaces, facts: Uint32Array, progress: ProgressFactory) {
  const bar = progress('reading', places.count, 'crops');
  try {
    const digests = await readDigests(root, places, (done) => bar.update(done));
    return digests.every(
      (word, i) => word === facts[Math.floor(i / DIGEST_WORDS) * FACTS + FACT.digest + (i % DIGEST_WORDS)],
    );
  } finally {
    bar.stop();
  }
}

async function measureAll(
  root: string,
  { runs, count }: CropPlaces,
  spec: Parameters<typeof CropMeasurer.create>[0],
  progress: ProgressFactory,
): Promise<Uint32Array> {
  const measurer = await CropMeasurer.create(spec, true);
  const facts = new Uint32Array(count * FACTS);
  const planes = new Uint8Array(Math.min(BLOCK_ROWS, count) * cropBytes(spec));
  const bar = progress('decoding', count, 'crops');
  try {
    await visitCrops(root, runs, true, (block) => {
      measurer.measure(block, planes, facts);
      bar.update(block.firstSlot + block.rows.length);
    });
    return facts;
  } finally {
    bar.stop();
  }
}

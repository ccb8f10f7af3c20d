// What changed between two versions of a data set: crops added, removed, relabelled, or with other bytes.
import type { ProgressFactory } from '../util/progress.ts';
import { readChecksums } from './checksums.ts';
import { DIGEST_WORDS } from './crop-facts.ts';
import type { CropIndex } from './crop-index.ts';
import { datasetVersion, readDigests } from './dataset-version.ts';
import { placeCrops, type CropPlaces } from './packed-cache-plan.ts';
import { placeName, placeOf } from './quarantine.ts';

/** Crops concerned, by class in the newer version (for removed ones: in the older), with examples. */
export interface Change {
  readonly crops: number;
  readonly classes: Readonly<Record<string, number>>;
  readonly examples: readonly string[];
}

export interface DatasetDiff {
  readonly same: boolean;
  readonly versions: readonly [older: string, newer: string];
  readonly crops: readonly [older: number, newer: number];
  readonly added: Change;
  readonly removed: Change;
  /** Crops that were only moved: added ones with the bytes of removed ones, under another file, dataset or row. */
  readonly moved: number;
  readonly relabelled: Change;
  readonly changed_bytes: Change;
}

const EXAMPLES = 5;

/**
 * Compares by place (file, dataset, row), label and bytes. Bytes are taken from the checksums beside an index where they
 * belong to its rows, so that an old version needs no HDF5 files any more; else all are read.
 */
export async function diffDatasets(
  older: CropIndex,
  newer: CropIndex,
  progress: ProgressFactory,
): Promise<DatasetDiff> {
  const [a, b] = [await contentOf(older, progress), await contentOf(newer, progress)];
  const [added, removed] = [new Tally(), new Tally()];
  const [relabelled, changed] = [new Tally(), new Tally()];
  for (const [name, slot] of b.slots) {
    const before = a.slots.get(name);
    if (before === undefined) added.add(name, b.label[slot]!);
    else {
      if (a.label[before] !== b.label[slot]) relabelled.add(name, b.label[slot]!);
      if (!sameBytes(a.digests, before, b.digests, slot)) changed.add(name, b.label[slot]!);
    }
  }
  for (const [name, slot] of a.slots) if (!b.slots.has(name)) removed.add(name, a.label[slot]!);
  return {
    same: a.version === b.version,
    versions: [a.version, b.version],
    crops: [a.slots.size, b.slots.size],
    added: added.change(),
    removed: removed.change(),
    moved: countMoved(a, b),
    relabelled: relabelled.change(),
    changed_bytes: changed.change(),
  };
}

/** How many of the crops that only `b` has find the bytes of one that only `a` has, each of these taken once. */
function countMoved(a: Content, b: Content): number {
  const gone = new Map<string, number>();
  for (const [name, slot] of a.slots) {
    if (b.slots.has(name)) continue;
    const bytes = digestAt(a, slot);
    gone.set(bytes, (gone.get(bytes) ?? 0) + 1);
  }
  let moved = 0;
  for (const [name, slot] of gone.size === 0 ? [] : b.slots) {
    if (a.slots.has(name)) continue;
    const bytes = digestAt(b, slot);
    const left = gone.get(bytes) ?? 0;
    if (left > 0) moved++;
    gone.set(bytes, left - 1);
  }
  return moved;
}

const digestAt = ({ digests }: Content, slot: number): string =>
  digests.subarray(slot * DIGEST_WORDS, (slot + 1) * DIGEST_WORDS).join();

/** Counts crops by class. */
class Tally {
  readonly #classes = new Map<number, number>();
  readonly #examples: string[] = [];
  #crops = 0;

  add(name: string, label: number): void {
    this.#crops++;
    this.#classes.set(label, (this.#classes.get(label) ?? 0) + 1);
    if (this.#examples.length < EXAMPLES) this.#examples.push(name);
  }

  change(): Change {
    const classes = [...this.#classes].sort(([a], [b]) => a - b).map(([label, n]) => [String(label), n]);
    return {
      crops: this.#crops,
      classes: Object.fromEntries(classes) as Record<string, number>,
      examples: this.#examples,
    };
  }
}

interface Content {
  readonly version: string;
  /** Slot of each crop, by its name. */
  readonly slots: ReadonlyMap<string, number>;
  /** Of each slot. */
  readonly label: Uint8Array;
  readonly digests: Uint32Array;
}

async function contentOf(index: CropIndex, progress: ProgressFactory): Promise<Content> {
  const places = placeCrops(index);
  const digests = recordedDigests(index, places) ?? (await readAll(index, places, progress));
  const label = new Uint8Array(places.count);
  const slots = new Map<string, number>();
  for (let row = index.length - 1; row >= 0; row--) {
    const slot = places.slots[row]!;
    label[slot] = index.label[row]!;
    slots.set(placeName(placeOf(index, row)), slot);
  }
  return { version: datasetVersion(index, places, digests), slots, label, digests };
}

/** The checksums, if they are of these very rows and labels: the recorded version then comes out again. */
function recordedDigests(index: CropIndex, places: CropPlaces): Uint32Array | null {
  const recorded = readChecksums(index.root);
  if (recorded?.digests.length !== places.count * DIGEST_WORDS) return null;
  return datasetVersion(index, places, recorded.digests) === recorded.version ? recorded.digests : null;
}

async function readAll(
  index: CropIndex,
  places: CropPlaces,
  progress: ProgressFactory,
): Promise<Uint32Array> {
  const bar = progress('reading', places.count, 'crops');
  try {
    return await readDigests(index.root, places, (done) => bar.update(done));
  } finally {
    bar.stop();
  }
}

function sameBytes(a: Uint32Array, slotA: number, b: Uint32Array, slotB: number): boolean {
  for (let w = 0; w < DIGEST_WORDS; w++)
    if (a[slotA * DIGEST_WORDS + w] !== b[slotB * DIGEST_WORDS + w]) return false;
  return true;
}

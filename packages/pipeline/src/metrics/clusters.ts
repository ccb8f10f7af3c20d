// Which crops stand or fall together: whole recordings where there are enough of them, else blocks of time inside them.
import { sameLength, type Values } from './values.ts';

/** Below this many test recordings their resampling says little, and blocks of time are resampled instead. */
export const ENOUGH_RECORDINGS = 8;

/** 10 s at 25 frames a second: longer than a plume's memory, short enough for many blocks in a recording. */
export const BLOCK_FRAMES = 250;

export interface Clusters {
  readonly unit: 'recording' | 'time block';
  /** Cluster of each crop, 0 … `count` − 1. */
  readonly cluster: Int32Array;
  readonly count: number;
  /** Stratum of each cluster: a resample keeps the number of clusters of each. Missing where all are alike. */
  readonly strata?: Int32Array;
  /** What the interval made from these clusters does not cover; shown beside it. */
  readonly caution?: string;
}

/**
 * Chooses the clusters for crops of `recording` (indices) at `frame`. With `label`, clusters of the same classes are strata: how
 * many recordings of each were filmed is the plan of the experiment and no chance, so resampling must not change it.
 */
export function chooseClusters(
  recording: Values,
  frame: Values,
  { blockFrames = BLOCK_FRAMES, label }: { blockFrames?: number | undefined; label?: Values } = {},
): Clusters {
  const clusters = unstratified(recording, frame, blockFrames);
  return label === undefined ? clusters : { ...clusters, ...classStrata(clusters, label) };
}

/** Strata by class; none where a stratum would have one cluster only, whose scatter cannot be seen. */
function classStrata({ cluster, count }: Clusters, label: Values): Pick<Clusters, 'strata'> {
  const seen = Array.from({ length: count }, () => new Set<number>());
  cluster.forEach((k, crop) => seen[k]!.add(label[crop]!));
  const names = seen.map((classes) => [...classes].sort((a, b) => a - b).join());
  const kinds = [...new Set(names)].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const sizes = kinds.map((kind) => names.filter((name) => name === kind).length);
  if (sizes.length < 2 || Math.min(...sizes) < 2) return {};
  return { strata: Int32Array.from(names, (name) => kinds.indexOf(name)) };
}

function unstratified(recording: Values, frame: Values, blockFrames: number): Clusters {
  sameLength('chooseClusters', recording, frame);
  const recordings = number(recording.length, (i) => String(recording[i]));
  if (recordings.count >= ENOUGH_RECORDINGS) return { unit: 'recording', ...recordings };
  const blocks = number(
    recording.length,
    (i) => `${recording[i]!}:${Math.floor(frame[i]! / Math.max(1, blockFrames))}`,
  );
  const caution =
    `Only ${recordings.count} test recording${recordings.count === 1 ? '' : 's'}: blocks of ${blockFrames} frames ` +
    'were resampled, so the interval tells how steady the figure is inside these recordings, ' +
    'not how it would change with another recording.';
  return { unit: 'time block', ...blocks, caution };
}

function number(length: number, key: (crop: number) => string): { cluster: Int32Array; count: number } {
  const index = new Map<string, number>();
  const cluster = Int32Array.from({ length }, (_, crop) => {
    const name = key(crop);
    if (!index.has(name)) index.set(name, index.size);
    return index.get(name)!;
  });
  return { cluster, count: index.size };
}

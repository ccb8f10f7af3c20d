// The kinds of data: the reference's gray, RGB and gray with a chosen share of class 1; IDX files; a folder per class.
import { SpatterError } from '../util/errors.ts';
import { permutation, randomStream } from '../util/random.ts';
import type { Channels } from './transforms/pack.ts';

/** The catalogue: where samples come from, planes per sample, and whether `class1_ratio` selects among crops. */
export const DATASETS = {
  gray: { source: 'crops', channels: 1, ratio: false },
  rgb: { source: 'crops', channels: 3, ratio: false },
  ratio: { source: 'crops', channels: 1, ratio: true },
  idx: { source: 'idx', channels: 1, ratio: false },
  folder: { source: 'folder', channels: 1, ratio: false },
  'folder-rgb': { source: 'folder', channels: 3, ratio: false },
} as const satisfies Record<string, { source: string; channels: Channels; ratio: boolean }>;

export type DatasetKind = keyof typeof DATASETS;

/**
 * The largest choice among `rows` in which class 1 has `share` (0…1) of the crops: one class is kept whole, the other
 * is thinned. Rows keep their order. With `seed` null the last crops of class 0 or the first of class 1 stay, which on
 * a sorted, balanced list is the reference's window `[int((0.5 − (1−r)/r/2)·n), n)` or `[0, int((0.5 + r/(1−r)/2)·n))`;
 * with a seed they are drawn.
 * @param labels label (0 or 1) of every index row.
 * @throws {SpatterError} USAGE for a share outside 0…1, LABELS for another label, ONE_CLASS when a class is missing.
 */
export function selectRatio(
  rows: Uint32Array,
  labels: Uint8Array,
  share: number,
  seed: number | null = null,
): Uint32Array {
  check(rows, labels, share);
  const [zeros, ones] = [0, 1].map((label) => rows.filter((row) => labels[row] === label));
  const [n0, n1] = [zeros!.length, ones!.length];
  const n = n0 + n1;
  // The reference's expressions, in its order of operations: they decide which integer the truncation gives.
  const thinZeros = share * n0 >= (1 - share) * n1;
  const dropped = Math.trunc((n0 / n - ((1 - share) / share) * (n1 / n)) * n);
  const end = Math.trunc((n0 / n + (share / (1 - share)) * (n0 / n)) * n);
  const skipZeros = thinZeros ? (share === 1 ? n0 : Math.max(0, dropped)) : 0;
  const keepOnes = thinZeros ? n1 : Math.max(0, end - n0);
  const kept = new Set([
    ...thinned(zeros!, seed).subarray(skipZeros),
    ...thinned(ones!, seed).subarray(0, keepOnes),
  ]);
  return rows.filter((row) => kept.has(row));
}

function thinned(rows: Uint32Array, seed: number | null): Uint32Array {
  if (seed === null) return rows;
  return permutation(randomStream(seed), rows.length).map((i) => rows[i]!);
}

function check(rows: Uint32Array, labels: Uint8Array, share: number): void {
  if (!(share >= 0 && share <= 1)) {
    throw new SpatterError(
      'USAGE',
      `the share of class 1 must be 0 to 1, got ${share}`,
      'use for example 0.7',
    );
  }
  const seen = new Set(Array.from(rows, (row) => labels[row]!));
  const other = [...seen].find((label) => label > 1);
  if (other !== undefined) {
    const what = `a dataset with a share of class 1 needs the labels 0 and 1, got ${other}`;
    throw new SpatterError('LABELS', what, "use the dataset 'gray', or label the files 0 and 1");
  }
  if (seen.size < 2) {
    const what = `a dataset with a share of class 1 needs crops of both classes, got ${seen.size}`;
    throw new SpatterError('ONE_CLASS', what, 'add recordings of the other class');
  }
}

// How much of a test set was as good as seen: test crops with a training crop near in time in the same recording.
import { percent } from '../../report/numbers.ts';
import type { Split, SplitInput } from './split.ts';

export interface Leak {
  readonly gap_frames: number;
  readonly test_crops: number;
  /** Test crops with a training crop of the same recording at most `gap_frames` frames away. */
  readonly near: number;
  readonly near_share: number;
  /** Test crops with a training crop of the very same frame. */
  readonly same_frame: number;
  readonly same_frame_share: number;
}

/**
 * Measures the leak of `split`, or null where the frames of the crops are not known.
 * Sorts the training frames once and searches them per test crop.
 */
export function measureLeak(
  split: Pick<Split, 'train' | 'test'>,
  { recording, frame, known }: Pick<SplitInput, 'recording' | 'frame' | 'known'>,
  gapFrames: number,
): Leak | null {
  if (!known) return null;
  // One sortable number per crop: 2³² frames fit beside 2¹⁶ recordings in a double.
  const key = (row: number): number => recording[row]! * 2 ** 33 + frame[row]!;
  const train = Float64Array.from(split.train, key).sort();
  let near = 0;
  let same = 0;
  for (const row of split.test) {
    const distance = nearest(train, key(row));
    near += Number(distance <= gapFrames);
    same += Number(distance === 0);
  }
  const share = (n: number): number => (split.test.length === 0 ? 0 : n / split.test.length);
  return {
    gap_frames: gapFrames,
    test_crops: split.test.length,
    near,
    near_share: share(near),
    same_frame: same,
    same_frame_share: share(same),
  };
}

/** The measured leaks of one split in words, such as of its val and test crops. */
export function leakWords(leaks: Readonly<Record<string, Leak | null>>): string {
  const shares = Object.entries(leaks).flatMap(([part, leak]) =>
    leak === null ? [] : [`${percent(leak.near_share)} of ${part} crops`],
  );
  const frames = Object.values(leaks).find((leak) => leak !== null)?.gap_frames;
  if (frames === undefined) return 'leak unknown (no frame numbers)';
  return `${shares.join(' and ')} have a training neighbour within ${frames} frames of their recording`;
}

/** Distance from `value` to the nearest entry of ascending `sorted`. */
function nearest(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return Math.min((sorted[low] ?? Infinity) - value, value - (sorted[low - 1] ?? -Infinity));
}

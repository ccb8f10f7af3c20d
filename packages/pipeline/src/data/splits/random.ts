// The reference's split: by position in the shuffled index, so neighbouring frames stand on both sides. Kept for comparison.
import { DROPPED, REFERENCE_FRACTIONS, checkFractions, collect, type Splitter } from './split.ts';

/**
 * First 60 % of the rows train, the next 20 % validate, the rest test, in the order of the index (`images.csv` is
 * shuffled already): boundaries `int(0.6·n)` and `int(0.8·n)`, as the reference cuts. Leaks: see `measureLeak`.
 */
export const randomSplit: Splitter = (input, options) => {
  const [train, val] = checkFractions(options.fractions ?? REFERENCE_FRACTIONS);
  const n = input.label.length;
  const part = new Uint8Array(n).fill(DROPPED);
  const firstVal = Math.trunc(train * n);
  const firstTest = Math.trunc((train + val) * n);
  part.fill(0, 0, firstVal).fill(1, firstVal, firstTest).fill(2, firstTest);
  return collect(part, { kind: 'random', gap_frames: 0, by: 'position in the index' });
};

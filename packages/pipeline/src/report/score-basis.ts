// What a score rests on, in the one wording that stands beside every score: split, leak, best trivial baseline.
import { percent } from './numbers.ts';

/** Shares, null where they are not known. */
export interface ScoreBasis {
  /** Kind of the split. */
  readonly split: string | null;
  /** Share of the scored crops with a training crop near in time in the same recording. */
  readonly leak: number | null;
  /** Accuracy of the best trivial baseline on the same crops; left out where none is measured. */
  readonly baseline?: number | null;
}

/** Whether so much leaks that a score needs a warning; also where it is not known. */
export const isLeaking = (leak: number | null): boolean => leak === null || leak > 0.01;

/** `split recording, leak 0.0 %, best trivial baseline 67.8 %`. */
export function basisWords({ split, leak, baseline }: ScoreBasis): string {
  const share = (value: number | null): string => (value === null ? 'unknown' : percent(value));
  const best = baseline === undefined ? '' : `, best trivial baseline ${share(baseline)}`;
  return `split ${split ?? 'unknown'}, leak ${share(leak)}${best}`;
}

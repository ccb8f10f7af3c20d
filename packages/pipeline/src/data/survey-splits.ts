// What a data set can prove: every split tried on it, with its sizes and the leak between train and test.
import { SpatterError } from '../util/errors.ts';
import type { CropIndex } from './crop-index.ts';
import type { CropTimes } from './sidecar.ts';
import { SPLITS, type SplitKind } from './splits/catalogue.ts';
import { measureLeak, type Leak } from './splits/leak.ts';
import { SPLIT_GROUPS, type SplitContract, type SplitGroup, type SplitOptions } from './splits/split.ts';

/** Test crops closer than this to a training crop of their recording count as leaked, frames. */
const LEAK_FRAMES = 50;

export interface SplitSurvey {
  readonly kind: SplitKind;
  /** What a split by recording keeps together; null for the other kinds. */
  readonly group: SplitGroup | null;
  /** Null where the split is not possible; `obstacle` says why. */
  readonly contract: SplitContract | null;
  readonly leak: Leak | null;
  readonly obstacle: string | null;
}

/** Tries every split of the catalogue with its default options and `seed`; by position, session, build and machine where they are named. */
export function surveySplits(index: CropIndex, times: CropTimes, seed: number): SplitSurvey[] {
  const options = { seed, gapFrames: LEAK_FRAMES };
  const named = SPLIT_GROUPS.filter(
    (group) => group === 'recording' || times.recordings.every((recording) => recording[group] !== null),
  );
  return (Object.keys(SPLITS) as SplitKind[]).flatMap((kind) => {
    const groups = kind === 'recording' ? named : [null];
    return groups.map((group) => {
      return { kind, group, ...survey(kind, index, times, group === null ? options : { ...options, group }) };
    });
  });
}

function survey(
  kind: SplitKind,
  index: CropIndex,
  times: CropTimes,
  options: SplitOptions,
): Omit<SplitSurvey, 'kind' | 'group'> {
  try {
    const split = SPLITS[kind]({ ...times, label: index.label }, options);
    return { contract: split.contract, leak: measureLeak(split, times, LEAK_FRAMES), obstacle: null };
  } catch (error) {
    if (!(error instanceof SpatterError)) throw error;
    return { contract: null, leak: null, obstacle: error.message };
  }
}

/** `time-block`, or `recording by session`. */
export function splitName({ kind, group }: Pick<SplitSurvey, 'kind' | 'group'>): string {
  return group === null || group === 'recording' ? kind : `${kind} by ${group}`;
}

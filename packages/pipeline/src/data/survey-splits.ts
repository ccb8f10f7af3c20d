// What a data set can prove: every split tried on it, with its sizes and the leak between train and test.
import { SpatterError } from '../util/errors.ts';
import type { CropIndex } from './crop-index.ts';
import type { CropTimes } from './sidecar.ts';
import { SPLITS, type SplitKind } from './splits/catalogue.ts';
import { measureLeak, type Leak } from './splits/leak.ts';
import type { SplitContract, SplitOptions } from './splits/split.ts';

/** Test crops closer than this to a training crop of their recording count as leaked, frames. */
const LEAK_FRAMES = 50;

export interface SplitSurvey {
  readonly kind: SplitKind;
  /** Null where the split is not possible; `obstacle` says why. */
  readonly contract: SplitContract | null;
  readonly leak: Leak | null;
  readonly obstacle: string | null;
}

/** Tries every split of the catalogue with its default options and `seed`. */
export function surveySplits(index: CropIndex, times: CropTimes, seed: number): SplitSurvey[] {
  const options = { seed, gapFrames: LEAK_FRAMES };
  return (Object.keys(SPLITS) as SplitKind[]).map((kind) => survey(kind, index, times, options));
}

function survey(kind: SplitKind, index: CropIndex, times: CropTimes, options: SplitOptions): SplitSurvey {
  try {
    const split = SPLITS[kind]({ ...times, label: index.label }, options);
    const leak = measureLeak(split, times, LEAK_FRAMES);
    return { kind, contract: split.contract, leak, obstacle: null };
  } catch (error) {
    if (!(error instanceof SpatterError)) throw error;
    return { kind, contract: null, leak: null, obstacle: error.message };
  }
}

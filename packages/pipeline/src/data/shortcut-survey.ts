// The shortcut meter on a data set and one of its splits, without any network.
import { measureShortcuts, type ShortcutInput, type ShortcutSurvey } from '../metrics/measure-shortcuts.ts';
import type { CropIndex } from './crop-index.ts';
import type { CropSurvey } from './crop-survey.ts';
import { knownCrops } from './shortcut-features.ts';
import type { CropTimes } from './sidecar.ts';
import type { Split } from './splits/split.ts';

const RESAMPLES = 1000;
/** Crops that the rules are fitted on, at most: more change nothing in the second digit. */
const MOST = 100_000;

/** @param seed of the resampling. */
export function surveyShortcuts(
  index: CropIndex,
  { facts, places, channels, size }: CropSurvey,
  times: CropTimes,
  split: Pick<Split, 'train' | 'test'>,
  seed: number,
): ShortcutSurvey {
  const source = { facts, slots: places.slots, channels, size };
  const part = (rows: Uint32Array) => knownCrops({ index, times }, source, thinned(rows));
  const [train, test] = [part(split.train), part(split.test)];
  const frame = Int32Array.from(thinned(split.test), (row) => times.frame[row]!);
  const input: ShortcutInput = {
    ...{ train, test, frame },
    classes: index.label.reduce((a, b) => Math.max(a, b), 1) + 1,
    recording: test.recording,
    bootstrap: { seed, resamples: RESAMPLES },
  };
  return measureShortcuts(input);
}

/** Every n-th row, so that recordings keep their shares. */
function thinned(rows: Uint32Array): Uint32Array {
  const step = Math.ceil(rows.length / MOST);
  return step <= 1 ? rows : rows.filter((_, i) => i % step === 0);
}

// The words of the "how this was measured" box: split contract, leak, baselines, interval. No figure is shown without them.
import type { Difference, Interval } from '../metrics/bootstrap.ts';
import { strongestBaseline, type Evaluation } from '../metrics/evaluation.ts';
import type { ShortcutMeter } from '../metrics/shortcut-meter.ts';
import { count, percent, percentRange, points, pointsRange } from './numbers.ts';
import { isLeaking } from './score-basis.ts';
import type { Statement } from './page.ts';

/** How train and test were parted, with what leaked. */
export interface SplitFacts {
  readonly contract: 'random' | 'time-block' | 'recording';
  readonly train_crops: number;
  readonly test_crops: number;
  readonly train_recordings: number;
  readonly test_recordings: number;
  /**
   * Shares of test crops with a training crop of the same recording within `gap_frames`, and of the very same frame; null
   * where the frames of the crops are not known.
   */
  readonly leak: {
    readonly gap_frames: number;
    readonly near_share: number;
    readonly same_frame_share: number;
  } | null;
  /** How the rows of the index are ordered, where the split goes by it. */
  readonly order?: string;
}

const CONTRACTS: Record<SplitFacts['contract'], string> = {
  random:
    'Random by crop (legacy). Neighbouring frames of one recording stand in train and in test, so the figures ' +
    'say how well the model remembers these recordings, not how it does on a new one.',
  'time-block':
    'By blocks of time with a guard gap between them. Train and test come from the same recordings, so the figures ' +
    'do not cover another machine, day or build.',
  recording:
    'By recording. No test recording was seen in training: the closest to what a new build will see.',
};

/** Statements in reading order; those that limit the figures are marked. */
export function measuredStatements(split: SplitFacts, evaluation: Evaluation): Statement[] {
  return [
    splitStatement(split),
    leakStatement(split),
    baselineStatement(evaluation),
    cameraStatement(split, evaluation.shortcuts, evaluation.baselines, isPure(evaluation)),
    intervalStatement(evaluation.intervals.accuracy, evaluation.resampled),
  ];
}

export function splitStatement(split: SplitFacts): Statement {
  const size = `${count(split.train_crops)} training crops (${recordings(split.train_recordings)}), ${count(split.test_crops)} test crops (${recordings(split.test_recordings)}).`;
  const order = split.order === undefined ? '' : ` ${split.order}.`;
  return {
    topic: 'Split',
    text: `${CONTRACTS[split.contract]} ${size}${order}`,
    warn: split.contract === 'random',
  };
}

const recordings = (n: number) => `${n} recording${n === 1 ? '' : 's'}`;

export function leakStatement({ leak }: SplitFacts): Statement {
  if (leak === null) {
    return { topic: 'Leak', text: 'Unknown: the frames of these crops were not recorded.', warn: true };
  }
  const text =
    `${percent(leak.near_share)} of the test crops have a training crop of the same recording within ` +
    `${leak.gap_frames} frames, ${percent(leak.same_frame_share)} one of the very same frame.`;
  return { topic: 'Leak', text, warn: isLeaking(leak.near_share) };
}

function baselineStatement(evaluation: Evaluation): Statement {
  const best = strongestBaseline(evaluation);
  const { margin } = best;
  const reach = `The strongest trivial baseline (${best.title.toLowerCase().replace('jpeg', 'JPEG')}: ${best.rule}) reaches ${percent(best.metrics.accuracy)}.`;
  const by = `${points(margin.estimate)}${range(margin)}`;
  const verdict = margin.better ? `The model is better by ${by}.` : `The model is not clearly better: ${by}.`;
  return { topic: 'Baselines', text: `${reach} ${verdict}`, warn: !margin.better };
}

/** What the shortcut meter says. */
export const CAMERA = {
  'may be the camera': 'This score may be the camera, not the gas.',
  'cannot tell': 'Whether this score is the camera or the gas cannot be told.',
  'beyond the shortcuts': 'The score is beyond what light, size and the marks of a camera give away.',
} as const satisfies Record<Evaluation['shortcuts']['verdict'], string>;

/** Whether every recording is of one class. */
const isPure = ({ per_recording }: Evaluation): boolean =>
  per_recording.every(({ shareOfClass1 }) => shareOfClass1 === 0 || shareOfClass1 === 1);

/** @param pure Whether every recording is of one class. */
export function cameraStatement(
  { contract }: SplitFacts,
  { verdict, flagged, not_beaten }: ShortcutMeter<string>,
  baselines: readonly { readonly name: string; readonly title: string }[],
  pure: boolean,
): Statement {
  const titles = baselines.filter(({ name }) => not_beaten.includes(name)).map(({ title }) => title);
  const against = verdict === 'may be the camera' ? ` Not beaten: ${titles.join(', ')} (the margin is not significant, or this alone reaches nine tenths of the model’s way above the majority class, or the model does no better than one class for all).` : ''; // prettier-ignore
  const few = verdict === 'cannot tell' ? ' There are too few groups for a test.' : '';
  const shared = contract !== 'recording' && pure;
  const caution = shared
    ? ' Train and test share recordings, each of one class, so recognising a recording would score as well as seeing the gas: only a split by recording rules that out.'
    : '';
  return { topic: 'Gas or camera', text: CAMERA[verdict] + against + few + caution, warn: flagged || shared };
}

function range({ low, high, level, p }: Difference): string {
  if (p === null) return ' (no interval)';
  return ` (${percent(level, 0)} interval ${pointsRange({ low, high })}, p ${p < 0.001 ? '< 0.001' : `= ${p.toFixed(3)}`})`;
}

export function intervalStatement(
  accuracy: Interval,
  resampled: Omit<Evaluation['resampled'], 'caution'> & { readonly caution?: string },
): Statement {
  const unit = `${resampled.groups} ${resampled.unit}${resampled.groups === 1 ? '' : 's'}`;
  const text =
    accuracy.low === null
      ? `No interval can be given: ${accuracy.note ?? 'too few groups'}.`
      : `${percent(accuracy.level, 0)} interval of the accuracy ${percentRange(accuracy)}, from ${count(accuracy.resamples)} resamples of ${unit} as wholes, never of single crops.`;
  const notes = [accuracy.low === null ? undefined : accuracy.note, resampled.caution].filter(Boolean);
  return {
    topic: 'Interval',
    text: [text, ...notes].join(' '),
    warn: accuracy.low === null || notes.length > 0,
  };
}

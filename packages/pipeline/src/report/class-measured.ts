// How the figures of a classifier of several classes were measured, in words.
import { strongestClassBaseline, type ClassEvaluation } from '../metrics/class-evaluation.ts';
import type { Clusters } from '../metrics/clusters.ts';
import type { ShortcutMeter } from '../metrics/shortcut-meter.ts';
import {
  cameraStatement,
  intervalStatement,
  leakStatement,
  splitStatement,
  type SplitFacts,
} from './measured.ts';
import { count, percent, percentRange, points, pointsRange } from './numbers.ts';
import type { Statement } from './page.ts';

/** What the statements need of a split contract. */
export interface ImageSplit {
  readonly kind: string;
  readonly rows: Readonly<Record<'train' | 'val' | 'test', number>>;
}

/** Of images, in reading order; those that limit the figures are marked. */
export function imageStatements(split: ImageSplit, evaluation: ClassEvaluation): Statement[] {
  const { train, val, test } = split.rows;
  const how =
    split.kind === 'official'
      ? 'The test images are those the data set was published with.'
      : 'The data set names no test images: they were drawn at random, class by class.';
  const sizes = `${count(train)} training, ${count(val)} validation, ${count(test)} test images.`;
  return [
    { topic: 'Split', text: `${how} ${sizes}` },
    baselineStatement(evaluation),
    imageIntervalStatement(evaluation),
  ];
}

/** What crops say besides the figures. */
export interface CropClassFacts {
  readonly shortcuts: ShortcutMeter<string>;
  readonly resampled: Pick<Clusters, 'unit' | 'caution'> & { readonly groups: number };
  /** Whether every recording is of one class. */
  readonly pure: boolean;
}

/** Of crops, in the same order and words as those of two classes. */
export function cropClassStatements(
  split: SplitFacts,
  evaluation: ClassEvaluation,
  { shortcuts, resampled, pure }: CropClassFacts,
): Statement[] {
  return [
    splitStatement(split),
    leakStatement(split),
    baselineStatement(evaluation),
    cameraStatement(split, shortcuts, evaluation.baselines, pure),
    intervalStatement(evaluation.intervals.accuracy, resampled),
  ];
}

function baselineStatement(evaluation: ClassEvaluation): Statement {
  const { title, rule, accuracy, margin } = strongestClassBaseline(evaluation);
  const by = `${points(margin.estimate)} (${pointsRange(margin)})`;
  const verdict = margin.better ? `The model is better by ${by}.` : `The model is not clearly better: ${by}.`;
  const reach = `The strongest trivial baseline (${title.toLowerCase()}: ${rule}) reaches ${percent(accuracy)}.`;
  return { topic: 'Baselines', text: `${reach} ${verdict}`, warn: !margin.better };
}

function imageIntervalStatement({ intervals: { accuracy: interval } }: ClassEvaluation): Statement {
  const text =
    interval.low === null
      ? `No interval can be given: ${interval.note ?? 'too few images'}.`
      : `${percent(interval.level, 0)} interval of the accuracy ${percentRange(interval)}, from ${count(interval.resamples)} resamples of single images, which are taken as independent. It does not cover another training run or other images than these are a sample of.`;
  return { topic: 'Interval', text, warn: interval.low === null };
}

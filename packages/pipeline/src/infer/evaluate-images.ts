// The evaluation of a run on labelled images: accuracy in each class, confusion, baselines, intervals over single images.
import { join } from 'node:path';
import type { ImageDataset } from '../data/images/image-dataset.ts';
import {
  brightnessProfile,
  decideClassBaselines,
  type ClassBaselineName,
  type Features,
} from '../metrics/class-baselines.ts';
import {
  evaluateClasses,
  type ClassEvaluation,
  type ClassEvaluationInput,
} from '../metrics/class-evaluation.ts';
import { imageStatements } from '../report/class-measured.ts';
import { count, percent, percentRange } from '../report/numbers.ts';
import { encodeJpeg } from '../store/jpeg.ts';
import { lossAndAccuracy } from '../train/validate.ts';
import { writeFileAtomic } from '../util/atomic.ts';
import { writeCsv } from '../util/csv.ts';
import { classMistakes } from './class-mistakes.ts';
import { writeClassReport } from './class-report.ts';
import { classSummary, rivalLine } from './class-summary.ts';
import { RESAMPLES, type EvaluatedRun, type EvaluationSubject } from './evaluation-subject.ts';
import { classProbabilities } from './probability.ts';

type Input = ClassEvaluationInput<ClassBaselineName>;

/** Evaluates and writes `evaluation/` into the run. */
export async function evaluateImages(
  subject: EvaluationSubject,
  dataset: ImageDataset,
): Promise<EvaluatedRun> {
  const { run, path, checkpoint, logits } = subject;
  const input = inputOf(subject, dataset);
  const evaluation = evaluateClasses(input);
  const measured = imageStatements(dataset.split.contract, evaluation);
  const document = {
    ...{ run_dir: run.path, checkpoint: path, dataset: dataset.description },
    ...{ split: dataset.split.contract, measured, ...evaluation },
  };
  const folder = join(run.path, 'evaluation');
  writeFileAtomic(join(folder, 'evaluation.json'), `${JSON.stringify(document, null, 2)}\n`);
  writePredictions(join(folder, 'predictions.csv'), dataset, logits.rows, input);
  const { history } = checkpoint.progress;
  writeClassReport(folder, {
    unit: 'images',
    subtitle: `${run.path}, ${count(dataset.labels.length)} images of ${dataset.classes.length} classes in ${dataset.images.root}`,
    ...{ classes: dataset.classes, evaluation, measured, epochs: history, bestEpoch: history.length },
    pictures: await classMistakes(input, (i) => pictureOf(dataset, logits.rows[i]!)),
    facts: [
      ['Checkpoint', path],
      ['Data set', `SHA-256 ${dataset.description.hash}`],
      ['Split', JSON.stringify(dataset.split.contract)],
    ],
  });
  return {
    headline: headlineOf(run.path, evaluation),
    summary: {
      ...classSummary(subject, evaluation),
      test_images: evaluation.samples,
      split: dataset.split.contract.kind,
    },
    measured,
  };
}

function inputOf({ run, logits }: EvaluationSubject, dataset: ImageDataset): Input {
  const { split, labels, classes } = dataset;
  const { rows } = logits;
  const labelsOf = (of: Uint32Array) => Uint8Array.from(of, (row) => labels[row]!);
  const train = { label: labelsOf(split.train), features: profiles(dataset, split.train) };
  return {
    classes,
    test: { label: labelsOf(rows), probability: classProbabilities(logits.logits, rows.length) },
    baselines: decideClassBaselines(train, classes.length, profiles(dataset, rows)),
    loss: lossAndAccuracy(logits).loss,
    bootstrap: { seed: run.config.seed, resamples: RESAMPLES },
  };
}

function profiles({ images: { planes, channels, size } }: ImageDataset, rows: Uint32Array): Features {
  const width = 2 * size;
  const values = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    values.set(brightnessProfile(planes, row * channels * size * size, channels, size), i * width);
  });
  return { values, width };
}

function writePredictions(
  path: string,
  { images, classes }: ImageDataset,
  rows: Uint32Array,
  { test }: Input,
): void {
  const k = classes.length;
  const line = (row: number, i: number) => {
    const probability = Array.from({ length: k }, (_, c) => test.probability[i * k + c]!);
    const decided = probability.indexOf(Math.max(...probability));
    return [images.source(row), classes[test.label[i]!]!, classes[decided]!, ...probability];
  };
  const columns = ['image', 'label', 'decision', ...classes.map((name) => `p_${name}`)];
  writeCsv(path, columns, Array.from(rows, line));
}

/** An image as its planes are, and where it is from. */
async function pictureOf({ images }: ImageDataset, row: number): Promise<{ jpeg: Uint8Array; name: string }> {
  const { planes, channels, size } = images;
  const pixels = size * size;
  const plane = (k: number) => (row * channels + (channels === 1 ? 0 : 2 - k)) * pixels;
  const bgr = Uint8Array.from({ length: 3 * pixels }, (_, i) => planes[plane(i % 3) + Math.floor(i / 3)]!);
  return { jpeg: await encodeJpeg(bgr, size, size), name: images.source(row) };
}

function headlineOf(run: string, evaluation: ClassEvaluation): string[] {
  const { accuracy, intervals, samples, per_class } = evaluation;
  const worst = per_class.reduce((low, row) => (row.accuracy < low.accuracy ? row : low));
  return [
    `test accuracy ${percent(accuracy, 2)} on ${count(samples)} images, ${percentRange(intervals.accuracy)} at 95 % (resampling images)`,
    `hardest class: ${worst.name}, ${percent(worst.accuracy)} of ${count(worst.samples)} images`,
    rivalLine(evaluation),
    `report ${run}/evaluation/report.html`,
  ];
}

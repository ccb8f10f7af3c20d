// The evaluation of a run on crops of three classes or more: confusion, split contract, leak, baselines, intervals; draws the report.
import { join } from 'node:path';
import type { CropDataset } from '../data/crop-dataset.ts';
import { orderWords } from '../data/index-order.ts';
import { knownCrops } from '../data/shortcut-features.ts';
import { leakWords } from '../data/splits/leak.ts';
import { argmax } from '../metrics/accuracy.ts';
import {
  evaluateClasses,
  type ClassEvaluation,
  type ClassEvaluationInput,
} from '../metrics/class-evaluation.ts';
import { chooseClusters } from '../metrics/clusters.ts';
import { decideCropClassBaselines, type CropClassBaselineName } from '../metrics/crop-class-baselines.ts';
import { groupBy } from '../metrics/groups.ts';
import { shortcutMeter, type ShortcutMeter } from '../metrics/shortcut-meter.ts';
import { mean } from '../metrics/values.ts';
import { cropClassStatements, type CropClassFacts } from '../report/class-measured.ts';
import type { ClassReport } from '../report/class-page.ts';
import { CAMERA } from '../report/measured.ts';
import { count, percent, percentRange } from '../report/numbers.ts';
import { lossAndAccuracy } from '../train/validate.ts';
import { writeFileAtomic } from '../util/atomic.ts';
import { writeCsv } from '../util/csv.ts';
import { classMistakes } from './class-mistakes.ts';
import { writeClassReport } from './class-report.ts';
import { classSummary, rivalLine } from './class-summary.ts';
import { readCrop } from './confident-mistakes.ts';
import { CROP_PLACE, cropPlace } from './crop-place.ts';
import { RESAMPLES, type EvaluatedRun, type EvaluationSubject } from './evaluation-subject.ts';
import { classProbabilities } from './probability.ts';
import { splitFacts } from './split-facts.ts';

type Name = CropClassBaselineName;
type Input = ClassEvaluationInput<Name>;

/** What is found of the test crops beside the figures of the classes. */
interface CropClassEvaluation extends ClassEvaluation<Name> {
  readonly resampled: CropClassFacts['resampled'];
  readonly per_recording: NonNullable<ClassReport['recordings']>;
  readonly shortcuts: ShortcutMeter<Name>;
}

/** Evaluates and writes `evaluation/` into the run. */
export async function evaluateCropClasses(
  subject: EvaluationSubject,
  dataset: CropDataset,
): Promise<EvaluatedRun> {
  const { run, path, checkpoint, logits } = subject;
  const { classes, leak, order, description, split, index } = dataset;
  const input = inputOf(subject, dataset);
  const evaluation = evaluationOf(input, dataset, logits.rows);
  const pure = evaluation.per_recording.every((each) => each.classes === 1);
  const measured = cropClassStatements(splitFacts(dataset), evaluation, { ...evaluation, pure });
  const document = {
    ...{ run_dir: run.path, checkpoint: path, dataset: description, split: split.contract },
    ...{ leak, index_order: order, classes, measured, ...evaluation },
  };
  const folder = join(run.path, 'evaluation');
  writeFileAtomic(join(folder, 'evaluation.json'), `${JSON.stringify(document, null, 2)}\n`);
  writePredictions(join(folder, 'predictions.csv'), dataset, logits.rows, input);
  const { history } = checkpoint.progress;
  const { verdict, flagged } = evaluation.shortcuts;
  writeClassReport(folder, {
    subtitle: `${run.path}, ${count(index.length)} crops of ${classes.length} classes from ${index.files.length} files`,
    ...(flagged ? { headline: CAMERA[verdict] } : {}),
    ...{ unit: 'crops', classes, evaluation, measured, recordings: evaluation.per_recording },
    ...{ epochs: history, bestEpoch: history.length },
    pictures: await classMistakes(input, async (i) => {
      const { jpeg, recording, frame } = await readCrop(dataset, logits.rows[i]!);
      return { jpeg, name: `${recording}, frame ${frame}` };
    }),
    facts: [
      ['Checkpoint', path],
      ['Data set', `SHA-256 ${description.hash}`],
      ['Split', JSON.stringify(split.contract)],
    ],
  });
  const headline = headlineOf(run.path, dataset, evaluation);
  return { headline, summary: summaryOf(subject, dataset, evaluation), measured };
}

function inputOf({ run, logits }: EvaluationSubject, dataset: CropDataset): Input {
  const { times, split, cache, classes } = dataset;
  const { rows } = logits;
  const train = knownCrops(dataset, cache, split.train);
  const { label, features } = knownCrops(dataset, cache, rows);
  const recording = Int32Array.from(rows, (row) => times.recording[row]!);
  const frame = Int32Array.from(rows, (row) => times.frame[row]!);
  return {
    classes,
    test: {
      label,
      probability: classProbabilities(logits.logits, rows.length),
      clusters: chooseClusters(recording, frame, { label }),
    },
    baselines: decideCropClassBaselines(train, classes.length, { features, crops: rows.length }),
    loss: lossAndAccuracy(logits).loss,
    bootstrap: { seed: run.config.seed, resamples: RESAMPLES },
  };
}

function evaluationOf(input: Input, { times }: CropDataset, rows: Uint32Array): CropClassEvaluation {
  const evaluation = evaluateClasses(input);
  const { unit, count: groups, caution } = input.test.clusters!;
  const rivals = evaluation.baselines.map((each) => ({ ...each, metrics: each }));
  return {
    ...evaluation,
    resampled: { unit, groups, ...(caution === undefined ? {} : { caution }) },
    per_recording: perRecording(
      Array.from(rows, (row) => times.recordings[times.recording[row]!]!.name),
      input,
    ),
    shortcuts: shortcutMeter(rivals, evaluation.intervals.balanced_accuracy, input.classes.length),
  };
}

function perRecording(recording: readonly string[], { classes, test: { label, probability } }: Input) {
  const decision = argmax(probability, classes.length);
  const { names, group } = groupBy(recording);
  const members = names.map((): number[] => []);
  group.forEach((g, i) => members[g]!.push(i));
  return members.map((mine, g) => ({
    name: names[g]!,
    crops: mine.length,
    classes: new Set(mine.map((i) => label[i])).size,
    accuracy: mean(mine.map((i) => Number(decision[i] === label[i]))),
  }));
}

function writePredictions(path: string, dataset: CropDataset, rows: Uint32Array, { test }: Input): void {
  const { classes } = dataset;
  const k = classes.length;
  const decision = argmax(test.probability, k);
  const line = (row: number, i: number) => [
    ...cropPlace(dataset, row),
    ...[classes[test.label[i]!]!, classes[decision[i]!]!],
    ...Array.from({ length: k }, (_, c) => test.probability[i * k + c]!),
  ];
  const columns = [...CROP_PLACE, 'label', 'decision', ...classes.map((name) => `p_${name}`)];
  writeCsv(path, columns, Array.from(rows, line));
}

function headlineOf(run: string, { split, leak, order }: CropDataset, evaluation: CropClassEvaluation) {
  const { accuracy, intervals, samples, per_class, resampled, shortcuts } = evaluation;
  const classes = per_class.map((each) => `${each.name} ${percent(each.accuracy)}`);
  return [
    `test accuracy ${percent(accuracy)} on ${count(samples)} crops, ${percentRange(intervals.accuracy)} at 95 % (resampling ${resampled.groups} ${resampled.unit}s)`,
    `by class: ${classes.join(', ')}`,
    `split ${split.contract.kind}: ${leakWords({ test: leak })}`,
    ...(order === null ? [] : [orderWords(order)]),
    rivalLine(evaluation),
    ...(shortcuts.flagged ? [CAMERA[shortcuts.verdict]] : []),
    `report ${run}/evaluation/report.html`,
  ];
}

/** The keys of a run on crops of two classes, without what only two have, and with the accuracy of each class. */
function summaryOf(
  subject: EvaluationSubject,
  { split, leak, order }: CropDataset,
  evaluation: CropClassEvaluation,
): Record<string, unknown> {
  const { shortcuts } = evaluation;
  return {
    ...classSummary(subject, evaluation),
    split: split.contract.kind,
    index_order: order?.kind ?? null,
    reference_shuffle: order?.reference_shuffle ?? null,
    leak_share: leak?.near_share ?? null,
    shortcut_verdict: shortcuts.verdict,
    shortcuts_not_beaten: shortcuts.not_beaten,
  };
}

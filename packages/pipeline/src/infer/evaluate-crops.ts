// The evaluation of a run on crops: two classes, with split contract, leak, baselines and intervals; draws the report.
import { join } from 'node:path';
import type { CropDataset } from '../data/crop-dataset.ts';
import { shortcutFeatures } from '../data/shortcut-features.ts';
import { recordingLabel } from '../data/sidecar.ts';
import { evaluate, type EvaluationInput } from '../metrics/evaluation.ts';
import { groupBy } from '../metrics/groups.ts';
import { measuredStatements } from '../report/measured.ts';
import type { RunDirectory } from '../train/run-directory.ts';
import { writeFileAtomic } from '../util/atomic.ts';
import { writeCsv } from '../util/csv.ts';
import { confidentMistakes } from './confident-mistakes.ts';
import { writeEvaluationReport } from './evaluation-report.ts';
import { RESAMPLES, type EvaluatedRun, type EvaluationSubject } from './evaluation-subject.ts';
import { headline, summaryOf } from './headline.ts';
import { positiveProbability } from './probability.ts';
import type { RunEvaluation } from './run-evaluation.ts';
import { splitFacts } from './split-facts.ts';

/** Evaluates and writes `evaluation/` into the run. */
export async function evaluateCrops(
  { run, path, checkpoint, logits }: EvaluationSubject,
  dataset: CropDataset,
): Promise<EvaluatedRun> {
  const { rows } = logits;
  const probability = positiveProbability(logits.logits, rows.length);
  const input = inputOf(run, dataset, rows, probability);
  const split = splitFacts(dataset);
  const evaluation = evaluate(input);
  const result: RunEvaluation = {
    run_dir: run.path,
    checkpoint: path,
    dataset: dataset.description,
    split: dataset.split.contract,
    leak: dataset.leak,
    index_order: dataset.order,
    measured: measuredStatements(split, evaluation),
    ...evaluation,
  };
  writeResults(run, dataset, result, rows, input.test);
  const pictures = await confidentMistakes(dataset, rows, input.test);
  const { history } = checkpoint.progress;
  const parts = { result, input, split, history, epoch: history.length, pictures };
  writeEvaluationReport(join(run.path, 'evaluation'), parts);
  return { headline: headline(result), summary: summaryOf(result), measured: result.measured };
}

function inputOf(
  run: RunDirectory,
  { index, times, split, cache }: CropDataset,
  test: Uint32Array,
  probability: Float64Array,
): EvaluationInput {
  const labels = (rows: Uint32Array) => Uint8Array.from(rows, (row) => index.label[row]!);
  const recording = Array.from(test, (row) => times.recordings[times.recording[row]!]!);
  const position = groupBy(recording.map((r) => r.position ?? 'unknown'));
  return {
    train: {
      label: labels(split.train),
      recording: Array.from(split.train, (row) => recordingLabel(times, row)),
      features: shortcutFeatures(cache, times.area, split.train),
    },
    test: {
      label: labels(test),
      probability,
      features: shortcutFeatures(cache, times.area, test),
      recording: recording.map((r) => r.name),
      frame: Int32Array.from(test, (row) => times.frame[row]!),
      position,
    },
    bootstrap: { seed: run.config.seed, resamples: RESAMPLES },
  };
}

const PREDICTIONS = ['file', 'dataset', 'ds_idx', 'recording', 'frame', 'label', 'probability'];

function writeResults(
  run: RunDirectory,
  { index, times }: CropDataset,
  result: RunEvaluation,
  rows: Uint32Array,
  { label, probability }: EvaluationInput['test'],
): void {
  const folder = join(run.path, 'evaluation');
  const line = (row: number, i: number) => [
    index.files[index.file[row]!]!,
    index.datasets[index.dataset[row]!]!,
    index.dsIdx[row]!,
    times.recordings[times.recording[row]!]!.name,
    times.frame[row]!,
    label[i]!,
    probability[i]!,
  ];
  writeCsv(join(folder, 'predictions.csv'), PREDICTIONS, Array.from(rows, line));
  writeFileAtomic(join(folder, 'evaluation.json'), `${JSON.stringify(result, null, 2)}\n`);
}

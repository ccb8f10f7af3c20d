// The evaluation of a run on crops: two classes, with split contract, leak, baselines and intervals; draws the report.
import { join } from 'node:path';
import type { CropDataset } from '../data/crop-dataset.ts';
import { knownCrops } from '../data/shortcut-features.ts';
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
import { CROP_PLACE, cropPlace } from './crop-place.ts';
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
  dataset: CropDataset,
  test: Uint32Array,
  probability: Float64Array,
): EvaluationInput {
  const { times, split, cache } = dataset;
  const recording = Array.from(test, (row) => times.recordings[times.recording[row]!]!);
  const position = groupBy(recording.map((r) => r.position ?? 'unknown'));
  return {
    train: knownCrops(dataset, cache, split.train),
    test: {
      ...knownCrops(dataset, cache, test),
      probability,
      recording: recording.map((r) => r.name),
      frame: Int32Array.from(test, (row) => times.frame[row]!),
      position,
    },
    bootstrap: { seed: run.config.seed, resamples: RESAMPLES },
  };
}

function writeResults(
  run: RunDirectory,
  dataset: CropDataset,
  result: RunEvaluation,
  rows: Uint32Array,
  { label, probability }: EvaluationInput['test'],
): void {
  const folder = join(run.path, 'evaluation');
  const columns = [...CROP_PLACE, 'label', 'probability'];
  const line = (row: number, i: number) => [...cropPlace(dataset, row), label[i]!, probability[i]!];
  writeCsv(join(folder, 'predictions.csv'), columns, Array.from(rows, line));
  writeFileAtomic(join(folder, 'evaluation.json'), `${JSON.stringify(result, null, 2)}\n`);
}

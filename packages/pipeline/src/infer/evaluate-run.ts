// Evaluates a run's best checkpoint on its test split, with split contract, leak, baselines and intervals; draws the report.
import { join } from 'node:path';
import type { State } from '@spatter/tensor';
import { openDataset, type Dataset } from '../data/open-dataset.ts';
import { shortcutFeatures } from '../data/shortcut-features.ts';
import { evaluate, type EvaluationInput } from '../metrics/evaluation.ts';
import { groupBy } from '../metrics/groups.ts';
import { measuredStatements, type SplitFacts } from '../report/measured.ts';
import { buildForward } from '../train/build.ts';
import { pinDataset, type RunDirectory } from '../train/run-directory.ts';
import { splitLogits } from '../train/validate.ts';
import { writeFileAtomic } from '../util/atomic.ts';
import { writeCsv } from '../util/csv.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { chooseCheckpoint } from './choose-checkpoint.ts';
import { confidentMistakes } from './confident-mistakes.ts';
import type { RunEvaluation } from './run-evaluation.ts';
import { writeEvaluationReport } from './evaluation-report.ts';
import { positiveProbability } from './probability.ts';

const RESAMPLES = 2000;

export interface EvaluateOptions {
  readonly progress: ProgressFactory;
  /** Name of a file in the run's checkpoints; default the best, else the last. */
  readonly checkpoint?: string;
}

/** Evaluates `run` and writes `evaluation/` into it: evaluation.json, predictions.csv, report.html and its charts. */
export async function evaluateRun(run: RunDirectory, options: EvaluateOptions): Promise<RunEvaluation> {
  const { path, checkpoint } = chooseCheckpoint(run, options.checkpoint);
  const dataset = await openDataset(run.config, options.progress);
  pinDataset(run.path, dataset.description);
  const { probability, rows } = await predictPart(run, checkpoint.state, dataset);
  const input = inputOf(run, dataset, rows, probability);
  const split = splitFacts(dataset);
  const evaluation = evaluate(input);
  const result: RunEvaluation = {
    run_dir: run.path,
    checkpoint: path,
    dataset: dataset.description,
    split: dataset.split.contract,
    leak: dataset.leak,
    measured: measuredStatements(split, evaluation),
    ...evaluation,
  };
  writeResults(run, dataset, result, rows, input.test);
  const pictures = await confidentMistakes(dataset, rows, input.test);
  const { history } = checkpoint.progress;
  const parts = { result, input, split, history, epoch: history.length, pictures };
  writeEvaluationReport(join(run.path, 'evaluation'), parts);
  return result;
}

/** The split in the words of the report. */
function splitFacts({ split, times, leak }: Dataset): SplitFacts {
  const recordings = (rows: Uint32Array) => new Set(rows.map((row) => times.recording[row]!)).size;
  return {
    contract: split.contract.kind as SplitFacts['contract'],
    train_crops: split.train.length,
    test_crops: split.test.length,
    train_recordings: recordings(split.train),
    test_recordings: recordings(split.test),
    leak,
  };
}

async function predictPart(run: RunDirectory, state: State, dataset: Dataset) {
  const forward = buildForward(run.config);
  const loader = dataset.loader('test');
  try {
    const { logits, rows } = await splitLogits(forward, state, loader);
    return { probability: positiveProbability(logits, rows.length), rows };
  } finally {
    await Promise.all([forward.dispose(), loader.close()]);
  }
}

function inputOf(
  run: RunDirectory,
  { index, times, split, cache }: Dataset,
  test: Uint32Array,
  probability: Float64Array,
): EvaluationInput {
  const labels = (rows: Uint32Array) => Uint8Array.from(rows, (row) => index.label[row]!);
  const recording = Array.from(test, (row) => times.recordings[times.recording[row]!]!);
  const position = groupBy(recording.map((r) => r.position ?? 'unknown'));
  return {
    train: { label: labels(split.train), features: shortcutFeatures(cache, times, split.train) },
    test: {
      label: labels(test),
      probability,
      features: shortcutFeatures(cache, times, test),
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
  { index, times }: Dataset,
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

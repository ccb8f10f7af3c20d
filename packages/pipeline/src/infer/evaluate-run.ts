// Evaluates a run's best checkpoint on its test split, in the way that fits its data.
import { openDataset, type Dataset } from '../data/open-dataset.ts';
import { buildForward } from '../train/build.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import { pinDataset, type RunDirectory } from '../train/run-directory.ts';
import { splitLogits, type SplitLogits } from '../train/validate.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { chooseCheckpoint } from './choose-checkpoint.ts';
import { evaluateCropClasses } from './evaluate-crop-classes.ts';
import { evaluateCrops } from './evaluate-crops.ts';
import { evaluateImages } from './evaluate-images.ts';
import type { EvaluatedRun } from './evaluation-subject.ts';

export interface EvaluateOptions {
  readonly progress: ProgressFactory;
  /** Name of a file in the run's checkpoints; default the best, else the last. */
  readonly checkpoint?: string;
}

/** Evaluates `run` and writes `evaluation/` into it: evaluation.json, predictions.csv, report.html and its charts. */
export async function evaluateRun(run: RunDirectory, options: EvaluateOptions): Promise<EvaluatedRun> {
  const { path, checkpoint } = chooseCheckpoint(run, options.checkpoint);
  const dataset = await openDataset(run.config, options.progress);
  pinDataset(run.path, dataset.description);
  const subject = { run, path, checkpoint, logits: await testLogits(run, checkpoint, dataset) };
  if (dataset.kind === 'images') return evaluateImages(subject, dataset);
  return dataset.classes.length > 2 ? evaluateCropClasses(subject, dataset) : evaluateCrops(subject, dataset);
}

async function testLogits(run: RunDirectory, { state }: Checkpoint, dataset: Dataset): Promise<SplitLogits> {
  const forward = buildForward(run.config);
  const loader = dataset.loader('test');
  try {
    return await splitLogits(forward, state, loader);
  } finally {
    await Promise.all([forward.dispose(), loader.close()]);
  }
}

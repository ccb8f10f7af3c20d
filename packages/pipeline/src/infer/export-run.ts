// Exports a run's best checkpoint to ONNX, and refuses when the file does not compute what the trained network computes.
import { join } from 'node:path';
import { exportOnnx, type State } from '@spatter/tensor';
import type { Config } from '../config/index.ts';
import type { CropDataset } from '../data/crop-dataset.ts';
import type { ImageDataset } from '../data/images/image-dataset.ts';
import { openDataset, type Dataset } from '../data/open-dataset.ts';
import {
  EXPORT_TOLERANCE,
  writeExportedModel,
  type ExportedModel,
  type ModelCard,
} from '../export/exported-model.ts';
import { argmax, decide } from '../metrics/accuracy.ts';
import { buildForward, buildModel, inputShape } from '../train/build.ts';
import { pinDataset, type RunDirectory } from '../train/run-directory.ts';
import { refuseToOverwrite } from '../util/atomic.ts';
import { SpatterError } from '../util/errors.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { chooseCheckpoint } from './choose-checkpoint.ts';
import { Classifier } from './classifier.ts';
import { evaluateRun } from './evaluate-run.ts';
import { outputProbabilities } from './probability.ts';

export interface ExportOptions {
  readonly progress: ProgressFactory;
  /** Default: `export` in the run directory. */
  readonly out?: string;
  readonly checkpoint?: string;
  readonly overwrite: boolean;
}

export interface ExportCheck {
  readonly crops: number;
  readonly largest_difference: number;
  readonly decisions_changed: number;
}

/** Writes the exported model after checking it on the whole test split; returns it with the check's figures. */
export async function exportRun(
  run: RunDirectory,
  options: ExportOptions,
): Promise<{ model: ExportedModel; check: ExportCheck }> {
  const folder = options.out ?? join(run.path, 'export');
  refuseToOverwrite([join(folder, 'model.onnx'), join(folder, 'model.json')], options.overwrite);
  const { state } = chooseCheckpoint(run, options.checkpoint).checkpoint;
  const dataset = await openDataset(run.config, options.progress);
  pinDataset(run.path, dataset.description);
  const onnx = exportOnnx({
    model: buildModel(run.config),
    state,
    inputShape: inputShape(run.config),
    output: 'probability',
  });
  const evaluation = await evaluateRun(run, options);
  const measured = [...evaluation.measured];
  const card = { ...cardOf(run, dataset), evaluation: { ...evaluation.summary }, measured };
  const candidate: ExportedModel = {
    folder,
    onnx,
    card: { ...card, format: 'spatter model', version: 1, onnx_sha256: '' },
  };
  const check = await compare(run, dataset, state, candidate);
  requireEqual(check, folder);
  return { model: writeExportedModel(folder, onnx, card), check };
}

type Card = Omit<ModelCard, 'format' | 'version' | 'onnx_sha256' | 'evaluation' | 'measured'>;

function cardOf({ config }: RunDirectory, dataset: Dataset): Card {
  return {
    name: config.model.name,
    threshold: 0.5,
    dataset_hash: dataset.description.hash,
    ...(dataset.kind === 'crops' ? cropCard(config, dataset) : imageCard(config, dataset)),
  };
}

function cropCard({ extraction, data }: Config, { cache: { channels, size } }: CropDataset) {
  const { min_area, max_area, threshold, layer_gap } = extraction;
  return {
    preprocessing: { jpeg_quality: 95 as const, channels, resize: size, crop: data.resize },
    extraction: { min_area, max_area, threshold, layer_gap },
    labels: ['low gas flow', 'high gas flow'],
  };
}

function imageCard({ data }: Config, { classes, images }: ImageDataset) {
  const { channels, size } = images;
  const preprocessing = { jpeg_quality: null, channels, resize: size, crop: data.resize };
  return { preprocessing, extraction: null, labels: [...classes] };
}

/** Runs both over the test split, batch by batch. */
async function compare(
  run: RunDirectory,
  dataset: Dataset,
  state: State,
  candidate: ExportedModel,
): Promise<ExportCheck> {
  const forward = buildForward(run.config);
  const classifier = await Classifier.open(candidate, run.config.threads);
  const loader = dataset.loader('test');
  let [crops, largest, changed] = [0, 0, 0];
  try {
    for await (const { x, size } of loader.epoch(0)) {
      const trained = outputProbabilities(await forward.run(state, x, size), size);
      const exported = await classifier.outputs(x, size);
      crops += size;
      trained.forEach((p, i) => (largest = Math.max(largest, Math.abs(p - exported[i]!))));
      const [before, after] = [trained, exported].map((p) => decisions(p, size, candidate.card.threshold));
      before!.forEach((decision, i) => (changed += Number(decision !== after![i])));
    }
    return { crops, largest_difference: largest, decisions_changed: changed };
  } finally {
    await Promise.all([forward.dispose(), classifier.close(), loader.close()]);
  }
}

/** Decisions from probabilities [size, K]: by `threshold` for one or two classes, the likeliest class for more. */
function decisions(probability: Float64Array, size: number, threshold: number): Uint8Array {
  const outputs = probability.length / size;
  if (outputs > 2) return argmax(probability, outputs);
  return decide(
    probability.filter((_, i) => i % outputs === outputs - 1),
    threshold,
  );
}

/** @throws {SpatterError} EXPORT_MISMATCH, also when a probability is not a number. */
export function requireEqual(check: ExportCheck, folder: string): void {
  if (check.largest_difference <= EXPORT_TOLERANCE && check.decisions_changed === 0) return;
  const message = `${folder}: the exported file must compute what the trained network does, but probabilities differ by up to ${check.largest_difference} and ${check.decisions_changed} of ${check.crops} decisions change`;
  throw new SpatterError(
    'EXPORT_MISMATCH',
    message,
    'nothing was written; report this with the run directory',
  );
}

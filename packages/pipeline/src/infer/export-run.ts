// Exports a run's best checkpoint to ONNX, and refuses when the file does not compute what the trained network computes.
import { join } from 'node:path';
import { exportOnnx, saveSafetensors, type Model, type State } from '@spatter/tensor';
import type { Config } from '../config/index.ts';
import type { CropDataset } from '../data/crop-dataset.ts';
import type { ImageDataset } from '../data/images/image-dataset.ts';
import { DATASETS } from '../data/dataset.ts';
import { openDataset, type Dataset } from '../data/open-dataset.ts';
import {
  EXPORT_TOLERANCE,
  sealModel,
  writeExportedModel,
  type ExportedModel,
  type ModelCard,
} from '../export/exported-model.ts';
import { buildForward, buildModel, inputShape } from '../train/build.ts';
import { pinDataset, type RunDirectory } from '../train/run-directory.ts';
import { splitLogits, type SplitLogits } from '../train/validate.ts';
import { refuseToOverwrite, writeFileAtomic } from '../util/atomic.ts';
import { SpatterError } from '../util/errors.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { libraryVersions } from '../util/library-versions.ts';
import { chooseCheckpoint } from './choose-checkpoint.ts';
import { Classifier, decided } from './classifier.ts';
import { evaluateRun } from './evaluate-run.ts';
import { calibrationOf, domainOf } from './export-facts.ts';
import { describeGolden } from './golden-crops.ts';
import { goldenInputs } from './golden-inputs.ts';
import { outputProbabilities } from './probability.ts';

export interface ExportOptions {
  readonly progress: ProgressFactory;
  /** Default: `export` in the run directory. */
  readonly out?: string;
  readonly checkpoint?: string;
  /** Also writes the network's weights here, in safetensors under PyTorch's names. */
  readonly weights?: string;
  readonly overwrite: boolean;
  /** Terms of use of the model; default: not stated. */
  readonly licence?: string;
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
  const weights = options.weights === undefined ? [] : [options.weights];
  refuseToOverwrite([join(folder, 'model.onnx'), join(folder, 'model.json'), ...weights], options.overwrite);
  const { state } = chooseCheckpoint(run, options.checkpoint).checkpoint;
  const dataset = await openDataset(run.config, options.progress);
  pinDataset(run.path, dataset.description);
  const { val, test } = await logitsOf(run, dataset, state);
  const calibration = calibrationOf(val);
  const { temperature } = calibration;
  const forward = { model: buildModel(run.config), state, inputShape: inputShape(run.config) };
  const onnx = exportOnnx({ ...forward, output: 'probability', temperature });
  const evaluation = await evaluateRun(run, options);
  const card = {
    ...cardOf(run, dataset),
    calibration,
    domain: await domainOf(
      dataset,
      run.config.data.resize,
      dataset.kind === 'crops' ? run.config.extraction.threshold : -1,
    ),
    evaluation: { ...evaluation.summary },
    measured: [...evaluation.measured],
    libraries: libraryVersions(),
    licence: options.licence ?? 'not stated',
  };
  const classifier = await Classifier.open(
    sealModel(folder, onnx, { ...card, golden: [] }, []),
    run.config.threads,
  );
  try {
    const check = await compare(classifier, dataset, scaled(test, temperature));
    requireEqual(check, folder);
    const inputs = await goldenInputs(dataset, test);
    const golden = await describeGolden(classifier, inputs);
    const model = sealModel(
      folder,
      onnx,
      { ...card, golden },
      inputs.map(({ bytes }) => bytes),
    );
    for (const path of weights) writeFileAtomic(path, weightsFile(forward.model, state));
    writeExportedModel(model);
    return { model, check };
  } finally {
    await classifier.close();
  }
}

/** Parameters, running statistics and counters, and nothing else: `load_state_dict(strict=True)` takes them all. */
function weightsFile({ name, parameters, buffers, counters }: Model, state: State): Uint8Array {
  const own = [...parameters, ...buffers].map((each) => each.name).concat(counters);
  return saveSafetensors(new Map(own.map((key) => [key, state.get(key)!])), { format: 'pt', model: name });
}

/** Logits of the trained network, before calibration. */
async function logitsOf(run: RunDirectory, dataset: Dataset, state: State) {
  const forward = buildForward(run.config);
  const loaders = [dataset.loader('val'), dataset.loader('test')] as const;
  try {
    const val = await splitLogits(forward, state, loaders[0]);
    return { val, test: await splitLogits(forward, state, loaders[1]) };
  } finally {
    await Promise.all([forward.dispose(), ...loaders.map((loader) => loader.close())]);
  }
}

const scaled = (logits: SplitLogits, temperature: number): SplitLogits => ({
  ...logits,
  logits: logits.logits.map((z) => z / temperature),
});

type Card = Pick<
  ModelCard,
  'name' | 'threshold' | 'dataset_hash' | 'split' | 'preprocessing' | 'extraction' | 'labels'
>;

function cardOf({ config }: RunDirectory, dataset: Dataset): Card {
  return {
    name: config.model.name,
    threshold: 0.5,
    dataset_hash: dataset.description.hash,
    split: { ...dataset.split.contract, leak: dataset.kind === 'crops' ? dataset.leak : null },
    ...(dataset.kind === 'crops' ? cropCard(config, dataset) : imageCard(config, dataset)),
  };
}

function cropCard({ extraction, data }: Config, { cache: { channels, size }, classes }: CropDataset) {
  const { min_area, max_area, threshold, layer_gap } = extraction;
  return {
    preprocessing: { jpeg_quality: 95 as const, channels, resize: size, crop: data.resize },
    extraction: { min_area, max_area, threshold, layer_gap },
    labels: [...classes],
  };
}

function imageCard({ data }: Config, { classes, images }: ImageDataset) {
  const { channels, size } = images;
  const plain = { jpeg_quality: null, channels, resize: size, crop: data.resize };
  const isPadded = DATASETS[data.kind].source === 'idx';
  const preprocessing = isPadded ? { ...plain, pad: true as const } : plain;
  return { preprocessing, extraction: null, labels: [...classes] };
}

/** Runs the exported file over the test split, batch by batch; `trained` are the network's own logits, calibrated. */
async function compare(classifier: Classifier, dataset: Dataset, trained: SplitLogits): Promise<ExportCheck> {
  const loader = dataset.loader('test');
  const { threshold } = classifier.model.card;
  let [crops, largest, changed] = [0, 0, 0];
  try {
    for await (const { x, size } of loader.epoch(0)) {
      const exported = await classifier.run(x, size);
      const { outputs } = exported;
      const logits = trained.logits.subarray(crops * outputs, (crops + size) * outputs);
      const wanted = { ...exported, probability: outputProbabilities(logits, size) };
      crops += size;
      wanted.probability.forEach(
        (p, i) => (largest = Math.max(largest, Math.abs(p - exported.probability[i]!))),
      );
      const after = decided(exported, threshold);
      decided(wanted, threshold).forEach((decision, i) => (changed += Number(decision !== after[i])));
    }
    return { crops, largest_difference: largest, decisions_changed: changed };
  } finally {
    await loader.close();
  }
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

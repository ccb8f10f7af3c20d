// Judges one input of `spatter predict` and writes its files; knows what an earlier call has finished.
import { existsSync, readFileSync } from 'node:fs';
import type { ExportedModel } from '../export/exported-model.ts';
import { decimal } from '../report/numbers.ts';
import { terminalTable } from '../report/terminal.ts';
import { SpatterError } from '../util/errors.ts';
import { libraryVersions } from '../util/library-versions.ts';
import type { Classifier } from './classifier.ts';
import { predictCropFile, predictImages, sidecarOf } from './predict-crops.ts';
import { classLines } from './predict-class-files.ts';
import { predictionFiles, writePrediction } from './predict-files.ts';
import type { PredictInput } from './predict-inputs.ts';
import { PredictionJournal } from './prediction-journal.ts';
import { STANDARD_INPUT, predictVideo, type PredictOptions, type Prediction } from './predict-video.ts';
import type { TableFormat } from './table-format.ts';

export interface InputPlace {
  readonly input: PredictInput;
  readonly folder: string;
  readonly format: TableFormat;
}

/** What there is to print of an input, and its result for machines. */
export interface PredictedInput {
  readonly lines: readonly string[];
  readonly result: Record<string, unknown>;
}

/** Goes on where an interrupted prediction of the same input by the same model and rules was. @throws {SpatterError} as the decoder, the readers of crops and the writers of files do. */
export async function predictInput(
  place: InputPlace,
  classifier: Classifier,
  options: PredictOptions,
): Promise<PredictedInput> {
  const found = journalOf(place, classifier, options);
  if (found === null) return written(place, await judged(place.input, classifier, options), classifier);
  const { journal, chunks } = found;
  try {
    const onChunk = journal.append.bind(journal);
    const prediction = await judged(place.input, classifier, { ...options, restored: chunks, onChunk });
    journal.writing(place.format);
    const result = written(place, prediction, classifier);
    journal.remove();
    return result;
  } catch (error) {
    if (error instanceof SpatterError) journal.remove();
    throw error;
  } finally {
    journal.close();
  }
}

/** Whether an earlier call like this one was stopped while it wrote its results: it wrote those that are there. */
export function stoppedWhileWriting(
  place: InputPlace,
  classifier: Classifier,
  options: PredictOptions,
): boolean {
  return journalOf(place, classifier, options)?.journal.wasWriting(place.format) ?? false;
}

/** What is on disk of an interrupted prediction; null for a pipe, which cannot be read again, a video that grows, and what is not there. */
function journalOf({ input, folder }: InputPlace, classifier: Classifier, options: PredictOptions) {
  if (input.name === '-' || options.follow !== undefined || !input.paths.every((path) => existsSync(path)))
    return null;
  const sidecar = sidecarOf(input.name);
  const files = [...input.paths, ...(input.kind === 'crops' && existsSync(sidecar) ? [sidecar] : [])];
  const { rules, startFrame, layerGap } = options;
  const settings = { rules, startFrame, layerGap, libraries: libraryVersions() };
  const { seal } = classifier.model.card;
  return PredictionJournal.open(predictionFiles(input.stem, folder).verdict, { files, seal, ...settings });
}

function judged(
  { kind, name, paths }: PredictInput,
  classifier: Classifier,
  options: PredictOptions,
): Promise<Prediction> {
  if (kind === 'images') return predictImages(name, paths, classifier, options);
  if (kind === 'crops') return predictCropFile(name, classifier, options);
  return predictVideo(name === '-' ? STANDARD_INPUT : name, classifier, options);
}

function written(
  { input: { name, stem }, folder, format }: InputPlace,
  prediction: Prediction,
  { model }: Classifier,
): PredictedInput {
  const result = writePrediction({ name, stem, folder, format }, prediction, model);
  return { result, lines: describe(name, prediction, result, model) };
}

/** What `input` came to in an earlier call with the same model; null when it must be judged. */
export function finishedBefore(
  { input, folder, format }: InputPlace,
  model: ExportedModel,
): PredictedInput | null {
  const files = predictionFiles(input.stem, folder, format);
  if (!Object.values(files).every((path) => existsSync(path))) return null;
  const verdict = JSON.parse(readFileSync(files.verdict, 'utf8')) as Record<string, unknown>;
  if (verdict['onnx_sha256'] !== model.card.onnx_sha256) return null;
  const lines = [
    `${input.name}: ${String(verdict['verdict'])} – ${String(verdict['reason'])} (judged before)`,
  ];
  return { lines, result: { ...verdict, files } };
}

function describe(
  name: string,
  prediction: Prediction,
  result: Record<string, unknown>,
  { card }: ExportedModel,
): string[] {
  const { damage, layers, classLayers } = prediction;
  const damaged = `warning: the video is damaged from frame ${damage?.atFrame ?? 0} on (${damage?.message ?? ''}); what could be decoded was judged`;
  return [
    `${name}: ${String(result['verdict'])} – ${String(result['reason'])}`,
    ...(damage === null ? [] : [damaged]),
    ...(classLayers === null ? flowLines(layers) : classLines({ ...prediction, classLayers }, card.labels)),
    `report ${(result['files'] as { report: string }).report}`,
  ];
}

function flowLines(layers: Prediction['layers']): string[] {
  const rows = layers.map((layer) => [
    String(layer.layer),
    layer.verdict,
    decimal(layer.meanProbability),
    layer.low === null ? '–' : `${decimal(layer.low)} … ${decimal(layer.high)}`,
    String(layer.crops),
    layer.verdict === 'cannot judge' ? layer.reason.split(':')[0]! : '',
  ]);
  if (rows.length === 0) return [];
  return terminalTable(['layer', 'verdict', 'p(high)', '95 % interval', 'crops', ''], rows);
}

// Writes a prediction: a row per crop, per frame and per layer, the verdict as JSON, and the report page.
import { join } from 'node:path';
import { judgeBuild, type BuildVerdict } from '../metrics/build-verdict.ts';
import { cropTone, predictionPage } from '../report/prediction-page.ts';
import type { LayerSpan } from '../report/charts.ts';
import { writeFilesAtomic } from '../util/atomic.ts';
import type { ExportedModel } from '../export/exported-model.ts';
import { classTexts } from './predict-class-files.ts';
import type { PredictedCrop, Prediction } from './predict-video.ts';
import {
  inputFacts,
  layerSpans,
  modelFacts,
  pageFacts,
  trustOf,
  type PredictionPlace,
} from './prediction-facts.ts';
import { cropRow, cropsByFrame, formatTable, type Row, type TableFormat } from './table-format.ts';

/** The files of a prediction in `folder`; `stem` is the name of what was judged, without ending. */
export function predictionFiles(stem: string, folder: string, format: TableFormat = 'csv') {
  const base = join(folder, stem);
  return {
    crops: `${base}_predictions.${format}`,
    frames: `${base}_frames.${format}`,
    layers: `${base}_layers.${format}`,
    verdict: `${base}_verdict.json`,
    report: `${base}_report.html`,
  };
}

const CROP_COLUMNS = [
  ...['frame', 'layer', 'x', 'y', 'w', 'h', 'area', 'probability', 'decision'],
  ...['logit', 'brightness', 'contrast', 'sharpness', 'unlike', 'name'],
];
const FRAME_COLUMNS = ['frame', 'layer', 'crops', 'judged', 'mean_probability', 'lowest', 'highest'];
const LAYER_COLUMNS = [
  ...['layer', 'first_frame', 'last_frame', 'crops', 'mean_probability', 'low', 'high', 'verdict'],
  ...['frames', 'effective_frames', 'reason'],
];

/** Writes the files of `prediction`, all or none, and returns the verdict, as the JSON file holds it, with their paths. */
export function writePrediction(
  place: PredictionPlace,
  prediction: Prediction,
  model: ExportedModel,
): Record<string, unknown> {
  const files = predictionFiles(place.stem, place.folder, place.format);
  const { classLayers } = prediction;
  const texts =
    classLayers === null
      ? flowTexts(place, prediction, model)
      : classTexts(place, { ...prediction, classLayers }, model);
  const { verdict } = texts;
  writeFilesAtomic([
    [files.crops, texts.crops],
    [files.frames, texts.frames],
    [files.layers, texts.layers],
    [files.verdict, `${JSON.stringify(verdict, null, 2)}\n`],
    [files.report, texts.report],
  ]);
  return { ...verdict, files };
}

function flowTexts({ name, format }: PredictionPlace, prediction: Prediction, model: ExportedModel) {
  const build = verdictOf(prediction);
  const spans = layerSpans(prediction.layers, prediction);
  const crops = prediction.crops.map((crop) => cropRow(crop, model.card));
  const layers = prediction.layers.map((layer, i) => layerRow(layer, spans[i]!));
  return {
    crops: formatTable(format, CROP_COLUMNS, crops),
    frames: formatTable(format, FRAME_COLUMNS, frameRows(prediction.crops)),
    layers: formatTable(format, LAYER_COLUMNS, layers),
    verdict: {
      ...{ video: name, ...modelFacts(model) },
      ...{ verdict: build.verdict, reason: build.reason, alarms: build.alarms, layers: prediction.layers },
      ...inputFacts(prediction),
    },
    report: predictionPage(reportOf(name, prediction, model, build, spans)),
  };
}

function verdictOf({ layers, darkView }: Prediction): BuildVerdict {
  const build = judgeBuild(layers);
  return darkView === null ? build : { ...build, reason: darkView };
}

/** One row for each frame with crops. */
function frameRows(crops: readonly PredictedCrop[]): Row[] {
  return [...cropsByFrame(crops)].map(([frame, mine]) => {
    const judged = mine.flatMap(({ probability }) => (probability === null ? [] : [probability]));
    const known = judged.length > 0;
    return {
      ...{ frame, layer: mine[0]!.layer, crops: mine.length, judged: judged.length },
      mean_probability: known ? judged.reduce((sum, p) => sum + p, 0) / judged.length : null,
      ...{ lowest: known ? Math.min(...judged) : null, highest: known ? Math.max(...judged) : null },
    };
  });
}

function layerRow(layer: Prediction['layers'][number], { from, to }: LayerSpan): Row {
  const { crops, meanProbability, low, high, verdict, frames, effectiveFrames, reason } = layer;
  return {
    ...{ layer: layer.layer, first_frame: from, last_frame: to, crops },
    ...{ mean_probability: meanProbability, low, high, verdict },
    ...{ frames, effective_frames: Number(effectiveFrames.toPrecision(4)), reason },
  };
}

function reportOf(
  video: string,
  prediction: Prediction,
  model: ExportedModel,
  build: BuildVerdict,
  spans: readonly LayerSpan[],
) {
  const { samples, layers, counts, startFrame } = prediction;
  const { name, ...page } = pageFacts(video, prediction, model);
  return {
    ...page,
    title: `Shielding gas in ${name}`,
    build,
    layers,
    threshold: model.card.threshold,
    counts,
    firstFrame: startFrame,
    spans,
    measured: trustOf(model, layers),
    pictures: samples.map((crop) => ({
      jpeg: crop.jpeg,
      caption: `layer ${crop.layer}, frame ${crop.frame}: p(high) ${crop.probability.toFixed(2)}`,
      tone: cropTone(crop.probability, model.card.threshold),
    })),
  };
}

// Writes a prediction: a row per crop, a row per layer, the verdict as JSON, and the report page.
import { basename, join } from 'node:path';
import { judgeBuild, type BuildVerdict } from '../metrics/build-verdict.ts';
import { count, decimal } from '../report/numbers.ts';
import { cropTone, predictionPage } from '../report/prediction-page.ts';
import type { LayerSpan } from '../report/charts.ts';
import type { Statement } from '../report/page.ts';
import { writeFilesAtomic } from '../util/atomic.ts';
import type { ExportedModel } from '../export/exported-model.ts';
import { cropRow, formatTable, type Row, type TableFormat } from './table-format.ts';
import type { PredictedCrop, Prediction } from './predict-video.ts';

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

export interface PredictionPlace {
  /** What was judged, for people. */
  readonly name: string;
  readonly stem: string;
  readonly folder: string;
  readonly format: TableFormat;
}

/** Writes the files of `prediction`, all or none, and returns the verdict on the whole build, as the JSON file holds it. */
export function writePrediction(
  { name, stem, folder, format }: PredictionPlace,
  prediction: Prediction,
  model: ExportedModel,
): Record<string, unknown> {
  const files = predictionFiles(stem, folder, format);
  const build = verdictOf(prediction);
  const spans = layerSpans(prediction);
  const verdict = verdictJson(name, prediction, model, build);
  const crops = prediction.crops.map((crop) => cropRow(crop, model.card.threshold));
  const layers = prediction.layers.map((layer, i) => layerRow(layer, spans[i]!));
  writeFilesAtomic([
    [files.crops, formatTable(format, CROP_COLUMNS, crops)],
    [files.frames, formatTable(format, FRAME_COLUMNS, frameRows(prediction.crops))],
    [files.layers, formatTable(format, LAYER_COLUMNS, layers)],
    [files.verdict, `${JSON.stringify(verdict, null, 2)}\n`],
    [files.report, predictionPage(reportOf(name, prediction, model, build, spans))],
  ]);
  return { ...verdict, files };
}

function verdictOf({ layers, darkView }: Prediction): BuildVerdict {
  const build = judgeBuild(layers);
  return darkView === null ? build : { ...build, reason: darkView };
}

/** One row for each frame with crops. */
function frameRows(crops: readonly PredictedCrop[]): Row[] {
  const frames = new Map<number, PredictedCrop[]>();
  for (const crop of crops) {
    const mine = frames.get(crop.frame);
    if (mine === undefined) frames.set(crop.frame, [crop]);
    else mine.push(crop);
  }
  return [...frames].map(([frame, mine]) => {
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

/** First and last frame with spatter of each layer. */
function layerSpans({ layers, crops }: Prediction): LayerSpan[] {
  const spans = new Map<number, { from: number; to: number }>();
  for (const { layer, frame } of crops) {
    const span = spans.get(layer);
    if (span === undefined) spans.set(layer, { from: frame, to: frame });
    else span.to = frame;
  }
  return layers.map(({ layer }) => ({ layer, ...(spans.get(layer) ?? { from: 0, to: 0 }) }));
}

const darkCrops = ({ crops }: Prediction) => crops.filter(({ probability }) => probability === null).length;

function verdictJson(video: string, prediction: Prediction, model: ExportedModel, build: BuildVerdict) {
  const { ledger, damage, info, layers } = prediction;
  return {
    video,
    model: model.folder,
    onnx_sha256: model.card.onnx_sha256,
    verdict: build.verdict,
    reason: build.reason,
    alarms: build.alarms,
    layers,
    frames_read: prediction.framesRead,
    frames_announced: info.frameCount,
    damage,
    contours: ledger.contours,
    crops: ledger.kept,
    dark_crops: darkCrops(prediction),
    rejected: ledger.rejected,
  };
}

function sourceOf({ info, framesRead }: Prediction): string {
  if (info.width === 0)
    return `${count(framesRead)} ${info.codec === 'images' ? 'images' : 'crops of an HDF5 file'}`;
  return `${count(framesRead)} frames of ${info.width}×${info.height} at ${info.fps} fps, ${info.codec}`;
}

function calibrationOf({ card: { calibration } }: ExportedModel): Statement {
  const { temperature, samples, log_loss_before, log_loss_after } = calibration;
  const text = `Probabilities are calibrated on ${count(samples)} validation crops: temperature ${decimal(temperature)}, log loss ${decimal(log_loss_before)} before and ${decimal(log_loss_after)} after.`;
  return { topic: 'Calibration', text };
}

/** Why layers cannot be judged, each reason once. */
function obstaclesOf(layers: Prediction['layers']): Statement[] {
  const reasons = new Map<string, number[]>();
  for (const { layer, verdict, reason } of layers) {
    if (verdict !== 'cannot judge') continue;
    const head = reason.split(':')[0]!;
    reasons.set(head, [...(reasons.get(head) ?? []), layer]);
  }
  return [...reasons].map(([reason, mine]) => ({
    topic: 'Cannot judge',
    text: `${reason} (layer${mine.length === 1 ? '' : 's'} ${mine.slice(0, 12).join(', ')}${mine.length > 12 ? ' …' : ''})`,
    warn: true,
  }));
}

function reportOf(
  video: string,
  prediction: Prediction,
  model: ExportedModel,
  build: BuildVerdict,
  spans: readonly LayerSpan[],
) {
  const { ledger, damage, samples, layers, counts, startFrame } = prediction;
  const rejected = Object.entries(ledger.rejected).map(([reason, n]) => `${count(n)} ${reason}`);
  return {
    title: `Shielding gas in ${basename(video)}`,
    subtitle: sourceOf(prediction),
    footer: 'Made by spatter predict. Probabilities of single crops are in the CSV file beside this page.',
    build,
    layers,
    threshold: model.card.threshold,
    counts,
    firstFrame: startFrame,
    spans,
    measured: [...model.card.measured, calibrationOf(model), ...obstaclesOf(layers)] as readonly Statement[],
    facts: [
      [
        'Read',
        `${sourceOf(prediction)}${damage === null ? '' : `; damaged from frame ${damage.atFrame}: ${damage.message}`}`,
      ],
      [
        'Contours',
        `${count(ledger.contours)} = ${count(ledger.kept)} crops (${count(darkCrops(prediction))} of them too dark to judge) + rejected (${rejected.join(', ')})`,
      ],
      ['Model', `${model.card.name}, ONNX SHA-256 ${model.card.onnx_sha256}`],
    ] as const,
    pictures: samples.map((crop) => ({
      jpeg: crop.jpeg,
      caption: `layer ${crop.layer}, frame ${crop.frame}: p(high) ${crop.probability.toFixed(2)}`,
      tone: cropTone(crop.probability, model.card.threshold),
    })),
  };
}

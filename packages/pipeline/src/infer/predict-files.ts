// Writes a prediction: a row per crop, a row per layer, the verdict as JSON, and the report page.
import { basename, extname, join } from 'node:path';
import { judgeBuild, type BuildVerdict } from '../metrics/build-verdict.ts';
import { count } from '../report/numbers.ts';
import { cropTone, predictionPage } from '../report/prediction-page.ts';
import type { LayerSpan } from '../report/charts.ts';
import type { Statement } from '../report/page.ts';
import { writeFilesAtomic } from '../util/atomic.ts';
import { formatCsv } from '../util/csv.ts';
import type { ExportedModel } from '../export/exported-model.ts';
import type { Prediction } from './predict-video.ts';

/** The files of a prediction of `video` in `folder`. */
export function predictionFiles(video: string, folder: string) {
  const base = join(folder, basename(video, extname(video)));
  return {
    crops: `${base}_predictions.csv`,
    layers: `${base}_layers.csv`,
    verdict: `${base}_verdict.json`,
    report: `${base}_report.html`,
  };
}

const CROP_COLUMNS = ['frame', 'layer', 'x', 'y', 'w', 'h', 'area', 'probability', 'decision'];
const LAYER_COLUMNS = [
  'layer',
  'first_frame',
  'last_frame',
  'crops',
  'mean_probability',
  'low',
  'high',
  'verdict',
];

/** Writes the four files of `prediction`, all or none, and returns the verdict on the whole build, as the JSON file holds it. */
export function writePrediction(
  video: string,
  folder: string,
  prediction: Prediction,
  model: ExportedModel,
): Record<string, unknown> {
  const files = predictionFiles(video, folder);
  const build = judgeBuild(prediction.layers);
  const spans = layerSpans(prediction);
  const verdict = verdictJson(video, prediction, model, build);
  const crops = prediction.crops.map((crop) => cropRow(crop, model.card.threshold));
  const layers = prediction.layers.map((layer, i) => layerRow(layer, spans[i]!));
  writeFilesAtomic([
    [files.crops, formatCsv(CROP_COLUMNS, crops)],
    [files.layers, formatCsv(LAYER_COLUMNS, layers)],
    [files.verdict, `${JSON.stringify(verdict, null, 2)}\n`],
    [files.report, predictionPage(reportOf(video, prediction, model, build, spans))],
  ]);
  return { ...verdict, files };
}

function cropRow(c: Prediction['crops'][number], threshold: number) {
  const { probability } = c;
  const judged = probability === null ? ['', ''] : [probability, Number(probability > threshold)];
  return [c.frame, c.layer, c.x, c.y, c.w, c.h, c.area, ...judged];
}

function layerRow(layer: Prediction['layers'][number], { from, to }: LayerSpan) {
  const { crops, meanProbability, low, high, verdict } = layer;
  return [layer.layer, from, to, crops, meanProbability ?? '', low ?? '', high ?? '', verdict];
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

function reportOf(
  video: string,
  prediction: Prediction,
  model: ExportedModel,
  build: BuildVerdict,
  spans: readonly LayerSpan[],
) {
  const { ledger, info, damage, samples, layers, counts, startFrame } = prediction;
  const rejected = Object.entries(ledger.rejected).map(([reason, n]) => `${count(n)} ${reason}`);
  return {
    title: `Shielding gas in ${basename(video)}`,
    subtitle: `${count(prediction.framesRead)} frames of ${info.width}×${info.height} at ${info.fps} fps, ${info.codec}`,
    footer: 'Made by spatter predict. Probabilities of single crops are in the CSV file beside this page.',
    build,
    layers,
    threshold: model.card.threshold,
    counts,
    firstFrame: startFrame,
    spans,
    measured: model.card.measured as readonly Statement[],
    facts: [
      [
        'Frames',
        `${count(prediction.framesRead)} read${damage === null ? '' : `; damaged from frame ${damage.atFrame}: ${damage.message}`}`,
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

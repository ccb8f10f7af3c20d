// What is said of every prediction, whatever its model tells: what was read, how the model is calibrated, why layers cannot be judged.
import { basename } from 'node:path';
import type { ExportedModel } from '../export/exported-model.ts';
import type { LayerSpan } from '../report/charts.ts';
import { count, decimal } from '../report/numbers.ts';
import type { Statement } from '../report/page.ts';
import type { Prediction } from './predict-video.ts';
import type { TableFormat } from './table-format.ts';

export interface PredictionPlace {
  /** What was judged, for people. */
  readonly name: string;
  readonly stem: string;
  readonly folder: string;
  readonly format: TableFormat;
}

type JudgedLayer = { readonly layer: number; readonly verdict: string; readonly reason: string };

/** First and last frame with spatter of each of `layers`. */
export function layerSpans(
  layers: readonly { readonly layer: number }[],
  { crops }: Pick<Prediction, 'crops'>,
): LayerSpan[] {
  const spans = new Map<number, { from: number; to: number }>();
  for (const { layer, frame } of crops) {
    const span = spans.get(layer);
    if (span === undefined) spans.set(layer, { from: frame, to: frame });
    else span.to = frame;
  }
  return layers.map(({ layer }) => ({ layer, ...(spans.get(layer) ?? { from: 0, to: 0 }) }));
}

/** What a verdict file says of the model. */
export function modelFacts({ folder, card }: ExportedModel) {
  return { model: folder, onnx_sha256: card.onnx_sha256 };
}

/** What a verdict file says of the input: every frame and contour accounted for. */
export function inputFacts(prediction: Prediction) {
  const { ledger, damage, info, framesRead } = prediction;
  return {
    frames_read: framesRead,
    frames_announced: info.frameCount,
    damage,
    contours: ledger.contours,
    crops: ledger.kept,
    dark_crops: darkCrops(prediction),
    rejected: ledger.rejected,
  };
}

const darkCrops = ({ crops }: Prediction) => crops.filter(({ probability }) => probability === null).length;

/** What was read, in words. */
export function sourceOf({ info, framesRead }: Prediction): string {
  if (info.width === 0)
    return `${count(framesRead)} ${info.codec === 'images' ? 'images' : 'crops of an HDF5 file'}`;
  return `${count(framesRead)} frames of ${info.width}×${info.height} at ${info.fps} fps, ${info.codec}`;
}

/** Title, subtitle and facts of the page on the prediction of `input`. */
export function pageFacts(input: string, prediction: Prediction, { card }: ExportedModel) {
  const { ledger, damage } = prediction;
  const rejected = Object.entries(ledger.rejected).map(([reason, n]) => `${count(n)} ${reason}`);
  const broken = damage === null ? '' : `; damaged from frame ${damage.atFrame}: ${damage.message}`;
  const contours = `${count(ledger.contours)} = ${count(ledger.kept)} crops (${count(darkCrops(prediction))} of them too dark to judge) + rejected (${rejected.join(', ')})`;
  return {
    name: basename(input),
    subtitle: sourceOf(prediction),
    footer: 'Made by spatter predict. Probabilities of single crops are in the CSV file beside this page.',
    facts: [
      ['Read', `${sourceOf(prediction)}${broken}`],
      ['Contours', contours],
      ['Model', `${card.name}, ONNX SHA-256 ${card.onnx_sha256}`],
    ] as const,
  };
}

/** How the model was measured and calibrated, and what stood in the way of a verdict. */
export function trustOf({ card }: ExportedModel, layers: readonly JudgedLayer[]): Statement[] {
  const { temperature, samples, log_loss_before, log_loss_after } = card.calibration;
  const text = `Probabilities are calibrated on ${count(samples)} validation crops: temperature ${decimal(temperature)}, log loss ${decimal(log_loss_before)} before and ${decimal(log_loss_after)} after.`;
  return [...(card.measured as readonly Statement[]), { topic: 'Calibration', text }, ...obstaclesOf(layers)];
}

/** Why layers cannot be judged, each reason once. */
function obstaclesOf(layers: readonly JudgedLayer[]): Statement[] {
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

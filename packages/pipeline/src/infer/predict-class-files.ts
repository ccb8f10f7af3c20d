// The tables, verdict and page of a prediction by a model that tells classes apart: a probability for each class.
import type { ExportedModel, ModelCard } from '../export/exported-model.ts';
import { judgeClasses, type ClassLayerVerdict } from '../metrics/class-verdict.ts';
import { classPredictionPage } from '../report/class-prediction-page.ts';
import { count, decimal } from '../report/numbers.ts';
import { terminalTable } from '../report/terminal.ts';
import type { PredictedCrop, Prediction } from './predict-video.ts';
import {
  inputFacts,
  layerSpans,
  modelFacts,
  pageFacts,
  trustOf,
  type PredictionPlace,
} from './prediction-facts.ts';
import { cropRow, cropsByFrame, formatTable, type Row } from './table-format.ts';

type ClassPrediction = Prediction & { readonly classLayers: readonly ClassLayerVerdict[] };
type Labels = ModelCard['labels'];

const prefixed = (labels: Labels, ...prefixes: string[]) =>
  labels.flatMap((name) => prefixes.map((prefix) => `${prefix}_${name}`));

const cropColumns = (labels: Labels) => [
  ...['frame', 'layer', 'x', 'y', 'w', 'h', 'area', 'decision', 'probability'],
  ...prefixed(labels, 'p'),
  ...['brightness', 'contrast', 'sharpness', 'unlike', 'name'],
];
const frameColumns = (labels: Labels) => [
  ...['frame', 'layer', 'crops', 'judged'],
  ...prefixed(labels, 'p', 'crops'),
];
const layerColumns = (labels: Labels) => [
  ...['layer', 'first_frame', 'last_frame', 'crops', 'verdict'],
  ...prefixed(labels, 'p', 'low', 'high', 'crops'),
  ...['frames', 'effective_frames', 'reason'],
];

/** The texts of the files, and the verdict. */
export function classTexts(
  { name, format }: PredictionPlace,
  prediction: ClassPrediction,
  model: ExportedModel,
) {
  const { labels } = model.card;
  const { classLayers } = prediction;
  const found = judgeClasses(classLayers, labels);
  const crops = prediction.crops.map((crop) => cropRow(crop, model.card));
  return {
    crops: formatTable(format, cropColumns(labels), crops),
    frames: formatTable(format, frameColumns(labels), frameRows(prediction.crops, labels)),
    layers: formatTable(format, layerColumns(labels), layerRows(prediction, labels)),
    verdict: {
      ...{ video: name, ...modelFacts(model) },
      ...{ verdict: found.verdict, reason: found.reason, classes: found.counts },
      layers: classLayers.map((layer) => ({ ...layer, classes: byName(layer, labels) })),
      ...inputFacts(prediction),
    },
    report: pageOf(name, prediction, model),
  };
}

function byName({ classes }: ClassLayerVerdict, labels: Labels) {
  return Object.fromEntries(labels.map((name, k) => [name, classes[k]!]));
}

/** One row for each frame with crops: the mean probability of each class, and the crops that were called it. */
function frameRows(crops: readonly PredictedCrop[], labels: Labels): Row[] {
  return [...cropsByFrame(crops)].map(([frame, mine]) => {
    const judged = mine.filter(({ classes }) => classes !== undefined);
    const cells = labels.flatMap((name, k) => {
      const sum = judged.reduce((total, { classes }) => total + classes![k]!, 0);
      const called = judged.filter(({ decided }) => decided === k).length;
      return [
        [`p_${name}`, judged.length === 0 ? null : sum / judged.length],
        [`crops_${name}`, called],
      ] as const;
    });
    const counted = { frame, layer: mine[0]!.layer, crops: mine.length, judged: judged.length };
    return { ...counted, ...Object.fromEntries(cells) };
  });
}

function layerRows(prediction: ClassPrediction, labels: Labels): Row[] {
  const { classLayers } = prediction;
  const spans = layerSpans(classLayers, prediction);
  return classLayers.map(({ layer, crops, verdict, classes, frames, effectiveFrames, reason }, i) => {
    const cells = labels.flatMap((name, k) => {
      const { meanProbability, low, high, crops: called } = classes[k]!;
      const values = [['p', meanProbability] as const, ['low', low] as const, ['high', high] as const];
      return [...values, ['crops', called] as const].map(
        ([key, value]) => [`${key}_${name}`, value] as const,
      );
    });
    const { from, to } = spans[i]!;
    return {
      ...{ layer, first_frame: from, last_frame: to, crops, verdict, ...Object.fromEntries(cells) },
      ...{ frames, effective_frames: Number(effectiveFrames.toPrecision(4)), reason },
    };
  });
}

function pageOf(input: string, prediction: ClassPrediction, model: ExportedModel): string {
  const { labels } = model.card;
  const { name, ...page } = pageFacts(input, prediction, model);
  return classPredictionPage({
    ...page,
    title: `Classes in ${name}`,
    labels,
    found: judgeClasses(prediction.classLayers, labels),
    layers: prediction.classLayers,
    measured: trustOf(model, prediction.classLayers),
    pictures: prediction.samples.map(({ jpeg, layer, frame, probability, decided = 0 }) => ({
      jpeg,
      caption: `layer ${layer}, frame ${frame}: ${labels[decided]!} ${probability.toFixed(2)}`,
    })),
  });
}

/** What to print of the layers, and of all crops by class. */
export function classLines({ classLayers }: ClassPrediction, labels: Labels): string[] {
  const { counts } = judgeClasses(classLayers, labels);
  const called = labels.map((name) => `${name} ${count(counts[name]!)}`);
  const rows = classLayers.map(({ layer, verdict, crops, classes, reason }) => {
    const best = classes.reduce((a, b) => ((b.meanProbability ?? 0) > (a.meanProbability ?? 0) ? b : a));
    const { meanProbability: p, low, high } = best;
    const range = low === null ? '–' : `${decimal(low)} … ${decimal(high)}`;
    const likeliest = p === null ? '–' : `${labels[classes.indexOf(best)]!} ${decimal(p)}`;
    const why = verdict === 'cannot judge' ? reason.split(':')[0]! : '';
    return [String(layer), verdict, likeliest, range, String(crops), why];
  });
  if (rows.length === 0) return [];
  const columns = ['layer', 'verdict', 'likeliest class', '95 % interval', 'crops', ''];
  return [`crops by class: ${called.join(', ')}`, ...terminalTable(columns, rows)];
}

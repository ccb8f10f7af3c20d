// Realistic data for every chart and page, from fixed seeds: what the tests draw, in this process and in another.
import { judgeBuild } from '../../metrics/build-verdict.ts';
import { evaluate, type EvaluationInput } from '../../metrics/evaluation.ts';
import { judgeClasses, judgeClassLayers } from '../../metrics/class-verdict.ts';
import { judgeLayers } from '../../metrics/verdict.ts';
import { normal, randomStream } from '../../util/random.ts';
import { classLayersChart, layerCountsChart } from '../charts.ts';
import type { ClassPredictionReport } from '../class-prediction-page.ts';
import { evaluationCharts, type EvaluationReport } from '../evaluation-page.ts';
import { predictionCharts, type PredictionReport } from '../prediction-page.ts';

/** `recordings` recordings of 100 crops, low and high flow in turn; `prefix` starts their names. */
function crops(seed: number, recordings: number, prefix: string) {
  const random = randomStream(seed);
  const n = recordings * 100;
  const column = (value: (i: number) => number) => Float64Array.from({ length: n }, (_, i) => value(i));
  const label = Uint8Array.from({ length: n }, (_, i) => Math.floor(i / 100) % 2);
  const features = {
    brightness: column((i) => 110 - 12 * label[i]! + 18 * normal(random)),
    area: column((i) => Math.exp(5 - 0.4 * label[i]! + 0.8 * normal(random))),
    width: column(() => 20 + 6 * normal(random)),
    height: column(() => 18 + 6 * normal(random)),
    jpeg_bytes: column((i) => 900 - 60 * label[i]! + 120 * normal(random)),
  };
  return {
    label,
    features,
    probability: column((i) => 1 / (1 + Math.exp(2.5 - 5 * label[i]! - 1.5 * normal(random)))),
    recording: Array.from({ length: n }, (_, i) => `${prefix}${Math.floor(i / 100)}.mp4`),
    frame: column((i) => i % 100),
  };
}

/** An evaluation of `recordings` test recordings whose names start with `prefix`. */
export function sampleEvaluation(recordings = 10, prefix = 'build'): EvaluationReport {
  const input: EvaluationInput = {
    train: crops(1, 12, 'train'),
    test: crops(2, recordings, prefix),
    bootstrap: { seed: 1, resamples: 200 },
  };
  return {
    title: 'Evaluation',
    subtitle: 'lenet5',
    footer: 'spatter',
    evaluation: evaluate(input),
    input,
    split: {
      contract: 'recording',
      train_crops: 1200,
      test_crops: recordings * 100,
      train_recordings: 12,
      test_recordings: recordings,
      leak: { gap_frames: 50, near_share: 0, same_frame_share: 0 },
    },
    epochs: Array.from({ length: 6 }, (_, i) => ({
      epoch: i + 1,
      train_loss: 1 / (i + 1),
      val_loss: 1.1 / (i + 1),
      train_accuracy: 1 - 0.4 / (i + 1),
      val_accuracy: 1 - 0.45 / (i + 1),
    })),
    bestEpoch: 6,
  };
}

/** A build of 12 layers: 5 high, 5 low, one with few crops, one with none. */
export function samplePrediction(): PredictionReport {
  const random = randomStream(3);
  const rows = Array.from({ length: 12 }, (_, k) => k + 1).flatMap((layer) =>
    Array.from({ length: layer === 11 ? 3 : layer === 12 ? 0 : 60 }, (_, i) => ({
      layer,
      frame: layer * 100 + i,
      probability: (layer < 6 ? 0.85 : 0.2) + 0.05 * normal(random),
    })),
  );
  const column = (name: 'layer' | 'frame' | 'probability') => rows.map((row) => row[name]);
  const layers = judgeLayers(
    { probability: column('probability'), layer: column('layer'), frame: column('frame') },
    { layers: [12] },
  );
  return {
    title: 'build7.mp4',
    subtitle: 'lenet5',
    footer: 'spatter',
    build: judgeBuild(layers),
    layers,
    counts: Float64Array.from({ length: 1200 }, (_, i) => (i % 100 < 70 ? i % 7 : 0)),
    spans: layers.map(({ layer }) => ({ layer, from: layer * 100, to: layer * 100 + 70 })),
    measured: [{ topic: 'Model', text: 'tested by recording' }],
    facts: [['Frames', '1,200 read = 1,200 used']],
  };
}

/** Two layers of three classes, and one with a single crop. */
export function sampleClassPrediction(): ClassPredictionReport {
  const labels = ['fan', 'long streak', 'droplet'];
  const random = randomStream(5);
  const place = Array.from({ length: 81 }, (_, i) => ({ layer: Math.floor(i / 40), frame: i }));
  const probabilities = place.map(({ layer }) => {
    const p = (layer === 0 ? 0.7 : 0.4) + 0.05 * normal(random);
    return [p, 0.9 - p, 0.1];
  });
  const crops = {
    probabilities,
    decision: probabilities.map((row) => row.indexOf(Math.max(...row))),
    layer: place.map(({ layer }) => layer),
    frame: place.map(({ frame }) => frame),
  };
  const layers = judgeClassLayers(crops, labels);
  const text = { title: 'crops.h5', subtitle: '81 crops', footer: 'spatter' };
  return { ...text, labels, layers, found: judgeClasses(layers, labels), measured: [], facts: [] };
}

/** Every chart by name. */
export function sampleCharts(): Record<string, string> {
  const layers = [3, 4, 7].map((layer) => ({ layer, crops: 20 * layer }));
  return {
    ...evaluationCharts(sampleEvaluation()),
    ...predictionCharts(samplePrediction()),
    'layer-counts': layerCountsChart(layers),
    'class-layers': classLayersChart(sampleClassPrediction().layers, sampleClassPrediction().labels),
  };
}

// An exported model without a training: a LeNet5 as it is initialised, with a domain and golden crops of its own.
import { compileTrainStep, exportOnnx, LOSSES, OPTIMIZERS } from '@spatter/tensor';
import { noiseCrop } from '../../data/transforms/testing/noise-crops.ts';
import {
  sealModel,
  writeExportedModel,
  type ExportedModel,
  type ModelCard,
} from '../../export/exported-model.ts';
import { lenet5 } from '../../models/lenet5.ts';
import { encodeJpeg } from '../../store/jpeg.ts';
import { Classifier } from '../classifier.ts';
import { describeGolden } from '../golden-crops.ts';

const SIDE = 32;
const GOLDEN = 3;

const CARD = {
  name: 'lenet5',
  preprocessing: { jpeg_quality: 95, channels: 1, resize: 40, crop: SIDE },
  extraction: { min_area: 60, max_area: 3000, threshold: 20, layer_gap: 40 },
  threshold: 0.5,
  labels: ['low gas flow', 'high gas flow'],
  calibration: { temperature: 2, fitted_on: 'val', samples: 10, log_loss_before: 0.5, log_loss_after: 0.4 },
  domain: null,
  dataset_hash: '0'.repeat(64),
  split: { kind: 'recording' },
  evaluation: { test_accuracy: 0.75, best_baseline_accuracy: 0.6, split: 'recording' },
  measured: [{ topic: 'Split', text: 'Of whole recordings.' }],
  libraries: { spatter: '0.1.0' },
  licence: 'MIT',
} as const;

type Changes = Partial<Omit<ModelCard, 'format' | 'version' | 'onnx_sha256' | 'seal' | 'golden'>>;

/** Writes such a model into `folder`; another `seed` gives other weights. */
export async function tinyModel(folder: string, seed = 1, changes: Changes = {}): Promise<ExportedModel> {
  const model = lenet5({ in_channels: 1, num_classes: 1 });
  const inputShape = [1, SIDE, SIDE] as const;
  const step = compileTrainStep({
    model,
    loss: LOSSES.bce_with_logits,
    optimizer: OPTIMIZERS.sgd(),
    inputShape,
  });
  const card = { ...CARD, ...changes, measured: [...CARD.measured], labels: [...CARD.labels] };
  const { temperature } = card.calibration;
  const onnx = exportOnnx({
    model,
    state: step.initialState(seed),
    inputShape,
    output: 'probability',
    temperature,
  });
  const crops = Array.from({ length: GOLDEN }, (_, i) => noiseCrop(i + 1));
  const bytes = await Promise.all(crops.map(({ bgr, width, height }) => encodeJpeg(bgr, width, height)));
  const classifier = await Classifier.open(sealModel(folder, onnx, { ...card, golden: [] }, []));
  const inputs = bytes.map((each) => ({ bytes: each, ending: 'jpg' as const }));
  const golden = await describeGolden(classifier, inputs);
  await classifier.close();
  const sealed = sealModel(folder, onnx, { ...card, golden }, bytes);
  writeExportedModel(sealed);
  return sealed;
}

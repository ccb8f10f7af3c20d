// Against a live PyTorch, torchvision and timm: training steps of every parity case and of full networks, half precision, our weights by `load_state_dict`, our ONNX files.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileForward, exportOnnx, loadSafetensors, saveSafetensors, type State } from '@spatter/tensor';
import { readWeights } from '../packages/pipeline/src/train/pretrained.ts';
import { MODELS, type AnyModelOptions } from '../packages/pipeline/src/models/catalogue.ts';
import {
  CASES,
  differences,
  hashedImages,
  hashedParameters,
  trainCase,
  type ParityCase,
} from '../packages/pipeline/src/models/testing/parity.ts';
import type { Checks } from './checks.ts';
import { pythonWith, runPython } from './python.ts';
import { checkScaler } from './torch-scaler.ts';

const REQUIREMENTS = [
  'torch==2.15.0',
  'torchvision==0.29.2',
  'timm==1.0.31',
  'numpy==2.4.6',
  'safetensors==0.8.0',
  'onnxruntime==1.32.0',
];
const TOLERANCE = 1e-4;

const FULL = {
  in_channels: 3,
  num_classes: 1,
  optimizer: 'sgd',
  options: { momentum: 0.9 },
  lr: 1e-3,
} as const;
/** The committed cases, and the published networks in their full width. */
const LIVE: Readonly<Record<string, ParityCase>> = {
  ...CASES,
  'resnet18-full': { ...FULL, model: 'resnet18', steps: 3, size: 64, stride: 101 },
  // At random weights PyTorch's own float32 and float64 gradients of this one differ by a thousandth: hence the small lr.
  'resnet34-full-small-stem': {
    ...FULL,
    lr: 1e-4,
    model: 'resnet34',
    architecture: { stem: 'small' },
    steps: 2,
    stride: 101,
  },
  'efficientnet-b0-full': {
    ...FULL,
    lr: 1e-4,
    model: 'efficientnet_b0',
    architecture: { dropout: 0, drop_path: 0 },
    steps: 2,
    size: 64,
    stride: 101,
  },
  'vit-tiny-full': {
    ...FULL,
    model: 'vit_tiny',
    architecture: { image: 64, patch: 8 },
    steps: 2,
    size: 64,
    stride: 101,
  },
};

/** What the files' check builds a network with: a ViT must know its images. */
const ARCHITECTURES: Readonly<Partial<Record<keyof typeof MODELS, Partial<AnyModelOptions>>>> = {
  vit_tiny: { image: 32, patch: 8 },
  vit_small: { image: 32, patch: 8 },
};

/** `SPATTER_PYTHON` may name an interpreter that has them already: PyTorch is a download of gigabytes. */
export const interpreter = (): string => process.env['SPATTER_PYTHON'] ?? pythonWith(REQUIREMENTS);
const script = (name: string): string => join(import.meta.dirname, 'python', name);

async function checkTraining(checks: Checks, python: string, folder: string): Promise<void> {
  const [cases, path] = [join(folder, 'cases.json'), join(folder, 'steps.safetensors')];
  writeFileSync(cases, JSON.stringify(LIVE));
  const { torch } = runPython<{ torch: string }>(python, script('torch_fixtures.py'), [cases, path]);
  const live = loadSafetensors(readFileSync(path), path);
  for (const [name, parity] of Object.entries(LIVE))
    for (const channels of new Set([1, parity.in_channels])) {
      const gaps = differences(name, parity, await trainCase(parity, channels, 'cpu'), live.tensors);
      const worst = [...gaps].reduce((a, b) => (b[1] > a[1] ? b : a));
      const detail = `${worst[0]} differs by ${worst[1]}`;
      checks.check(
        `${parity.steps ?? 20} steps of ${name}, ${channels} channels, torch ${torch}`,
        worst[1] < TOLERANCE,
        detail,
      );
    }
}

interface Loaded {
  readonly torch: number[];
  readonly probability: number[];
  readonly onnx: number[];
  readonly onnx_probability: number[];
  readonly step: number;
  readonly metadata: Record<string, string>;
  readonly model_metadata: Record<string, string>;
}

const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  a.length === b.length ? Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!))) : Infinity;

async function checkFiles(
  checks: Checks,
  python: string,
  folder: string,
  name: keyof typeof MODELS,
): Promise<void> {
  const architecture = ARCHITECTURES[name] ?? {};
  const model = MODELS[name]({ in_channels: 3, num_classes: 1, ...architecture });
  const inputShape = [1, 32, 32] as const;
  const counters = [...model.counters, 'optimizer.step'];
  const seven = { dtype: 'int64', shape: [], data: BigInt64Array.of(7n) } as const;
  const state: State = new Map([
    ...hashedParameters(model),
    ...counters.map((counter) => [counter, seven] as const),
  ]);
  const images = hashedImages(5, 1, 6);
  const path = (file: string) => join(folder, file);
  const metadata = { made: 'by spatter' };
  writeFileSync(path('weights.safetensors'), saveSafetensors(state, metadata));
  writeFileSync(path('model.onnx'), exportOnnx({ model, state, inputShape, output: 'logits', metadata }));
  writeFileSync(path('images.f32'), new Uint8Array(images.buffer));
  const files = ['weights.safetensors', 'model.onnx', 'images.f32'].map(path);
  const loaded = runPython<Loaded>(python, script('torch_load.py'), [
    name,
    ...files,
    JSON.stringify(architecture),
  ]);
  const reread = await readWeights(path('weights.safetensors.pth'));
  const own = [...state].filter(([key]) => !key.startsWith('optimizer.'));
  const isSame = own.every(([key, { data }]) => reread.get(key)?.data.join() === data.join());
  checks.check(`${name}: torch.save gives our tensors back`, isSame && reread.size === own.length);
  const ours = await compileForward({ model, inputShape, device: 'cpu' }).run(state, images, 6);
  const close = (what: string, a: ArrayLike<number>, b: ArrayLike<number>) =>
    checks.check(`${name}: ${what}`, farthest(a, b) < 1e-5, `differ by ${farthest(a, b)}`);
  close('load_state_dict(strict) gives our logits', loaded.torch, ours);
  close('ONNX Runtime in Python gives our logits', loaded.onnx, ours);
  close("the file's probability is torch's sigmoid", loaded.onnx_probability, loaded.probability);
  checks.check(`${name}: int64 scalars survive`, loaded.step === 7);
  const isKept = [loaded.metadata, loaded.model_metadata].every((read) => read['made'] === metadata.made);
  checks.check(`${name}: metadata survives in both files`, isKept);
}

export async function run(checks: Checks): Promise<void> {
  const python = interpreter();
  const folder = mkdtempSync(join(tmpdir(), 'spatter-torch-'));
  await checkTraining(checks, python, folder);
  await checkScaler(checks, python);
  for (const name of Object.keys(MODELS) as (keyof typeof MODELS)[])
    await checkFiles(checks, python, folder, name);
  rmSync(folder, { recursive: true });
}

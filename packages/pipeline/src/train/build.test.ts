// Tests that what the config offers is what the engine builds: every network trains a step, every optimiser option reaches it.
import { describe, expect, it } from 'vitest';
import { countMacs, type StepResult } from '@spatter/tensor';
import { composeConfig } from '../config/index.ts';
import { MODELS } from '../models/catalogue.ts';
import { buildModel, buildStep, unusedOptionNotices } from './build.ts';

const NARROW = [
  ...['width=4', 'embedding=12', 'heads=3', 'blocks=2'].map((each) => `model.architecture.${each}`),
  'device=cpu',
  'data.resize=32',
];

async function oneStep(...overrides: string[]): Promise<StepResult> {
  const { config } = composeConfig({ overrides: [...NARROW, ...overrides] });
  const step = buildStep(config);
  const x = Float32Array.from({ length: 4 * 1024 }, (_, i) => ((i * 7919) % 251) / 250);
  const result = await step.run(
    step.initialState(1),
    { x, y: Float32Array.of(0, 1, 1, 1), size: 4 },
    { lr: 0.1 },
  );
  await step.dispose();
  return result;
}

describe('every network of the catalogue', () => {
  it.each(Object.keys(MODELS))('%s is in conf/model and trains', async (name) => {
    const { config } = composeConfig({ overrides: [...NARROW, `model=${name}`] });
    expect(buildModel(config).name).toBe(name);
    expect((await oneStep(`model=${name}`)).loss).toBeGreaterThan(0);
  });
});

describe('options of networks', () => {
  const composed = (...overrides: string[]) => composeConfig({ overrides }).config;
  const option = (line: string) => `model.architecture.${line}`;

  it('that change nothing are named', () => {
    for (const name of Object.keys(MODELS))
      expect(unusedOptionNotices(composed(`model=${name}`))).toEqual([]);
    expect(unusedOptionNotices(composed(option('dropout=0.5'), option('depth=5')))).toEqual([
      'lenet5 has no depth: model.architecture.depth=5 changes nothing',
      'lenet5 has no dropout: model.architecture.dropout=0.5 changes nothing',
    ]);
    const all = ['dropout=0.5', 'drop_path=0.1'].map(option);
    expect(unusedOptionNotices(composed('model=vit_tiny', ...all, option('heads=2')))).toEqual([]);
    expect(unusedOptionNotices(composed('model=cnn', ...all))).toEqual([
      'cnn has no drop_path: model.architecture.drop_path=0.1 changes nothing',
    ]);
  });

  it.each([2, 3, 4])('bound the depth of cnn by what halving leaves, with kernels of %i', (kernel) => {
    for (const side of [8, 9, 32])
      for (let depth = 1; depth <= 8; depth++) {
        const shape = [`data.resize=${side}`, option(`depth=${depth}`), option(`kernel=${kernel}`)];
        const overrides = ['model=cnn', option('width=1'), option('in_channels=1'), ...shape];
        const model = () => buildModel(composed(...overrides));
        const fits = kernel % 2 === 0 || 2 ** depth <= side;
        if (fits) expect(countMacs(model(), [1, side, side])).toBeGreaterThan(0);
        else expect(model).toThrow(/depth must be at most \d for images of data\.resize=\d+ pixels/);
      }
  });
});

describe('what the config says about the step', () => {
  const bias = ({ state }: StepResult) => Number(state.get('head.bias')!.data[0]);
  const sgd = ['model=cnn', 'training.optimizer.name=sgd', 'training.optimizer.momentum=0'];
  const without = 'training.optimizer.weight_decay=0';
  const strong = 'training.optimizer.weight_decay=0.5';

  it('can spare biases from decay', async () => {
    const [none, all, weights] = await Promise.all([
      oneStep(...sgd, without),
      oneStep(...sgd, strong),
      oneStep(...sgd, strong, 'training.optimizer.decay_norm_and_bias=false'),
    ]);
    expect(bias(weights)).toBe(bias(none));
    expect(bias(all)).not.toBe(bias(none));
  });

  it('can clip by value instead of by norm', async () => {
    const clip = ['training.grad_clip.enabled=true', 'training.grad_clip.by=value'];
    const [free, cut] = await Promise.all([
      oneStep(...sgd, without),
      oneStep(...sgd, without, ...clip, 'training.grad_clip.max_value=1e-6'),
    ]);
    expect(free.gradNorm).toBeUndefined();
    expect(Math.abs(bias(cut) - bias(free))).toBeGreaterThan(1e-4);
    expect((await oneStep(...sgd, 'training.grad_clip.enabled=true')).gradNorm).toBeGreaterThan(0);
  });

  it('takes labels as shares of classes where images are blended', async () => {
    const classes = ['model.architecture.num_classes=3', 'training.loss=cross_entropy'];
    const { config } = composeConfig({
      overrides: [...NARROW, 'model=cnn', ...classes, 'training.mixup_alpha=1'],
    });
    const step = buildStep(config);
    const x = new Float32Array(2 * 1024);
    const y = Float32Array.of(0.5, 0.5, 0, 0, 0, 1);
    const state = step.initialState(1);
    expect((await step.run(state, { x, y, size: 2 }, { lr: 0.1 })).loss).toBeGreaterThan(0);
    await expect(step.run(state, { x, y: y.slice(0, 2), size: 2 }, { lr: 0.1 })).rejects.toThrow(/6 values/);
    await step.dispose();
  });

  it('can smooth labels, and use AdamW', async () => {
    const [plain, smooth] = await Promise.all([
      oneStep(...sgd),
      oneStep(...sgd, 'training.label_smoothing=0.5'),
    ]);
    expect(smooth.loss).not.toBe(plain.loss);
    const { state } = await oneStep('model=cnn', 'training.optimizer.name=adamw');
    expect(state.has('optimizer.head.bias.exp_avg_sq')).toBe(true);
  });
});

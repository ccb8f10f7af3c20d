// Tests of the model catalogue: parity with PyTorch over several steps, names of the states, gray images taken as repeated, export against the forward pass.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import {
  compileForward,
  compileTrainStep,
  exportOnnx,
  loadSafetensors,
  LOSSES,
  OPTIMIZERS,
  referenceForward,
  type Model,
} from '@spatter/tensor';
import { describe, expect, it } from 'vitest';
import { MODELS } from './catalogue.ts';
import { CASES, differences, hashedImages, hashedParameters, trainCase } from './testing/parity.ts';

const path = join(import.meta.dirname, 'fixtures/torch-steps.safetensors');
const fixture = loadSafetensors(readFileSync(path), path);

describe('train steps and the evaluation after them equal PyTorch', () => {
  it.each(Object.entries(CASES))('%s', async (name, parity) => {
    const channels = name.includes('gray') ? 1 : parity.in_channels;
    const gaps = differences(name, parity, await trainCase(parity, channels, 'cpu'), fixture.tensors);
    for (const [key, gap] of gaps) expect(gap, key).toBeLessThan(1e-4);
  });

  it('records the version of PyTorch', () => {
    expect(fixture.metadata['torch']).toMatch(/^\d+\.\d+/);
  });
});

describe('the state', () => {
  const names = (model: Model) =>
    [...model.parameters, ...model.buffers].map(({ name }) => name).concat(model.counters);

  it("has torchvision's names and sizes", () => {
    const options = { in_channels: 3, num_classes: 1000 };
    const weights = ({ parameters }: Model) =>
      parameters.reduce((sum, { shape }) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
    expect([MODELS.resnet18(options), MODELS.resnet34(options)].map(weights)).toEqual([
      11_689_512, 21_797_672,
    ]);
    expect(names(MODELS.resnet18(options))).toHaveLength(122);
    expect(names(MODELS.resnet34(options))).toHaveLength(218);
    expect(names(MODELS.resnet18(options))).toEqual(
      expect.arrayContaining([
        'conv1.weight',
        'bn1.num_batches_tracked',
        'layer1.1.bn2.running_var',
        'layer2.0.downsample.1.running_mean',
        'layer4.0.downsample.0.weight',
        'fc.bias',
      ]),
    );
  });

  it.each([
    ['efficientnet_b0', 5_288_548, 360],
    ['efficientnet_b1', 7_794_184, 508],
    ['vit_tiny', 5_717_416, 152],
    ['vit_small', 22_050_664, 152],
  ] as const)('of %s has the published sizes', (name, weights, tensors) => {
    const model = MODELS[name]({ in_channels: 3, num_classes: 1000 });
    const sizes = model.parameters.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    expect(sizes.reduce((a, b) => a + b)).toBe(weights);
    expect(names(model)).toHaveLength(tensors);
  });

  it('begins as in PyTorch: kaiming-normal kernels, normalisation as the identity', () => {
    const model = MODELS.resnet18({ in_channels: 1, num_classes: 1, width: 16 });
    const state = compileTrainStep({
      model,
      loss: LOSSES.bce_with_logits,
      optimizer: OPTIMIZERS.sgd(),
      inputShape: [1, 32, 32],
    }).initialState(1);
    const values = (name: string) => [...(state.get(name)!.data as Float32Array)];
    const kernel = values('layer4.1.conv2.weight');
    const deviation = Math.sqrt(kernel.reduce((sum, w) => sum + w * w, 0) / kernel.length);
    expect(deviation).toBeCloseTo(Math.sqrt(2 / (128 * 9)), 3);
    expect([...new Set(values('bn1.weight')), ...new Set(values('bn1.running_var'))]).toEqual([1, 1]);
    expect(new Set([...values('bn1.bias'), ...values('bn1.running_mean')])).toEqual(new Set([0]));
  });
});

/** Every model small enough for the interpreter. */
const TINY = {
  in_channels: 3,
  num_classes: 1,
  width: 2,
  stem: 'small',
  depth: 2,
  image: 32,
  patch: 8,
  embedding: 12,
  heads: 3,
  blocks: 2,
} as const;

describe.each(Object.entries(MODELS))('%s', (_name, create) => {
  const model = create(TINY);
  const state = hashedParameters(model);

  it('computes what the float64 interpreter computes', async () => {
    const options = { model, inputShape: [1, 32, 32] as const, device: 'cpu' as const };
    const x = hashedImages(9, 1, 2);
    const logits = await compileForward(options).run(state, x, 2);
    const expected = referenceForward(options, state, x, 2);
    expect(logits).toHaveLength(2);
    logits.forEach((logit, i) => expect(Math.abs(logit - expected[i]!)).toBeLessThan(1e-4));
  });

  it('has finite gradients for every parameter, random layers included', async () => {
    const step = compileTrainStep({
      model,
      loss: LOSSES.bce_with_logits,
      optimizer: OPTIMIZERS.sgd(),
      inputShape: [1, 32, 32],
      device: 'cpu',
    });
    const begin = step.initialState(1);
    const batch = { x: hashedImages(2, 1, 4), y: Float32Array.of(0, 1, 1, 0), size: 4 };
    const { state: after, loss } = await step.run(begin, batch, { lr: 1 });
    await step.dispose();
    expect(loss).toBeGreaterThan(0);
    const gradients = model.parameters.map(({ name }) => {
      const next = Array.from(after.get(name)!.data, Number);
      return [name, next.map((value, i) => Number(begin.get(name)!.data[i]) - value)] as const;
    });
    for (const [name, values] of gradients) expect(values.every(Number.isFinite), name).toBe(true);
    const moved = gradients.filter(([, values]) => values.some((value) => value !== 0));
    expect(moved.length / gradients.length).toBeGreaterThan(0.6);
  });

  it('takes a gray image as that image repeated', async () => {
    const logits = await Promise.all(
      [1, 3].map((channels) =>
        compileForward({ model, inputShape: [channels, 32, 32], device: 'cpu' }).run(
          state,
          hashedImages(0, channels, 5),
          5,
        ),
      ),
    );
    expect([...logits[0]!].map((v, i) => Math.abs(v - logits[1]![i]!) < 1e-5)).toEqual(Array(5).fill(true));
  });

  it('exports what it computes, for any batch size', async () => {
    const inputShape = [1, 32, 32] as const;
    const forward = compileForward({ model, inputShape, device: 'cpu' });
    const file = exportOnnx({ model, state, inputShape, output: 'probability', metadata: { made: 'here' } });
    const session = await InferenceSession.create(file);
    expect(session.outputNames).toEqual(['probability', 'logits']);
    for (const size of [1, 7]) {
      const x = hashedImages(size, 1, size);
      const logits = await forward.run(state, x, size);
      const outputs = await session.run({ input: new Tensor('float32', x, [size, 1, 32, 32]) });
      expect(outputs['logits']!.dims).toEqual([size, 1]);
      logits.forEach((logit, i) => {
        expect(Number(outputs['logits']!.data[i])).toBeCloseTo(logit, 5);
        expect(Number(outputs['probability']!.data[i])).toBeCloseTo(1 / (1 + Math.exp(-logit)), 5);
      });
    }
  });
});

// Tests of compiled train steps on a small network: learning, determinism, batch sizes, errors.
import { describe, expect, it } from 'vitest';
import { crossEntropy } from '../losses/cross-entropy.ts';
import { batchNorm } from '../nn/batch-norm.ts';
import { conv } from '../nn/convolution.ts';
import { sequential, type Model } from '../nn/layer.ts';
import { avgPool, flatten, globalAvgPool, linear, maxPool, reluLayer } from '../nn/layers.ts';
import { uniformStream } from '../nn/random.ts';
import { adam } from '../optimizers/adam.ts';
import { sgd } from '../optimizers/sgd.ts';
import { resolveDevice } from '../runtime/devices.ts';
import { compileForward } from './forward.ts';
import { compileTrainStep, type Batch, type TrainStepOptions } from './train-step.ts';

const model: Model = {
  name: 'small',
  ...sequential('net', [conv(1, 4, 3), maxPool(2), reluLayer(), avgPool(3), flatten(), linear(4, 3)]),
};
const options: TrainStepOptions = {
  model,
  loss: crossEntropy,
  optimizer: adam(),
  inputShape: [1, 8, 8],
  device: 'cpu',
};

/** Images whose brightest corner is their class. */
function batch(size: number): Batch {
  const next = uniformStream(size, 'batch');
  const y = Float32Array.from({ length: size }, () => Math.floor(3 * next()));
  const x = Float32Array.from({ length: size * 64 }, (_, i) => next() + (i % 64 < 20 * y[i >> 6]! ? 1 : 0));
  return { x, y, size };
}

describe('train step', () => {
  it('learns', async () => {
    const step = compileTrainStep(options);
    const first = await step.run(step.initialState(1), batch(32), { lr: 0.02 });
    let last = first;
    for (let i = 0; i < 60; i++) last = await step.run(last.state, batch(32), { lr: 0.02 });
    expect(last.loss).toBeLessThan(first.loss / 3);
    await step.dispose();
  });

  it('gives the same bytes for the same inputs and leaves the given state alone', async () => {
    const [one, other] = [compileTrainStep(options), compileTrainStep(options)];
    const state = one.initialState(5);
    expect(other.initialState(5)).toEqual(state);
    expect(other.initialState(6)).not.toEqual(state);
    const copy = structuredClone(state);
    const result = await one.run(state, batch(16), { lr: 0.01 });
    expect(state).toEqual(copy);
    expect(await other.run(state, batch(16), { lr: 0.01 })).toEqual(result);
    expect([...result.state.keys()]).toEqual([...state.keys()]);
    expect(result.state.get('optimizer.step')!.data[0]).toBe(1n);
  });

  it('compiles a graph per batch size and gives logits of the parameters before the update', async () => {
    const step = compileTrainStep({ ...options, optimizer: sgd({ momentum: 0.9 }), clipNorm: 1 });
    const forward = compileForward({ model, inputShape: [1, 8, 8], device: 'cpu' });
    const state = step.initialState(2);
    for (const size of [1, 2, 3, 4, 5, 6, 1]) {
      const { logits, gradNorm } = await step.run(state, batch(size), { lr: 0.1 });
      const expected = await forward.run(state, batch(size).x, size);
      expect(gradNorm).toBeGreaterThan(0);
      expect(logits.length).toBe(3 * size);
      logits.forEach((logit, i) => expect(logit).toBeCloseTo(expected[i]!, 5));
    }
    await step.dispose();
    await forward.dispose();
  });

  it('takes images that lie in shared memory', async () => {
    const step = compileTrainStep(options);
    const { x, y, size } = batch(4);
    const shared = new Float32Array(new SharedArrayBuffer(x.byteLength));
    shared.set(x);
    const state = step.initialState(0);
    const results = await Promise.all(
      [x, shared].map((pixels) => step.run(state, { x: pixels, y, size }, { lr: 1 })),
    );
    expect(results[0]!.loss).toBe(results[1]!.loss);
  });
});

describe('batch normalisation', () => {
  const normalised: Model = {
    name: 'normalised',
    ...sequential('net', [conv(1, 2, 3, { bias: false }), batchNorm(2), reluLayer(), globalAvgPool()]),
  };
  const recipe = { ...options, model: normalised, optimizer: sgd() };

  it('trains on the statistics of the batch, which the running ones follow, and counts its steps', async () => {
    const step = compileTrainStep(recipe);
    const still = { lr: 0 };
    const first = await step.run(step.initialState(3), batch(32), still);
    let last = first;
    for (let i = 0; i < 150; i++) last = await step.run(last.state, batch(32), still);
    expect(last.logits).toEqual(first.logits);
    expect(last.state.get('net.1.num_batches_tracked')!.data[0]).toBe(151n);
    const [one, many] = [first, last].map(({ state }) => state.get('net.1.running_mean')!.data);
    many!.forEach((mean, i) => expect(Number(one![i])).toBeCloseTo(0.1 * Number(mean), 6));
    const evaluate = compileForward({ model: normalised, inputShape: [1, 8, 8], device: 'cpu' });
    const logits = await evaluate.run(last.state, batch(32).x, 32);
    // The running variance is the unbiased one: a part in 2 × 32·36 away from the batch's.
    logits.forEach((logit, i) => expect(logit).toBeCloseTo(last.logits[i]!, 2));
    expect(await evaluate.run(step.initialState(3), batch(32).x, 32)).not.toEqual(logits);
    await step.dispose();
    await evaluate.dispose();
  });

  it('refuses to train on one value per channel', async () => {
    const step = compileTrainStep({ ...recipe, inputShape: [1, 3, 3] });
    const pixels = { x: new Float32Array(9), y: new Float32Array(1), size: 1 };
    await expect(step.run(step.initialState(0), pixels, { lr: 1 })).rejects.toThrow(
      'batch normalisation must train on 2 or more values per channel, but got [1, 2, 1, 1]',
    );
  });
});

describe('what does not fit', () => {
  const step = compileTrainStep(options);
  const state = step.initialState(0);

  it('names the tensor that a state lacks', async () => {
    const lacking = new Map([...state].filter(([name]) => name !== 'net.0.bias'));
    await expect(step.run(lacking, batch(2), { lr: 1 })).rejects.toThrow(
      '"net.0.bias" must be float32[4], but is missing',
    );
  });

  it('refuses a batch of the wrong size', async () => {
    await expect(step.run(state, { ...batch(2), size: 3 }, { lr: 1 })).rejects.toMatchObject({
      code: 'SHAPE',
    });
    const forward = compileForward({ model, inputShape: [1, 8, 8], device: 'cpu' });
    await expect(forward.run(state, new Float32Array(3), 1)).rejects.toMatchObject({ code: 'SHAPE' });
  });

  it('shows the shapes that a layer cannot take', async () => {
    const wrong = compileTrainStep({ ...options, inputShape: [1, 2, 2] });
    const pixels = { x: new Float32Array(4), y: new Float32Array(1), size: 1 };
    await expect(wrong.run(wrong.initialState(0), pixels, { lr: 1 })).rejects.toThrow(
      'conv2d: the image must be at least as large as the kernel, but got float32[1, 1, 2, 2] and float32[4, 1, 3, 3]',
    );
  });

  it('names the devices there are', () => {
    expect(() => resolveDevice('gpu')).toThrow(/one of auto, cpu, cuda, mps, webgpu, but got "gpu"/);
    expect(resolveDevice('cpu')).toBe('cpu');
    const foreign = process.platform === 'darwin' ? 'cuda' : 'mps';
    expect(() => resolveDevice(foreign)).toThrow(/is not available here \(available: .*cpu\)/);
  });
});

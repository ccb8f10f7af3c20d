// Tests that a batch computed part by part trains as the whole batch does, and of what is cut at all.
import { afterAll, describe, expect, it } from 'vitest';
import type { HostTensor } from '../ir/host.ts';
import { crossEntropy } from '../losses/cross-entropy.ts';
import { batchNorm } from '../nn/batch-norm.ts';
import { conv } from '../nn/convolution.ts';
import { chain, sequential, type Layer } from '../nn/layer.ts';
import { layerNorm } from '../nn/layer-norm.ts';
import { flatten, linear, maxPool, tanhLayer } from '../nn/layers.ts';
import { classification } from '../nn/objective.ts';
import type { State } from '../nn/parameters.ts';
import { uniformStream } from '../nn/random.ts';
import { adam } from '../optimizers/adam.ts';
import { inParts, partsOf } from './in-parts.ts';
import { compileStep } from './step.ts';
import type { ObjectiveStepOptions, Step } from './step-types.ts';

const [SIZE, PARTS] = [12, 3];

const layers = [conv(1, 4, 3), maxPool(2), flatten(), linear(36, 8), layerNorm(8), tanhLayer(), linear(8, 3)];
const model = { name: 'small', ...sequential('net', layers) };
const options: ObjectiveStepOptions = {
  objective: classification(model, crossEntropy, [1, 8, 8]),
  optimizer: adam({ weightDecay: 0.1 }),
  clipNorm: 0.5,
  ema: { decay: 0.9 },
  device: 'cpu',
};

const next = uniformStream(1, 'batch');
const inputs = {
  x: Float32Array.from({ length: 2 * SIZE * 64 }, () => next()),
  y: Float32Array.from({ length: 2 * SIZE }, () => Math.floor(3 * next())),
};
const first = { inputs: { x: inputs.x.subarray(0, SIZE * 64), y: inputs.y.subarray(0, SIZE) }, size: SIZE };
const HYPERS = [{ lr: 0.01 }, { lr: 0.003 }];

const open: Step[] = [];
afterAll(() => Promise.all(open.map((step) => step.dispose())));
const opened = (step: Step): Step => {
  open.push(step);
  return step;
};
const whole = opened(compileStep(options));
const parted = opened(inParts(options, compileStep, () => PARTS));

const largestDifference = (a: HostTensor, b: HostTensor): number =>
  Math.max(...[...a.data].map((value, i) => Math.abs(Number(value) - Number(b.data[i]))));

function expectClose(a: State, b: State): void {
  expect([...a.keys()]).toEqual([...b.keys()]);
  for (const [name, tensor] of a) expect(largestDifference(tensor, b.get(name)!), name).toBeLessThan(2e-6);
}

describe('a batch in parts', () => {
  it('gives what the whole gives but for the order of sums: state, averages, loss, outputs, norm', async () => {
    const start = parted.initialState(5);
    expect(start).toEqual(whole.initialState(5));
    const [{ state, ...told }, expected] = await Promise.all([
      parted.run(start, first, HYPERS[0]!),
      whole.run(start, first, HYPERS[0]!),
    ]);
    expectClose(state, expected.state);
    expect(told.loss).toBeCloseTo(expected.loss, 6);
    expect(told.gradNorm).toBeCloseTo(expected.gradNorm!, 5);
    expect(told.outputs['logits']).toHaveLength(SIZE * 3);
    for (const [i, value] of told.outputs['logits']!.entries())
      expect(value).toBeCloseTo(expected.outputs['logits']![i]!, 5);
    expect(start).toEqual(parted.initialState(5));
  });

  it('gives the same bytes in one run of several steps as one by one', async () => {
    const start = parted.initialState(5);
    const together = await parted.runMany(start, { inputs, size: SIZE }, HYPERS);
    let state = start;
    for (const [i, hyper] of HYPERS.entries()) {
      const own = {
        x: inputs.x.subarray(i * SIZE * 64, (i + 1) * SIZE * 64),
        y: inputs.y.subarray(i * SIZE, (i + 1) * SIZE),
      };
      const { state: after, ...metrics } = await parted.run(state, { inputs: own, size: SIZE }, hyper);
      expect(metrics).toEqual(together.steps[i]);
      state = after;
    }
    expect(together.state).toEqual(state);
  });

  it('must be complete, and may not wait unasked', async () => {
    const start = parted.initialState(0);
    await expect(parted.run(start, { ...first, size: SIZE + PARTS }, HYPERS[0]!)).rejects.toThrow(
      'a batch of 15 must hold 960 values of "x", but got 768',
    );
    await expect(parted.run(start, first, { lr: 0.1, update: false })).rejects.toThrow(
      'a gradient may wait only in a step that accumulates',
    );
  });
});

describe('batches that are cut', () => {
  const wide = (...more: Layer[]) => ({
    name: 'wide',
    ...chain([conv(1, 64, 3, { padding: 1 }), ...more, tanhLayer(), maxPool(8), flatten(), linear(1024, 2)]),
  });
  const recipe = (network = wide(), more: Partial<ObjectiveStepOptions> = {}) => ({
    ...options,
    objective: classification(network, crossEntropy, [1, 32, 32]),
    ...more,
  });

  it('are large, and cut into equal parts of at most 8 MiB a tensor', () => {
    expect(partsOf(recipe(), 512)).toBe(16);
    expect(partsOf(recipe(), 510)).toBe(17);
    expect(partsOf(recipe(), 32)).toBe(1);
    expect(partsOf(recipe(), 509)).toBe(1);
  });

  it('are not cut where that would change or repeat more than sums', () => {
    expect(partsOf(recipe(wide(batchNorm(64))), 512)).toBe(1);
    expect(partsOf(recipe(wide(), { accumulates: true }), 512)).toBe(1);
    expect(partsOf(recipe(wide(), { precision: 'fp16' }), 512)).toBe(1);
  });

  it('are not cut where parameters outweigh what the layers write', () => {
    const heavy = chain([flatten(), linear(1024, 4096), linear(4096, 2)]);
    const { objective } = recipe({ name: 'heavy', ...heavy });
    expect(partsOf({ ...options, objective }, 4096)).toBe(1);
  });
});

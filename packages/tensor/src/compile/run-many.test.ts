// Tests that several steps in one run give the bytes of the same steps one by one, whatever the step keeps.
import { afterAll, describe, expect, it } from 'vitest';
import { add, mean, mul, reduceSum, stopGradient, sub } from '../ir/ops.ts';
import { crossEntropy } from '../losses/cross-entropy.ts';
import { batchNorm } from '../nn/batch-norm.ts';
import { conv } from '../nn/convolution.ts';
import { dropout } from '../nn/dropout.ts';
import { sequential, type Model } from '../nn/layer.ts';
import { flatten, linear, maxPool, reluLayer } from '../nn/layers.ts';
import type { Objective } from '../nn/objective.ts';
import type { State } from '../nn/parameters.ts';
import { uniformStream } from '../nn/random.ts';
import { adam } from '../optimizers/adam.ts';
import { sgd } from '../optimizers/sgd.ts';
import { compileStep } from './step.ts';
import type { Step, StepHyper } from './step-types.ts';
import { compileTrainStep, type TrainStepOptions } from './train-step.ts';

const [SIZE, STEPS] = [4, 3];

const model: Model = {
  name: 'small',
  ...sequential('net', [
    conv(1, 4, 3),
    batchNorm(4),
    maxPool(2),
    reluLayer(),
    flatten(),
    dropout(0.4),
    linear(36, 3),
  ]),
};

const options: TrainStepOptions = {
  model,
  loss: crossEntropy,
  optimizer: adam({ weightDecay: 0.1 }),
  inputShape: [1, 8, 8],
  clipNorm: 1,
  ema: { decay: 0.9, warmup: true },
  seed: 3,
  device: 'cpu',
};

const next = uniformStream(1, 'batch');
const x = Float32Array.from({ length: STEPS * SIZE * 64 }, () => next());
const y = Float32Array.from({ length: STEPS * SIZE }, () => Math.floor(3 * next()));
const HYPERS: readonly StepHyper[] = [0.1, 0.03, 0.01].map((lr) => ({ lr }));

const open: { readonly dispose: () => Promise<void> }[] = [];
afterAll(() => Promise.all(open.map((step) => step.dispose())));

function opened<T extends { readonly dispose: () => Promise<void> }>(step: T): T {
  open.push(step);
  return step;
}

/** The same steps one by one. */
async function oneByOne(
  { run }: Pick<Step, 'run'>,
  start: State,
  inputs: Readonly<Record<string, Float32Array>>,
  hypers: readonly StepHyper[],
) {
  let state = start;
  const steps = [];
  for (const [i, hyper] of hypers.entries()) {
    const part = (values: Float32Array) => {
      const length = values.length / hypers.length;
      return values.slice(i * length, (i + 1) * length);
    };
    const own = Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, part(values)]));
    const { state: after, ...metrics } = await run(state, { inputs: own, size: SIZE }, hyper);
    state = after;
    steps.push(metrics);
  }
  return { state, steps };
}

describe('several steps in one run', () => {
  it('give the bytes of the same steps one by one: Adam, averages, statistics, dropout, clipping', async () => {
    const step = opened(compileTrainStep(options));
    const run: Step['run'] = async (state, { inputs, size }, hyper) => {
      const { logits, ...rest } = await step.run(state, { x: inputs['x']!, y: inputs['y']!, size }, hyper);
      return { ...rest, outputs: { logits } };
    };
    const start = step.initialState(7);
    const apart = await oneByOne({ run }, start, { x, y }, HYPERS);
    const together = await step.runMany(start, { x, y, size: SIZE }, HYPERS);
    expect(together.state).toEqual(apart.state);
    expect(together.steps).toEqual(
      apart.steps.map(({ outputs, ...metrics }) => ({ ...metrics, logits: outputs['logits'] })),
    );
    expect(new Set(together.steps.map(({ loss }) => loss)).size).toBe(STEPS);
    expect(start).toEqual(step.initialState(7));
  });

  it('hand on gradients that wait', async () => {
    const step = opened(compileTrainStep({ ...options, accumulates: true }));
    const start = step.initialState(7);
    const waits = HYPERS.map(({ lr }) => ({ lr, update: false }));
    const { state } = await step.runMany(start, { x, y, size: SIZE }, waits);
    let apart = start;
    for (const [i, hyper] of waits.entries())
      ({ state: apart } = await step.run(
        apart,
        {
          x: x.subarray(i * SIZE * 64, (i + 1) * SIZE * 64),
          y: y.subarray(i * SIZE, (i + 1) * SIZE),
          size: SIZE,
        },
        hyper,
      ));
    expect(state).toEqual(apart);
    expect(state.get('optimizer.waiting_samples')!.data[0]).toBe(BigInt(STEPS * SIZE));
    const one = { x: x.subarray(0, 2 * SIZE * 64), y: y.subarray(0, 2 * SIZE), size: SIZE };
    await expect(step.runMany(state, one, HYPERS.slice(1))).rejects.toThrow(
      'steps of one run must all update, with no gradient that waits, or all let their gradients wait',
    );
  });

  it('keep buffers that a step only reads, and those that it only writes', async () => {
    const step = opened(
      compileStep({ objective: anchored, optimizer: sgd({ momentum: 0.9 }), device: 'cpu' }),
    );
    const start = step.initialState(0);
    const inputs = { x: x.subarray(0, STEPS * SIZE * 2) };
    const apart = await oneByOne(step, start, inputs, HYPERS);
    const together = await step.runMany(start, { inputs, size: SIZE }, HYPERS);
    expect(together).toEqual(apart);
    expect(together.state.get('anchor')).toEqual(start.get('anchor'));
    expect(together.state.get('last')).not.toEqual(start.get('last'));
  });

  it('need all their batches', async () => {
    const step = opened(compileTrainStep(options));
    await expect(step.runMany(step.initialState(0), { x, y, size: 3 }, HYPERS)).rejects.toThrow(
      '3 batches of 3 must hold 576 values of "x", but got 768',
    );
  });
});

/** Pulls a vector towards the batch's mean, away from an anchor that never changes, and notes the last sum it saw. */
const anchored: Objective = {
  name: 'anchored',
  parameters: [{ name: 'w', shape: [2], initial: { normal: 1 } }],
  buffers: [
    { name: 'anchor', shape: [2], initial: { normal: 1 } },
    { name: 'last', shape: [2], initial: { normal: 1 } },
  ],
  counters: ['seen'],
  inputs: { x: [2] },
  forward: (scope, { x: batch }) => {
    const w = scope.tensor('w');
    scope.setBuffer('last', stopGradient(reduceSum(batch!, [0])));
    const [near, far] = [sub(batch!, w), sub(w, scope.tensor('anchor'))];
    return { loss: add(mean(mul(near, near)), mul(-0.1, mean(mul(far, far)))), outputs: { w } };
  },
};

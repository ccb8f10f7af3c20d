// Tests of steps in half precision: they learn as in full precision, leave overflowing gradients out, and their loss's scale follows PyTorch's rule.
import { afterAll, describe, expect, it } from 'vitest';
import { float32, type HostTensor } from '../ir/host.ts';
import { add, constant, exp, scalar } from '../ir/ops.ts';
import { interpret } from '../interpret/interpret.ts';
import { crossEntropy } from '../losses/cross-entropy.ts';
import type { Loss } from '../losses/loss.ts';
import { batchNorm } from '../nn/batch-norm.ts';
import { conv } from '../nn/convolution.ts';
import { sequential, type Model } from '../nn/layer.ts';
import { flatten, linear, maxPool, reluLayer } from '../nn/layers.ts';
import { classification } from '../nn/objective.ts';
import type { State } from '../nn/parameters.ts';
import { uniformStream } from '../nn/random.ts';
import { lower } from '../onnx/lower.ts';
import { adam } from '../optimizers/adam.ts';
import { openSession } from '../runtime/session.ts';
import { loadSafetensors, saveSafetensors } from '../safetensors/safetensors.ts';
import { allFinite, GOOD_STEPS, LOSS_SCALE, nextScaling, unscaled } from './loss-scale.ts';
import { scalarPort, traceStep } from './trace.ts';
import { compileTrainStep, type Batch, type TrainStep, type TrainStepOptions } from './train-step.ts';

const model: Model = {
  name: 'small',
  ...sequential('net', [conv(1, 4, 3), batchNorm(4), maxPool(2), reluLayer(), flatten(), linear(36, 3)]),
};
const options: TrainStepOptions = {
  model,
  loss: crossEntropy,
  optimizer: adam(),
  inputShape: [1, 8, 8],
  device: 'cpu',
  precision: 'fp16',
  ema: { decay: 0.9 },
};
const LR = { lr: 0.02 };

/** Images whose brightest corner is their class. */
function batch(size: number, seed = size): Batch {
  const next = uniformStream(seed, 'batch');
  const y = Float32Array.from({ length: size }, () => Math.floor(3 * next()));
  const x = Float32Array.from({ length: size * 64 }, (_, i) => next() + (i % 64 < 20 * y[i >> 6]! ? 1 : 0));
  return { x, y, size };
}

const open: TrainStep[] = [];
afterAll(() => Promise.all(open.map((step) => step.dispose())));

function compiled(more: Partial<TrainStepOptions> = {}): TrainStep {
  const step = compileTrainStep({ ...options, ...more });
  open.push(step);
  return step;
}

const scaleOf = (state: State) => state.get(LOSS_SCALE)!.data[0];
const withScale = (state: State, scale: number): State =>
  new Map(state).set(LOSS_SCALE, float32([], Float32Array.of(scale)));
/** Whether a tensor belongs to the layers' statistics, which no optimiser moves. */
const isStatistic = (name: string) => /^net\.1\.(running_|num_)/.test(name);
/** All but what a step that was left out changes. */
const rest = (state: State) =>
  [...state].filter(([name]) => ![LOSS_SCALE, GOOD_STEPS].includes(name) && !isStatistic(name));
const statistics = (state: State) => [...state].filter(([name]) => isStatistic(name));
const isFinite = ([, { data }]: readonly [string, HostTensor]) =>
  [...data].every((x) => Number.isFinite(Number(x)));
/** A batch whose products overflow half precision. */
const overflowing = (size: number): Batch => ({ ...batch(size), x: batch(size).x.map((x) => 1e6 * x) });

describe('a step in half precision', () => {
  it('learns as one in full precision does, near but not equal', async () => {
    const [half, full] = [compiled(), compiled({ precision: 'fp32' })];
    let [a, b] = [half.initialState(1), full.initialState(1)];
    const losses: (readonly [number, number])[] = [];
    for (let i = 0; i < 40; i++) {
      const [one, other] = [await half.run(a, batch(32), LR), await full.run(b, batch(32), LR)];
      [a, b] = [one.state, other.state];
      losses.push([one.loss, other.loss]);
      expect(one.skipped).toBe(false);
      expect(other.skipped).toBeUndefined();
    }
    const [first, last] = [losses[0]!, losses.at(-1)!];
    expect(Math.abs(first[0] - first[1])).toBeLessThan(2e-3);
    expect(first[0]).not.toBe(first[1]);
    expect(last[0]).toBeLessThan(first[0] / 3);
    expect(Math.abs(last[0] - last[1])).toBeLessThan(0.05);
    expect(a.get('net.0.weight')!.dtype).toBe('float32');
  });

  it('is left out while gradients overflow, and recovers', async () => {
    const step = compiled();
    const start = withScale(step.initialState(1), 2 ** 30);
    const first = await step.run(start, batch(32), LR);
    expect(first.skipped).toBe(true);
    expect(Number.isFinite(first.loss)).toBe(true);
    expect(scaleOf(first.state)).toBe(2 ** 29);
    expect(rest(first.state)).toEqual(rest(start));
    const whole = await compiled({ precision: 'fp32' }).run(start, batch(32), LR);
    for (const [name, { data }] of statistics(first.state))
      for (const [i, value] of data.entries())
        expect(Math.abs(Number(value) - Number(whole.state.get(name)!.data[i]))).toBeLessThan(1e-3);
    let state = first.state;
    const skipped: (boolean | undefined)[] = [];
    for (let i = 0; i < 30; i++) {
      const result = await step.run(state, batch(32), LR);
      state = result.state;
      skipped.push(result.skipped);
    }
    expect(skipped.lastIndexOf(true)).toBeLessThan(20);
    expect(skipped.slice(20)).toEqual(new Array(10).fill(false));
    expect(scaleOf(state)).toBe(2 ** (29 - skipped.filter(Boolean).length));
    expect(state.get('optimizer.step')!.data[0]).toBe(
      BigInt(skipped.filter((each) => each === false).length),
    );
    expect(state.get('net.1.num_batches_tracked')!.data[0]).toBe(31n);
  });

  it('goes on from a file to the same bytes', async () => {
    const step = compiled();
    const few = async (from: State, first: number) => {
      let state = from;
      for (let i = first; i < first + 3; i++) ({ state } = await step.run(state, batch(8, i), LR));
      return state;
    };
    const middle = await few(withScale(step.initialState(1), 2 ** 18), 1);
    const { tensors } = loadSafetensors(saveSafetensors(middle), 'middle');
    const [apart, whole] = [
      await few(new Map([...middle.keys()].map((name) => [name, tensors.get(name)!])), 4),
      await few(middle, 4),
    ];
    expect(saveSafetensors(apart)).toEqual(saveSafetensors(whole));
    expect(scaleOf(whole)).not.toBe(2 ** 18);
  });

  it('is left out where the forward pass overflows, and keeps no statistics of that', async () => {
    const step = compiled();
    const start = step.initialState(1);
    const first = await step.run(start, overflowing(8), LR);
    expect([Number.isFinite(first.loss), first.skipped]).toEqual([false, true]);
    expect(rest(first.state)).toEqual(rest(start));
    expect(scaleOf(first.state)).toBe(2 ** 15);
    expect([...first.state].every(isFinite)).toBe(true);
    expect((await step.run(first.state, batch(8), LR)).skipped).toBe(false);
  });

  it('is left out where the loss alone is not finite', async () => {
    const huge: Loss = {
      name: 'huge',
      forward: (...given) => add(crossEntropy.forward(...given), exp(scalar(1000))),
    };
    const step = compiled({ loss: huge });
    const start = step.initialState(1);
    const { loss, skipped, state } = await step.run(start, batch(8), LR);
    expect([loss, skipped]).toEqual([Infinity, true]);
    expect(rest(state)).toEqual(rest(start));
  });

  it('keeps no statistics of what overflows while gradients wait', async () => {
    const step = compiled({ accumulates: true });
    const waiting = await step.run(step.initialState(1), overflowing(8), { lr: 0.1, update: false });
    expect(statistics(waiting.state).every(isFinite)).toBe(true);
    const after = await step.run(waiting.state, batch(8), LR);
    expect([after.skipped, [...after.state].every(isFinite)]).toEqual([true, true]);
  });

  it('gives the same bytes in one run of several, one of which is left out', async () => {
    const step = compiled({ lossScaling: { interval: 2 } });
    const parts = [batch(4, 1), batch(4, 2), batch(4, 3), batch(4, 4)];
    let scale = 2 ** 30;
    const fails = async () => (await step.run(withScale(step.initialState(1), scale), parts[0]!, LR)).skipped;
    while ((await fails()) === true) scale /= 2;
    const start = withScale(step.initialState(1), 2 * scale);
    let apart = start;
    const skipped = [];
    for (const part of parts) {
      const result = await step.run(apart, part, LR);
      apart = result.state;
      skipped.push(result.skipped);
    }
    expect(skipped).toContain(true);
    expect(skipped).toContain(false);
    const joined = (of: (part: Batch) => Float32Array) => Float32Array.from(parts.flatMap((part) => [...of(part)])); // prettier-ignore
    const together = await step.runMany(
      start,
      { x: joined(({ x }) => x), y: joined(({ y }) => y), size: 4 },
      parts.map(() => LR),
    );
    expect(together.state).toEqual(apart);
    expect(together.steps.map((metrics) => metrics.skipped)).toEqual(skipped);
    expect(together.state.get('optimizer.step')!.data[0]).toBe(
      BigInt(skipped.filter((each) => each === false).length),
    );
  });

  it('is left out when a gradient that waited had overflowed', async () => {
    const step = compiled({ accumulates: true });
    const start = withScale(step.initialState(1), 2 ** 30);
    const waiting = await step.run(start, batch(8), { lr: 0.1, update: false });
    const after = await step.run(withScale(waiting.state, 1), batch(8), LR);
    expect(after.skipped).toBe(true);
    const next = await step.run(after.state, batch(8), LR);
    expect(next.skipped).toBe(false);
    expect([...next.state.values()].every(({ data }) => [...data].every((x) => Number.isFinite(Number(x))))).toBe(true); // prettier-ignore
  });

  it('is a graph of half-precision operators for GPUs, which the processor can run too', async () => {
    const recipe = { ...options, objective: classification(model, crossEntropy, [1, 8, 8], {}) };
    const { outputs } = traceStep(recipe, 8);
    const session = await openSession(lower({ outputs, target: 'cuda', precision: 'fp16' }), {
      device: 'cpu',
    });
    const step = compiled();
    const state = step.initialState(1);
    const { x, y } = batch(8);
    const scalars = { ...adam().scalars(1, LR.lr), ema_rate: 0.1 };
    const results = await session.run(
      new Map([
        ...state,
        ['batch.x', float32([8, 1, 8, 8], x)] as const,
        ['batch.y', float32([8], y)] as const,
        ...Object.entries(scalars).map(([name, value]) => [scalarPort(name), float32([], Float32Array.of(value))] as const), // prettier-ignore
      ]),
    );
    await session.dispose();
    const { loss } = await step.run(state, batch(8), LR);
    expect(Math.abs(Number(results.get('loss')!.data[0]) - loss)).toBeLessThan(2e-3);
    expect(results.get('finite')!.data[0]).toBe(1);
  });
});

describe('the scale of the loss', () => {
  const one = (value: number) => constant(float32([], Float32Array.of(value)));
  const after = (gradients: readonly number[], scale: number, good: number, interval = 3) => {
    const tensors = gradients.map((value) => constant(float32([2], Float32Array.of(1, value))));
    const next = nextScaling(allFinite(tensors), one(scale), one(good), { interval });
    return interpret([next.scale, next.good], new Map()).map(({ values }) => values[0]);
  };

  it('halves after an overflow, doubles after enough good steps, and counts between', () => {
    expect(after([1, -3], 8, 0)).toEqual([8, 1]);
    expect(after([1, -3], 8, 2)).toEqual([16, 0]);
    for (const overflow of [Infinity, -Infinity, NaN]) expect(after([1, overflow], 8, 2)).toEqual([4, 0]);
  });

  it('is taken out of the gradients', () => {
    const [gradient] = unscaled([constant(float32([1], Float32Array.of(12)))], one(8));
    expect(interpret([gradient!], new Map())[0]!.values).toEqual(Float64Array.of(1.5));
  });
});

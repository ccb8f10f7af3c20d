// Tests that methods with state beside the parameters need no change of the engine: a small MoCo, a mean teacher; and what steps add to training.
import { describe, expect, it } from 'vitest';
import {
  add,
  concat,
  div,
  logSumExp,
  matmul,
  mean,
  mul,
  reduceSum,
  reshape,
  slice,
  sqrt,
  stopGradient,
  sub,
} from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import { crossEntropy } from '../losses/cross-entropy.ts';
import { dropout, stochasticDepth } from '../nn/dropout.ts';
import { chain, under, within } from '../nn/layer.ts';
import { linear, reluLayer } from '../nn/layers.ts';
import type { Objective } from '../nn/objective.ts';
import { keepMask, uniformStream } from '../nn/random.ts';
import { follow, twin } from '../nn/twin.ts';
import { adam } from '../optimizers/adam.ts';
import { sgd } from '../optimizers/sgd.ts';
import { compileStep } from './step.ts';
import { compileTrainStep, type TrainStepOptions } from './train-step.ts';

const [FEATURES, QUEUE, MOMENTUM] = [6, 16, 0.9];
const encoder = chain([linear(8, 12), reluLayer(), linear(12, FEATURES)]);

const unit = (x: Tensor): Tensor => div(x, reshape(sqrt(reduceSum(mul(x, x), [1])), [x.shape[0]!, 1]));

/** Momentum contrast (He et al., 2020): keys of a second network, negatives from a queue that the step itself fills. */
const moco: Objective = {
  name: 'moco',
  parameters: under('query', encoder.parameters),
  buffers: [
    ...under('key', twin(encoder, 'query').buffers),
    { name: 'queue', shape: [QUEUE, FEATURES], initial: { normal: 1 } },
  ],
  counters: [],
  inputs: { one: [8], other: [8] },
  forward: (scope, { one, other }) => {
    const keys = twin(encoder, 'query');
    follow(encoder, { prefix: 'key', of: 'query', rate: MOMENTUM }, { ...scope, leader: scope.tensor });
    const q = unit(encoder.forward(within(scope, 'query'), one!));
    const k = unit(keys.forward(within(scope, 'key'), other!));
    const queue = scope.tensor('queue');
    const positive = reshape(reduceSum(mul(q, k), [1]), [q.shape[0]!, 1]);
    const logits = mul(concat(positive, matmul(q, queue, false, true), 1), 1 / 0.2);
    scope.setBuffer('queue', stopGradient(concat(k, slice(queue, 0, 0, QUEUE - k.shape[0]!), 0)));
    const loss = mean(sub(logSumExp(logits), reshape(slice(logits, 1, 0, 1), [q.shape[0]!])));
    return { loss, outputs: { q } };
  },
};

/** Mean teacher (Tarvainen and Valpola, 2017): the student is pulled towards a network that averages it. */
const meanTeacher: Objective = {
  name: 'mean_teacher',
  parameters: under('student', encoder.parameters),
  buffers: under('teacher', twin(encoder, 'student').buffers),
  counters: [],
  inputs: { x: [8], noisy: [8], y: [] },
  forward: (scope, { x, noisy, y }) => {
    const student = encoder.forward(within(scope, 'student'), x!);
    const teacher = twin(encoder, 'student').forward(within(scope, 'teacher'), noisy!);
    const gap = sub(student, teacher);
    return { loss: add(crossEntropy.forward(student, y!), mean(mul(gap, gap))), outputs: { teacher } };
  },
  afterUpdate: ({ tensor, next, setBuffer }) => {
    follow(
      encoder,
      { prefix: 'teacher', of: 'student', rate: MOMENTUM },
      { tensor, leader: next, setBuffer },
    );
  },
};

function draw(name: string, size: number, values: number): Float32Array {
  const next = uniformStream(7, name);
  return Float32Array.from({ length: size * values }, () => next() - 0.5);
}
const values = (state: ReadonlyMap<string, { data: ArrayLike<unknown> }>, name: string) =>
  Array.from(state.get(name)!.data, Number);

describe('momentum contrast', () => {
  const step = compileStep({ objective: moco, optimizer: adam(), device: 'cpu' });
  const batch = (i: number) => {
    const one = draw(`one ${i}`, 4, 8);
    return { inputs: { one, other: one.map((x) => x * 1.1) }, size: 4 };
  };

  /** Mean loss of the last of 60 steps, each on new images. */
  const lateLoss = async (lr: number) => {
    let [state, sum] = [step.initialState(1), 0];
    for (let i = 0; i < 60; i++) {
      const result = await step.run(state, batch(i), { lr });
      state = result.state;
      sum += i < 40 ? 0 : result.loss / 20;
    }
    return sum;
  };

  it('begins with equal networks, fills its queue with keys, and learns', async () => {
    const begin = step.initialState(1);
    expect(values(begin, 'key.0.weight')).toEqual(values(begin, 'query.0.weight'));
    const first = await step.run(begin, batch(0), { lr: 0.005 });
    const queue = values(first.state, 'queue');
    expect(queue.slice(4 * FEATURES)).toEqual(values(begin, 'queue').slice(0, -4 * FEATURES));
    for (const row of [0, 1, 2, 3]) {
      const key = queue.slice(row * FEATURES, (row + 1) * FEATURES);
      expect(Math.hypot(...key)).toBeCloseTo(1, 5);
    }
    const [untrained, trained] = [await lateLoss(0), await lateLoss(0.005)];
    expect(trained).toBeLessThan(0.8 * untrained);
    await step.dispose();
  });
});

describe('mean teacher', () => {
  it('moves the teacher towards the student as it is after the update', async () => {
    const step = compileStep({ objective: meanTeacher, optimizer: sgd(), device: 'cpu' });
    const begin = step.initialState(2);
    const inputs = { x: draw('x', 4, 8), noisy: draw('noisy', 4, 8), y: Float32Array.of(0, 1, 2, 3) };
    const { state } = await step.run(begin, { inputs, size: 4 }, { lr: 0.5 });
    const [before, after] = [begin, state].map((s) => values(s, 'student.2.weight'));
    const teacher = values(state, 'teacher.2.weight');
    expect(after).not.toEqual(before);
    teacher.forEach((value, i) => expect(value).toBeCloseTo(0.9 * before![i]! + 0.1 * after![i]!, 6));
    await step.dispose();
  });
});

const options = {
  model: { name: 'small', ...chain([linear(8, 6), reluLayer(), linear(6, 3)]) },
  loss: crossEntropy,
  optimizer: adam(),
  inputShape: [8] as unknown as readonly [number, number, number],
  device: 'cpu',
} satisfies TrainStepOptions;
const images = draw('images', 12, 8);
const labels = Float32Array.from({ length: 12 }, (_, i) => i % 3);
const part = (from: number, to: number) => ({
  x: images.slice(8 * from, 8 * to),
  y: labels.slice(from, to),
  size: to - from,
});

describe('accumulated gradients', () => {
  it('equal those of the large batch, whatever the parts', async () => {
    const [whole, parts] = [
      compileTrainStep({ ...options, clipNorm: 0.1 }),
      compileTrainStep({ ...options, clipNorm: 0.1, accumulates: true }),
    ];
    let [one, many] = [whole.initialState(3), parts.initialState(3)];
    for (let i = 0; i < 3; i++) {
      one = (await whole.run(one, part(0, 12), { lr: 0.05 })).state;
      many = (await parts.run(many, part(0, 5), { lr: 0.05, update: false })).state;
      many = (await parts.run(many, part(5, 10), { lr: 0.05, update: false })).state;
      expect(many.get('optimizer.waiting_samples')!.data[0]).toBe(10n);
      many = (await parts.run(many, part(10, 12), { lr: 0.05 })).state;
    }
    expect(many.get('optimizer.step')!.data[0]).toBe(3n);
    expect(many.get('optimizer.waiting_samples')!.data[0]).toBe(0n);
    expect(new Set(values(many, 'optimizer.0.weight.waiting_grad'))).toEqual(new Set([0]));
    values(one, '0.weight').forEach((value, i) => expect(values(many, '0.weight')[i]).toBeCloseTo(value, 6));
    await whole.dispose();
    await parts.dispose();
  });

  it('may wait only in steps made for it', async () => {
    const step = compileTrainStep(options);
    await expect(step.run(step.initialState(0), part(0, 4), { lr: 1, update: false })).rejects.toThrow(
      /only in a step that accumulates/,
    );
  });
});

describe('the moving average of the weights', () => {
  // timm 1.0: ModelEmaV3(model, decay=0.9) after two updates is 0.81·w0 + 0.09·w1 + 0.1·w2.
  it("is timm's ModelEmaV3", async () => {
    const step = compileTrainStep({ ...options, ema: { decay: 0.9 } });
    const states = [step.initialState(4)];
    for (let i = 0; i < 2; i++) states.push((await step.run(states[i]!, part(0, 12), { lr: 0.1 })).state);
    const [w0, w1, w2] = states.map((state) => values(state, '2.weight'));
    values(states[2]!, 'ema.2.weight').forEach((value, i) =>
      expect(value).toBeCloseTo(0.81 * w0![i]! + 0.09 * w1![i]! + 0.1 * w2![i]!, 6),
    );
    await step.dispose();
  });

  it('follows quicker at first when it warms up', async () => {
    const step = compileTrainStep({ ...options, ema: { decay: 0.999, warmup: true } });
    const begin = step.initialState(4);
    const { state } = await step.run(begin, part(0, 12), { lr: 0.1 });
    const [w0, w1] = [begin, state].map((each) => values(each, '2.weight'));
    values(state, 'ema.2.weight').forEach((value, i) =>
      expect(value).toBeCloseTo((2 / 11) * w0![i]! + (9 / 11) * w1![i]!, 6),
    );
    await step.dispose();
  });
});

describe('dropout', () => {
  const model = {
    name: 'dropped',
    ...chain([dropout(0.25), linear(8, 6), stochasticDepth(0.5), linear(6, 3)]),
  };
  const logits = async (seed: number, steps: number) => {
    const step = compileTrainStep({ ...options, model, seed, optimizer: sgd() });
    let result = await step.run(step.initialState(5), part(0, 12), { lr: 0 });
    for (let i = 1; i < steps; i++) result = await step.run(result.state, part(0, 12), { lr: 0 });
    await step.dispose();
    return [...result.logits];
  };

  it('depends on seed and step alone', async () => {
    const [one, again, later, other] = await Promise.all([
      logits(1, 1),
      logits(1, 1),
      logits(1, 2),
      logits(2, 1),
    ]);
    expect(again).toEqual(one);
    expect(later).not.toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('by rows leaves some samples with the bias alone, and keeps the mean', async () => {
    const rows = await logits(1, 1);
    const bias = rows.filter((_, i) => rows.filter((value) => value === rows[i]).length > 1);
    expect(bias.length).toBeGreaterThan(3);
    const mask = keepMask(1, 'mask', 40_000, 0.75);
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    expect(mask.reduce((sum, value) => sum + value, 0) / mask.length).toBeCloseTo(1, 2);
  });
});

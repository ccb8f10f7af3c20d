// Tests of timed lowerings: every form equals the interpreter, what is known is not timed, and only clear winners win.
import { describe, expect, it } from 'vitest';
import { traceTuned } from '../compile/tuned.ts';
import { compileStep } from '../compile/step.ts';
import { topologicalOrder } from '../ir/graph.ts';
import { float32, sizeOf, type HostTensor, type Shape } from '../ir/host.ts';
import { conv2d, input, maxPool2d, primitive, relu } from '../ir/ops.ts';
import type { ConvParams, Tensor } from '../ir/primitives.ts';
import { interpret } from '../interpret/interpret.ts';
import { LOSSES } from '../losses/catalogue.ts';
import { batchNorm } from '../nn/batch-norm.ts';
import { conv } from '../nn/convolution.ts';
import { chain } from '../nn/layer.ts';
import { flatten, linear, maxPool, reluLayer } from '../nn/layers.ts';
import { classification } from '../nn/objective.ts';
import { uniformStream } from '../nn/random.ts';
import { lower } from '../onnx/lower.ts';
import { OPTIMIZERS } from '../optimizers/catalogue.ts';
import { REWRITES } from '../rewrite/rewrite.ts';
import { channelBlock } from '../runtime/channel-block.ts';
import { openSession } from '../runtime/session.ts';
import { loweringQuestions, partOf, rewriteKey, rewriteQuestion, type Question } from './question.ts';
import { race, type Race } from './race.ts';
import { createTuner, type Memory } from './tuner.ts';

const GEOMETRY: ConvParams = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };
const EXAMPLES: Readonly<Record<string, Partial<ConvParams> & { x: Shape; w: Shape }>> = {
  'few channels': { x: [2, 3, 6, 5], w: [4, 3, 3, 2], padding: [1, 1] },
  'whole blocks': { x: [16, 16, 6, 5], w: [32, 16, 3, 3], padding: [1, 1] },
  'strides and dilation': {
    x: [16, 16, 7, 8],
    w: [16, 16, 3, 2],
    stride: [2, 1],
    padding: [2, 1],
    dilation: [1, 2],
  },
  'one pixel': { x: [16, 16, 8, 8], w: [16, 16, 1, 1] },
  'tiny images': { x: [32, 16, 2, 2], w: [16, 16, 3, 3], padding: [1, 1] },
  groups: { x: [2, 4, 5, 6], w: [4, 2, 3, 3], groups: 2 },
};

/** The convolution and both its gradients. */
function convolutions({ x: xShape, w: wShape, ...rest }: (typeof EXAMPLES)[string]): Tensor[] {
  const params = { ...GEOMETRY, ...rest };
  const [x, w] = [input('x', xShape), input('w', wShape)];
  const y = conv2d(x, w, params);
  const dy = input('dy', y.shape);
  return [
    y,
    primitive('conv2dInputGrad', [dy, w], { ...params, xShape }),
    primitive('conv2dWeightGrad', [x, dy], { ...params, kernel: [wShape[2]!, wShape[3]!] }),
  ];
}

function feedsOf(outputs: readonly Tensor[]): Map<string, HostTensor> {
  const next = uniformStream(6, 'forms');
  const inputs = topologicalOrder(outputs).filter((tensor) => tensor.op === 'input');
  return new Map(
    inputs.map(({ shape, params }) => [
      params.name,
      float32(
        shape,
        Float32Array.from({ length: sizeOf(shape) }, () => next() - 0.5),
      ),
    ]),
  );
}

/** Expects every form of `question` to give what the interpreter gives for the first. */
async function expectEqual({ forms }: Question): Promise<void> {
  const [first] = Object.values(forms);
  const ports = Object.keys(first!.outputs);
  const feeds = feedsOf(Object.values(first!.outputs));
  const expected = interpret(Object.values(first!.outputs), feeds);
  for (const [name, form] of Object.entries(forms)) {
    const model = lower({ ...form, target: 'cpu', block: await channelBlock() });
    const session = await openSession(model, { device: 'cpu', threads: 1 });
    const actual = await session.run(feeds);
    await session.dispose();
    for (const [i, port] of ports.entries()) {
      const { values } = expected[i]!;
      const scale = Math.max(1, ...values.map(Math.abs));
      values.forEach((value, k) => {
        expect(Math.abs(Number(actual.get(port)!.data[k]) - value), `${name} ${port}`).toBeLessThan(
          2e-5 * scale,
        );
      });
    }
  }
}

/** A memory in a map, and everything it was told. */
function memoryOf(
  answers: Record<string, string> = {},
): Memory & { readonly told: [string, string, boolean][] } {
  const told: [string, string, boolean][] = [];
  return {
    told,
    recall: (_place, question) => answers[question],
    record: (_place, question, answer, isNew) => told.push([question, answer, isNew]),
  };
}

const CPU = { device: 'cpu', threads: 1 } as const;

describe('forms of a part', () => {
  it.each(Object.keys(EXAMPLES))('of convolutions equal the interpreter: %s', async (name) => {
    // Whole results, not their sums: each form lowers the node itself.
    for (const output of convolutions(EXAMPLES[name]!)) {
      const [question] = loweringQuestions([output]) as [Question];
      const forms = Object.entries(question.forms).map(
        ([form, { choices }]) => [form, { outputs: { output }, choices }] as const,
      );
      await expectEqual({ key: question.key, forms: Object.fromEntries(forms) });
      await expectEqual(question);
    }
  });

  it.each([
    ['pooledConvolution', maxPool2d(conv2d(input('x', [2, 2, 8, 8]), input('w', [3, 2, 5, 5])), [2, 2])],
    ['pooledRelu', maxPool2d(relu(input('x', [2, 3, 5, 6])), [2, 2])],
    ['depthwiseConvolution', conv2d(input('x', [2, 3, 5, 5]), input('w', [3, 1, 3, 3]), { groups: 3 })],
  ] as const)('of %s equal the interpreter', async (name, tensor) => {
    const part = partOf(tensor);
    await expectEqual(
      rewriteQuestion(rewriteKey(name, part), name, part, REWRITES[name](part)!.better, true),
    );
  });
});

describe('a tuner', () => {
  const question = loweringQuestions([convolutions(EXAMPLES['few channels']!)[2]!])[0]!;
  /** Forms differ in two ways here: the standard one, and columns. */
  const answering = async (races: readonly (readonly number[])[]): Promise<readonly [string, number]> => {
    let count = 0;
    const timed: Race = () => Promise.resolve([...races[count++]!]);
    const choices = await createTuner({ memory: memoryOf(), race: timed }, CPU).answer([question]);
    return [choices.get(question.key)!, count];
  };

  it('takes another form only when it is clearly quicker, twice', async () => {
    expect(
      await answering([
        [10, 5],
        [10, 5],
      ]),
    ).toEqual(['columns', 2]);
    expect(await answering([[10, 9]])).toEqual(['by shape', 1]);
    expect(
      await answering([
        [10, 5],
        [10, 11],
      ]),
    ).toEqual(['by shape', 2]);
  });

  it('does not time what it knows, and times what is no longer there', async () => {
    const never: Race = () => Promise.reject(new Error('timed'));
    const known = memoryOf({ [question.key]: 'columns' });
    expect(await createTuner({ memory: known, race: never }, CPU).answer([question])).toEqual(
      new Map([[question.key, 'columns']]),
    );
    expect(known.told).toEqual([[question.key, 'columns', false]]);
    const foreign = createTuner({ memory: memoryOf({ [question.key]: 'gone' }), race: never }, CPU);
    await expect(foreign.answer([question])).rejects.toThrow('timed');
  });

  it('races real models', async () => {
    const models = Object.values(question.forms).map((form) => lower({ ...form, target: 'cpu' }));
    const outputs = Object.values(Object.values(question.forms)[0]!.outputs);
    const times = await race([...models, Uint8Array.of(1)], feedsOf(outputs), CPU);
    expect(times.map((time) => time > 0 && time < Infinity)).toEqual([...models.map(() => true), false]);
  });
});

describe('a tuned step', () => {
  const network = chain([
    conv(1, 8, 5),
    maxPool(2),
    conv(8, 16, 3, { padding: 1, bias: false }),
    batchNorm(16),
    reluLayer(),
    flatten(),
    linear(256, 1),
  ]);
  const objective = classification({ name: 'tiny', ...network }, LOSSES.bce_with_logits, [1, 12, 12]);
  const recipe = { objective, optimizer: OPTIMIZERS.sgd() };
  const batch = {
    inputs: {
      x: Float32Array.from({ length: 4 * 144 }, (_, i) => (i % 13) / 13),
      y: Float32Array.of(0, 1, 1, 0),
    },
    size: 4,
  };
  /** Each form that is not the first is ten times as quick. */
  const others: Race = (models) => Promise.resolve(models.map((_, i) => (i === models.length - 1 ? 1 : 10)));
  const trained = async (memory: Memory, timed: Race) => {
    const step = compileStep({ ...recipe, ...CPU, tuning: { memory, race: timed } });
    const { state, loss } = await step.run(step.initialState(1), batch, { lr: 0.1 });
    await step.dispose();
    return { state, loss };
  };

  it('asks about rewrites and lowerings, gives the same mathematics, and the same bytes from recorded answers', async () => {
    const memory = memoryOf();
    const tuned = await trained(memory, others);
    const plain = await trained(memoryOf(), (models) => Promise.resolve(models.map(() => 1)));
    expect(Math.abs(tuned.loss - plain.loss)).toBeLessThan(1e-5);
    const asked = memory.told.map(([question]) => (JSON.parse(question) as [string])[0]);
    expect(new Set(asked)).toEqual(
      new Set(['pooledConvolution', 'conv2d', 'conv2dInputGrad', 'conv2dWeightGrad']),
    );
    const recorded = Object.fromEntries(memory.told.map(([question, answer]) => [question, answer]));
    const again = await trained(memoryOf(recorded), () => Promise.reject(new Error('timed')));
    for (const [name, { data }] of tuned.state)
      expect(Buffer.from(data.buffer).equals(Buffer.from(again.state.get(name)!.data.buffer)), name).toBe(
        true,
      );
  });

  it('without a tuner leaves everything to shapes', async () => {
    expect((await traceTuned(recipe, 4, 'update', undefined)).choices.size).toBe(0);
  });
});

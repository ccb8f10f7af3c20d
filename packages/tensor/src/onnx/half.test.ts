// Tests of mixed precision: products are rounded to half precision, everything else is not, and all stays near the float64 interpreter.
import { describe, expect, it } from 'vitest';
import proto from 'onnx-proto';
import { float32, type HostTensor } from '../ir/host.ts';
import { add, conv2d, exp, input, matmul, maximum, mul, relu, reshape } from '../ir/ops.ts';
import type { PrimitiveName, Tensor } from '../ir/primitives.ts';
import { interpret } from '../interpret/interpret.ts';
import { openSession } from '../runtime/session.ts';
import { CASES, instantiate } from '../testing/cases.ts';
import { lower } from './lower.ts';

async function inHalf(
  output: Tensor,
  feeds: Map<string, HostTensor>,
  target: 'cpu' | 'cuda' = 'cpu',
): Promise<HostTensor> {
  const file = lower({ outputs: { output }, target, precision: 'fp16' });
  const session = await openSession(file, { device: 'cpu', threads: 1 });
  const result = (await session.run(feeds)).get('output')!;
  await session.dispose();
  return result;
}

/** Nodes of the file by their operator. */
function operators(output: Tensor): string[] {
  const file = lower({ outputs: { output }, precision: 'fp16' });
  return proto.onnx.ModelProto.decode(file).graph!.node!.map(({ opType }) => opType!);
}

const PRODUCTS = ['conv2d', 'conv2dInputGrad', 'conv2dWeightGrad', 'matmul', 'batchMatmul'] as const;
/** Half precision has 11 bits; its rounding of inputs and result adds up. */
const ROUNDING = 2 ** -9;

describe('products in half precision', () => {
  const examples = PRODUCTS.flatMap((name: PrimitiveName) =>
    (['cpu', 'cuda'] as const).flatMap((target) =>
      CASES[name].map((example, i) => [name, i, target, example] as const),
    ),
  );

  it.each(examples)('%s, case %i, for %s', async (_name, _i, target, example) => {
    const { output, feeds } = instantiate(example);
    const [expected] = interpret([output], feeds);
    const actual = await inHalf(output, feeds, target);
    expect(actual.dtype).toBe('float32');
    expect(actual.shape).toEqual(output.shape);
    const errors = expected!.values.map((value, i) => Math.abs(Number(actual.data[i]) - value));
    const scale = Math.max(...expected!.values.map(Math.abs));
    expect(Math.max(...errors)).toBeLessThanOrEqual(ROUNDING * scale);
    // ONNX Runtime takes the rounding away where it has to widen a graph that is meant for a GPU.
    if (target === 'cpu') expect(Math.max(...errors)).toBeGreaterThan(2e-6 * scale);
  });

  it('overflow beyond the largest half', async () => {
    const output = matmul(input('a', [1, 1]), input('b', [1, 1]));
    const one = (value: number) => float32([1, 1], Float32Array.of(value));
    const product = (a: number, b: number) => inHalf(output, new Map([['a', one(a)], ['b', one(b)]])); // prettier-ignore
    expect((await product(255, 256)).data[0]).toBe(65280);
    expect((await product(256, 256)).data[0]).toBe(Infinity);
  });
});

describe('what is not a product', () => {
  const [x, w, b] = [input('x', [2, 3, 4, 4]), input('w', [5, 3, 3, 3]), input('b', [5])];
  const biased = add(conv2d(x, w), reshape(b, [5, 1, 1]));

  it('stays in full precision', async () => {
    const a = input('a', [2]);
    const output = exp(mul(maximum(a, 0.1), 1.001));
    expect(operators(output)).not.toContain('Cast');
    const actual = await inHalf(output, new Map([['a', float32([2], Float32Array.of(1.00001, 0.3))]]));
    expect(actual.data[0]).toBeCloseTo(Math.exp(1.00001 * 1.001), 6);
  });

  it('is there once in half precision, with the bias inside and what moves values after it', () => {
    expect(operators(relu(biased)).filter((op) => op !== 'Reshape')).toEqual([
      'Cast',
      'Cast',
      'Cast',
      'Conv',
      'Relu',
      'Cast',
    ]);
    const twice = add(conv2d(relu(biased), w.shape[1] === 3 ? input('v', [1, 5, 1, 1]) : w), 1);
    expect(operators(twice).filter((op) => op === 'Cast')).toHaveLength(5);
  });
});

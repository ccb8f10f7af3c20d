// Tests of what stays in blocks of channels between convolutions: the same values and gradients, and no way back and forth.
import { beforeAll, describe, expect, it } from 'vitest';
import { grad } from '../grad/grad.ts';
import { float32, sizeOf, type HostTensor } from '../ir/host.ts';
import * as ir from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import { interpret } from '../interpret/interpret.ts';
import { uniformStream } from '../nn/random.ts';
import { channelBlock } from '../runtime/channel-block.ts';
import { openSession } from '../runtime/session.ts';
import { lower } from './lower.ts';

const SHAPES = {
  x: [16, 16, 4, 4],
  w: [16, 16, 3, 3],
  v: [16, 16, 3, 3],
  scale: [16],
  shift: [16],
} as const;
const inputs = (): Record<keyof typeof SHAPES, Tensor> => ({
  x: ir.input('x', SHAPES.x),
  w: ir.input('w', SHAPES.w),
  v: ir.input('v', SHAPES.v),
  scale: ir.input('scale', SHAPES.scale),
  shift: ir.input('shift', SHAPES.shift),
});
const conv = (x: Tensor, weight: Tensor) => ir.conv2d(x, weight, { padding: [1, 1] });
const perChannel = (vector: Tensor) => ir.reshape(vector, [16, 1, 1]);

/** Batch normalisation as `nn/batch-norm.ts` writes it. */
function normalised(x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  const mean = ir.channelMean(x);
  const factor = ir.div(scale, ir.sqrt(ir.add(ir.channelVariance(x, mean), 1e-5)));
  return ir.channelAffine(x, factor, ir.sub(shift, ir.mul(mean, factor)));
}

type Inputs = ReturnType<typeof inputs>;

const CHAINS: Readonly<Record<string, (of: Inputs) => Tensor>> = {
  'a residual block': ({ x, w, v, scale, shift }) => {
    const hidden = ir.relu(normalised(conv(x, w), scale, shift));
    return ir.relu(ir.add(normalised(conv(hidden, v), shift, scale), x));
  },
  'biases and activations': ({ x, w, v, shift }) => {
    const hidden = ir.silu(ir.add(conv(x, w), perChannel(shift)));
    return ir.tanh(ir.sub(conv(hidden, v), ir.mul(hidden, 0.5)));
  },
  'a vector per channel on either side': ({ x, w, v, scale, shift }) => {
    const affine = ir.channelAffine(conv(x, w), scale, shift);
    return conv(ir.relu(ir.add(perChannel(shift), ir.add(affine, conv(x, v)))), v);
  },
  'sums and products with other shapes': ({ x, w, scale }) => {
    const y = conv(x, w);
    const gate = ir.reshape(ir.reduceSum(y, [2, 3]), [16, 16, 1, 1]);
    return ir.add(ir.mul(y, ir.sigmoid(gate)), ir.add(ir.mul(y, perChannel(scale)), ir.exp(ir.neg(y))));
  },
  'a pool and a comparison': ({ x, w, v }) => {
    const y = ir.maxPool2d(conv(x, w), [2, 2]);
    return ir.select(ir.greater(conv(y, v), y), y, ir.mul(y, 2));
  },
};

function feeds(): Map<string, HostTensor> {
  const next = uniformStream(5, 'chains');
  return new Map(
    Object.entries(SHAPES).map(([name, shape]) => [
      name,
      float32(
        shape,
        Float32Array.from({ length: sizeOf(shape) }, () => next() - 0.5),
      ),
    ]),
  );
}

const count = (file: Uint8Array, word: string): number =>
  Buffer.from(file).toString('latin1').split(word).length - 1;

describe('chains in blocks of channels', () => {
  let block: number | undefined;
  beforeAll(async () => {
    block = await channelBlock();
  });

  it.each(Object.keys(CHAINS))('%s: values and gradients equal the interpreter', async (name) => {
    const all = inputs();
    const y = CHAINS[name]!(all);
    const gradients = grad(ir.reduceSum(ir.mul(y, y)), Object.values(all));
    const outputs = Object.fromEntries([y, ...gradients].map((tensor, i) => [`o${i}`, tensor]));
    const expected = interpret(Object.values(outputs), feeds());
    const session = await openSession(lower({ outputs, target: 'cpu', block }), {
      device: 'cpu',
      threads: 2,
    });
    const needed = feeds();
    const actual = await session.run(needed);
    await session.dispose();
    for (const [i, { values }] of expected.entries()) {
      const scale = Math.max(1, ...values.map(Math.abs));
      values.forEach((value, k) => {
        expect(Math.abs(Number(actual.get(`o${i}`)!.data[k]) - value), `o${i}`).toBeLessThanOrEqual(
          8e-6 * scale,
        );
      });
    }
  });

  it('bring a chain into blocks once and out of them once', () => {
    const y = CHAINS['a residual block']!(inputs());
    const file = lower({ outputs: { y }, target: 'cpu', block: 16 });
    expect(count(file, 'ReorderOutput')).toBe(1);
    expect(count(file, 'BatchNormalization')).toBe(0);
    expect(count(lower({ outputs: { y }, target: 'cpu' }), 'nchwc')).toBe(0);
  });
});

// Tests of the blocked convolutions: they equal the interpreter, are used where they fit, and stand back elsewhere.
import { beforeAll, describe, expect, it } from 'vitest';
import { float32, sizeOf, type HostTensor, type Shape } from '../ir/host.ts';
import { add, conv2d, input, primitive, reshape } from '../ir/ops.ts';
import type { ConvParams, Tensor } from '../ir/primitives.ts';
import { interpret } from '../interpret/interpret.ts';
import { uniformStream } from '../nn/random.ts';
import { channelBlock } from '../runtime/channel-block.ts';
import { openSession } from '../runtime/session.ts';
import { lower } from './lower.ts';

const LARGEST_BLOCK = 16;

interface Example extends Partial<ConvParams> {
  readonly x: Shape;
  readonly w: Shape;
}

const EXAMPLES: Readonly<Record<string, Example>> = {
  plain: { x: [16, 16, 6, 5], w: [32, 16, 3, 3], padding: [1, 1] },
  'with stride': { x: [16, 16, 6, 8], w: [16, 16, 3, 3], stride: [2, 2], padding: [1, 1] },
  'with a stride along one axis': { x: [16, 16, 5, 6], w: [16, 16, 3, 2], stride: [1, 2], padding: [2, 0] },
  'with dilation': { x: [16, 16, 7, 8], w: [16, 16, 3, 2], padding: [2, 1], dilation: [2, 3] },
  'one pixel wide with stride': { x: [32, 32, 4, 6], w: [16, 32, 1, 1], stride: [2, 2] },
  'of few channels': { x: [16, 3, 12, 12], w: [16, 3, 7, 7], stride: [2, 2], padding: [3, 3] },
  'on images that every tap fills': { x: [32, 16, 2, 2], w: [32, 16, 3, 3], padding: [1, 1] },
  'on such images with stride': { x: [32, 32, 2, 2], w: [16, 32, 3, 3], padding: [1, 1], stride: [2, 2] },
  'on images that some taps miss': { x: [32, 16, 3, 2], w: [16, 16, 3, 3], padding: [1, 1] },
  'of several blocks': { x: [32, 32, 4, 3], w: [16, 32, 3, 3], padding: [1, 1] },
  'without padding': { x: [16, 16, 5, 6], w: [16, 16, 2, 3] },
};

/** Forms that the kernels cannot take, each for a reason of its own. */
const FOREIGN: Readonly<Record<string, Example>> = {
  'whose channels are no multiple of the block': { x: [16, 20, 4, 4], w: [12, 20, 3, 3] },
  'of groups': { x: [16, 32, 4, 4], w: [32, 16, 3, 3], groups: 2 },
};

const GEOMETRY: ConvParams = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };

/** The convolution with bias, and both its gradients; the weight's also of an image that is in blocks already. */
function outputsOf({ x: xShape, w: wShape, ...rest }: Example): Record<string, Tensor> {
  const params = { ...GEOMETRY, ...rest };
  const [x, w, b] = [input('x', xShape), input('w', wShape), input('b', [wShape[0]!])];
  const y = conv2d(x, w, params);
  const dy = input('dy', y.shape);
  const dx = primitive('conv2dInputGrad', [dy, w], { ...params, xShape });
  const kernel = [wShape[2]!, wShape[3]!] as const;
  return {
    y,
    biased: add(conv2d(x, w, params), reshape(b, [wShape[0]!, 1, 1])),
    dx,
    dw: primitive('conv2dWeightGrad', [x, dy], { ...params, kernel }),
    chained: primitive('conv2dWeightGrad', [dx, dy], { ...params, kernel }),
  };
}

function feedsOf({ x, w }: Example, dy: Shape): Map<string, HostTensor> {
  const next = uniformStream(4, 'blocked');
  const random = (shape: Shape) =>
    float32(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => next() - 0.5),
    );
  return new Map([
    ['x', random(x)],
    ['w', random(w)],
    ['b', random([w[0]!])],
    ['dy', random(dy)],
  ]);
}

const isBlocked = (file: Uint8Array): boolean => Buffer.from(file).includes('com.microsoft.nchwc');

describe('blocked convolutions', () => {
  let block: number | undefined;
  beforeAll(async () => {
    block = await channelBlock();
  });

  it.each(Object.keys(EXAMPLES))('%s: equal the interpreter', async (name) => {
    const outputs = outputsOf(EXAMPLES[name]!);
    const feeds = feedsOf(EXAMPLES[name]!, outputs['y']!.shape);
    const expected = interpret(Object.values(outputs), feeds);
    const session = await openSession(lower({ outputs, target: 'cpu', block }), {
      device: 'cpu',
      threads: 2,
    });
    const actual = await session.run(feeds);
    await session.dispose();
    for (const [i, [port, { shape }]] of Object.entries(outputs).entries()) {
      const { values } = expected[i]!;
      const scale = Math.max(...values.map(Math.abs));
      expect(actual.get(port)!.shape, port).toEqual(shape);
      values.forEach((value, k) => {
        expect(Math.abs(Number(actual.get(port)!.data[k]) - value), port).toBeLessThanOrEqual(4e-6 * scale);
      });
    }
  });

  it.each(Object.keys(EXAMPLES))('%s: are used where the machine has them, and nowhere else', (name) => {
    for (const [port, output] of Object.entries(outputsOf(EXAMPLES[name]!))) {
      const isFewChannels = port === 'dx' && EXAMPLES[name]!.x[1]! < LARGEST_BLOCK;
      expect(isBlocked(lower({ outputs: { output }, block: LARGEST_BLOCK })), port).toBe(!isFewChannels);
      expect(isBlocked(lower({ outputs: { output } }))).toBe(false);
    }
  });

  it.each(Object.keys(FOREIGN))('%s: are left to standard operators', (name) => {
    expect(isBlocked(lower({ outputs: outputsOf(FOREIGN[name]!), block: LARGEST_BLOCK }))).toBe(false);
  });

  it('give up a batch that does not fill blocks', () => {
    const { dw } = outputsOf({ ...EXAMPLES['plain']!, x: [3, 16, 6, 5] });
    expect(isBlocked(lower({ outputs: { dw: dw! }, block: LARGEST_BLOCK }))).toBe(false);
  });
});

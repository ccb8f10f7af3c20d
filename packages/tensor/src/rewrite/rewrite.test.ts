// Tests of the rewrites: the same values and gradients as the plain graph, and applied only where they pay.
import { describe, expect, it } from 'vitest';
import { grad } from '../grad/grad.ts';
import { topologicalOrder } from '../ir/graph.ts';
import { float32, sizeOf, type HostTensor } from '../ir/host.ts';
import { add, conv2d, input, maxPool2d, mul, reduceSum, relu, reshape, sub, tanh } from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import { interpret } from '../interpret/interpret.ts';
import { uniformStream } from '../nn/random.ts';
import { rewrite } from './rewrite.ts';

const uses = (outputs: Tensor[], op: Tensor['op']) =>
  topologicalOrder(outputs).some((tensor) => tensor.op === op);

describe('a convolution under a max pool', () => {
  it.each([
    ['plain', { stride: [1, 1], padding: [0, 0] }, 1],
    ['strided and padded', { stride: [2, 1], padding: [2, 1] }, 1],
    ['on levels that tie', { stride: [1, 1], padding: [0, 0] }, 0],
  ] as const)('becomes one strided convolution: %s', (_name, geometry, noise) => {
    const inputs = [input('x', [2, 2, 14, 11]), input('w', [3, 2, 9, 6]), input('b', [3])] as const;
    const [x, w, b] = inputs;
    const plain = maxPool2d(add(conv2d(x, w, geometry), reshape(b, [3, 1, 1])), [2, 2]);
    const [better] = rewrite([plain]) as [Tensor];
    expect(uses([better], 'maxPool2d')).toBe(false);
    const results = [plain, better].map((y) => {
      const loss = reduceSum(tanh(mul(y, 0.1)));
      return interpret([y, ...grad(loss, inputs)], feeds(inputs, noise));
    });
    for (const [i, { values }] of results[0]!.entries())
      values.forEach((value, k) => expect(results[1]![i]!.values[k]).toBeCloseTo(value, 9));
  });

  it('is left alone where the wider kernels would cost more than they save', () => {
    const y = maxPool2d(conv2d(input('x', [1, 1, 8, 8]), input('w', [1, 1, 3, 3])), [2, 2]);
    expect(rewrite([y])).toEqual([y]);
    expect(rewrite([y])[0]).toBe(y);
  });
});

describe('a rectifier under a max pool', () => {
  it.each([
    ['of windows side by side', {}, 1],
    ['of windows that overlap, on levels that tie', { stride: [2, 2], padding: [1, 1] }, 0],
  ] as const)('moves behind it: %s', (_name, geometry, noise) => {
    const x = input('x', [2, 3, 7, 6]);
    const plain = maxPool2d(relu(sub(x, 0.2)), [3, 3], geometry);
    const [better] = rewrite([plain]) as [Tensor];
    expect(better.op).toBe('relu');
    const [expected, actual] = [plain, better].map((y) => {
      const loss = reduceSum(tanh(mul(y, 0.1)));
      return interpret([y, ...grad(loss, [x])], feeds([x], noise));
    });
    expect(actual).toEqual(expected);
  });

  it('is left alone where the images stay as large', () => {
    const y = maxPool2d(relu(input('x', [1, 1, 4, 4])), [3, 3], { stride: [1, 1], padding: [1, 1] });
    expect(rewrite([y])[0]).toBe(y);
  });
});

describe('a depthwise convolution', () => {
  it.each([
    ['plain', [2, 3, 4, 3], 3, { padding: [1, 1] }],
    ['wider than the image', [2, 3, 2, 2], 5, { padding: [2, 2] }],
    ['strided and dilated', [2, 3, 7, 8], 2, { stride: [2, 3], padding: [1, 0], dilation: [3, 2] }],
  ] as const)('of small images becomes products: %s', (_name, shape, kernel, geometry) => {
    const inputs = [input('x', shape), input('w', [3, 1, kernel, kernel])] as const;
    const plain = conv2d(...inputs, { ...geometry, groups: 3 });
    const [better] = rewrite([plain]) as [Tensor];
    expect(uses([better], 'conv2d')).toBe(false);
    const [expected, actual] = [plain, better].map((y) => {
      const loss = reduceSum(tanh(mul(y, 0.1)));
      return interpret([y, ...grad(loss, inputs)], feeds(inputs, 1));
    });
    for (const [i, { values }] of expected!.entries())
      values.forEach((value, k) => expect(actual![i]!.values[k]).toBeCloseTo(value, 9));
  });

  it('of large images, or of groups of several channels, is left alone', () => {
    const large = conv2d(input('x', [1, 2, 12, 12]), input('w', [2, 1, 3, 3]), {
      padding: [1, 1],
      groups: 2,
    });
    const wide = conv2d(input('x', [1, 4, 4, 4]), input('w', [4, 2, 3, 3]), { groups: 2 });
    expect(rewrite([large, wide])).toEqual([large, wide]);
  });
});

/** Random feeds; without `noise` the image is black but for a few bright columns. */
function feeds(inputs: readonly Tensor[], noise: number): Map<string, HostTensor> {
  const next = uniformStream(3, 'rewrite');
  return new Map(
    inputs.map(({ shape }, i) => {
      const isFlatImage = i === 0 && noise === 0;
      const draw = (_: unknown, k: number) => (isFlatImage ? Number(k % 11 > 8) : next() - 0.5);
      return [['x', 'w', 'b'][i]!, float32(shape, Float32Array.from({ length: sizeOf(shape) }, draw))];
    }),
  );
}

// Tests of shape inference and of the graph-building shortcuts.
import { describe, expect, it } from 'vitest';
import { topologicalOrder } from './graph.ts';
import {
  add,
  broadcast,
  channelAffine,
  conv2d,
  input,
  matmul,
  maxPool2d,
  mul,
  oneHot,
  reduceSum,
  reshape,
  select,
  sumTo,
  transpose,
} from './ops.ts';

const a = input('a', [2, 3]);

describe('shapes that do not fit', () => {
  it.each([
    [
      'add: shapes must broadcast together, but got float32[2, 3] and float32[2]',
      () => add(a, input('b', [2])),
    ],
    [
      'matmul: inner extents must agree (3 and 2), but got float32[2, 3] and float32[2, 3]',
      () => matmul(a, a),
    ],
    ['reshape: [4] must hold as many elements, but got float32[2, 3]', () => reshape(a, [4])],
    ['broadcast: the shape must broadcast to [3], but got float32[2, 3]', () => broadcast(a, [3])],
    ['transpose: [0, 0] must name every axis once, but got float32[2, 3]', () => transpose(a, [0, 0])],
    ['reduceSum: axes [2] must exist, but got float32[2, 3]', () => reduceSum(a, [2])],
    ['conv2d: inputs must have 4 axes, but got float32[2, 3] and float32[2, 3]', () => conv2d(a, a)],
    [
      'select: the condition must be bool, but got float32[2, 3] and float32[2, 3] and float32[2, 3]',
      () => select(a, a, a),
    ],
    ['mul: inputs must be float32, but got int64[2] and float32[]', () => mul(input('i', [2], 'int64'), 2)],
    [
      "conv2d: the image must have the weight's 4 input channels, but got float32[1, 3, 4, 4] and float32[4, 2, 3, 3]",
      () => conv2d(input('x', [1, 3, 4, 4]), input('w', [4, 2, 3, 3]), { groups: 2 }),
    ],
    [
      'maxPool2d: the padding must be at most half of the 3×3 window, but got float32[1, 1, 4, 4]',
      () => maxPool2d(input('x', [1, 1, 4, 4]), [3, 3], { padding: [2, 2] }),
    ],
    [
      'maxPool2d: the stride must be at most the 2×2 window, but got float32[1, 1, 4, 4]',
      () => maxPool2d(input('x', [1, 1, 4, 4]), [2, 2], { stride: [3, 3] }),
    ],
    [
      'channelAffine: there must be one value per channel, but got float32[1, 2, 4, 4] and float32[3] and float32[2]',
      () => channelAffine(input('x', [1, 2, 4, 4]), input('s', [3]), input('b', [2])),
    ],
    ['oneHot: indices must have one axis, but got [2, 3]', () => oneHot(a, 3)],
  ])('%s', (message, build) => {
    expect(build).toThrow(message);
  });
});

describe('graphs', () => {
  it('drop broadcasts that elementwise primitives do by themselves', () => {
    const column = input('c', [2, 1]);
    expect(mul(broadcast(column, [2, 3]), a).inputs[0]).toBe(column);
    expect(mul(broadcast(column, [2, 3]), column).shape).toEqual([2, 3]);
    expect(mul(broadcast(column, [2, 3]), broadcast(column, [2, 3])).shape).toEqual([2, 3]);
  });

  it('sum back to the shape that was broadcast', () => {
    expect(sumTo(input('x', [4, 2, 3]), [2, 1]).shape).toEqual([2, 1]);
  });

  it('list every tensor once, inputs first, however deep', () => {
    let deep = a;
    for (let i = 0; i < 20_000; i++) deep = add(deep, deep);
    const order = topologicalOrder([deep, a]);
    expect(order.length).toBe(20_001);
    expect(order[0]).toBe(a);
  });
});

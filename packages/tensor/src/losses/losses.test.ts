// Tests of the losses' label smoothing against torch 2.15; without smoothing the parity fixtures cover them.
import { expect, it } from 'vitest';
import { float32 } from '../ir/host.ts';
import { input } from '../ir/ops.ts';
import { interpret } from '../interpret/interpret.ts';
import { LOSSES } from './catalogue.ts';

function lossOf(name: keyof typeof LOSSES, logits: number[][], labels: number[], smoothing?: number): number {
  const shape = [logits.length, logits[0]!.length];
  const [x, y] = [input('x', shape), input('y', [labels.length])];
  const feeds = new Map([
    ['x', float32(shape, Float32Array.from(logits.flat()))],
    ['y', float32([labels.length], Float32Array.from(labels))],
  ]);
  return interpret([LOSSES[name].forward(x, y, { smoothing })], feeds)[0]!.values[0]!;
}

const CLASSES = [
  [0.5, -1.25, 2],
  [1.5, 0.25, -0.75],
];

it('cross_entropy(label_smoothing=0.1)', () => {
  expect(lossOf('cross_entropy', CLASSES, [2, 0], 0.1)).toBeCloseTo(0.4191473126411438, 6);
  expect(lossOf('cross_entropy', CLASSES, [2, 0], 0)).toBe(lossOf('cross_entropy', CLASSES, [2, 0]));
});

it('binary cross-entropy on labels moved towards one half', () => {
  expect(lossOf('bce_with_logits', [[0.5], [-2]], [1, 0], 0.2)).toBeCloseTo(0.4255025386810303, 6);
});

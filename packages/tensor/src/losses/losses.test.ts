// Tests of the losses' options against torch 2.15; without options the parity fixtures cover them.
import { describe, expect, it } from 'vitest';
import { float32 } from '../ir/host.ts';
import { input } from '../ir/ops.ts';
import { interpret } from '../interpret/interpret.ts';
import { LOSSES } from './catalogue.ts';
import type { LossOptions } from './loss.ts';

function lossOf(
  name: keyof typeof LOSSES,
  logits: readonly (readonly number[])[],
  labels: readonly number[],
  options: LossOptions = {},
): number {
  const shape = [logits.length, logits[0]!.length];
  const labelShape = labels.length === shape[0] ? [shape[0]] : shape;
  const [x, y] = [input('x', shape), input('y', labelShape)];
  const feeds = new Map([
    ['x', float32(shape, Float32Array.from(logits.flat()))],
    ['y', float32(labelShape, Float32Array.from(labels))],
  ]);
  return interpret([LOSSES[name].forward(x, y, options)], feeds)[0]!.values[0]!;
}

const CLASSES = [
  [0.5, -1.25, 2],
  [1.5, 0.25, -0.75],
];

it('cross_entropy(label_smoothing=0.1)', () => {
  expect(lossOf('cross_entropy', CLASSES, [2, 0], { smoothing: 0.1 })).toBeCloseTo(0.4191473126411438, 6);
  expect(lossOf('cross_entropy', CLASSES, [2, 0], { smoothing: 0 })).toBe(
    lossOf('cross_entropy', CLASSES, [2, 0]),
  );
});

it('binary cross-entropy on labels moved towards one half', () => {
  expect(lossOf('bce_with_logits', [[0.5], [-2]], [1, 0], { smoothing: 0.2 })).toBeCloseTo(
    0.4255025386810303,
    6,
  );
});

describe('class weights, soft labels and the focal loss', () => {
  const weights = [1, 2, 0.5];
  const binary = [[0.5], [-2]];
  const soft = [0.2, 0.3, 0.5, 0.7, 0.3, 0];

  // torch 2.15 and torchvision 0.29 in float64.
  it.each([
    [
      'cross_entropy(weight)',
      'cross_entropy',
      CLASSES,
      [2, 1],
      { classWeights: weights },
      1.3110624841461858,
    ],
    [
      'cross_entropy(weight, label_smoothing=0.1)',
      'cross_entropy',
      CLASSES,
      [2, 1],
      { classWeights: weights, smoothing: 0.1 },
      1.3612433167153324,
    ],
    ['cross_entropy of shares', 'cross_entropy', CLASSES, soft, {}, 1.1066472962546283],
    [
      'cross_entropy of shares, weighted and smoothed',
      'cross_entropy',
      CLASSES,
      soft,
      { classWeights: weights, smoothing: 0.1 },
      1.8799662147486431,
    ],
    [
      'binary cross-entropy, weighted',
      'bce_with_logits',
      binary,
      [1, 0],
      { classWeights: [0.5, 3] },
      0.7428474790309032,
    ],
    ['sigmoid_focal_loss(gamma=2)', 'focal', binary, [1, 0], { gamma: 2 }, 0.034688526676372004],
    [
      'sigmoid_focal_loss(alpha=0.25, gamma=1.5)',
      'focal',
      binary,
      [1, 0],
      { gamma: 1.5, classWeights: [0.75, 0.25] },
      0.01570582200557968,
    ],
    ['focal loss over classes', 'focal', CLASSES, [2, 1], {}, 0.5034717307954305],
  ] as const)('%s', (_what, name, logits, labels, options, expected) => {
    expect(lossOf(name, logits, labels, options)).toBeCloseTo(expected, 6);
  });
});

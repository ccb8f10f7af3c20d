// Tests of what is seen to fall apart into its parts, and of what must not.
import { describe, expect, it } from 'vitest';
import {
  add,
  batchMatmul,
  channelMean,
  constant,
  conv2d,
  div,
  input,
  layerNorm,
  matmul,
  mean,
  mul,
  neg,
  reduceMax,
  reduceSum,
  reshape,
  scalar,
  slice,
  softmax,
  sub,
  transpose,
} from '../ir/ops.ts';
import { float32 } from '../ir/host.ts';
import type { Tensor } from '../ir/primitives.ts';
import { crossEntropy } from '../losses/cross-entropy.ts';
import { bceWithLogits } from '../losses/bce-with-logits.ts';
import { focal } from '../losses/focal.ts';
import { isSeparable } from './separable.ts';

const [SIZE, PARTS] = [12, 3];
const X = 'batch.x';

/** Whether the loss that `build` makes of [size, 4, 6] entries, and the output beside it, fall apart. */
function fallsApart(build: (x: Tensor, size: number) => Tensor | readonly [Tensor, Tensor]): boolean {
  const graphOf = (size: number) => {
    const built = build(input(X, [size, 4, 6]), size);
    const [loss, output] = 'op' in built ? [built, undefined] : built;
    return { loss, outputs: output === undefined ? [] : [output] };
  };
  return isSeparable(graphOf(SIZE), graphOf(SIZE / PARTS), PARTS, (name) => name === X);
}

const weight = input('weight', [6, 5]);
const six = input('six', [6]);
const rows = (x: Tensor): Tensor => reshape(x, [x.shape[0]! * 4, 6]);
const logitsOf = (x: Tensor): Tensor => matmul(reshape(x, [x.shape[0]!, 24]), input('head', [24, 3]));
const labels = (size: number): Tensor => reduceMax(input(X, [size, 4, 6]), [1, 2]);

describe('a loss falls apart', () => {
  const cases: Record<string, (x: Tensor, size: number) => Tensor | readonly [Tensor, Tensor]> = {
    'as a mean': (x) => mean(x),
    'of products with shared weights': (x) => mean(matmul(rows(x), weight)),
    'of products of a sample with itself': (x) => mean(softmax(batchMatmul(x, x, false, true))),
    'after normalisation of every token': (x) => mean(layerNorm(x, six, six, 1e-6)),
    'after a move within samples': (x) => mean(slice(transpose(x, [0, 2, 1]), 1, 1, 3)),
    'after a convolution': (x, size) =>
      mean(conv2d(reshape(x, [size, 1, 4, 6]), input('kernel', [2, 1, 3, 3]))),
    'as a difference of means, scaled': (x) => sub(mul(0.5, mean(x)), neg(div(mean(mul(x, x)), 3))),
    'as cross-entropy': (x, size) => crossEntropy.forward(logitsOf(x), labels(size), { smoothing: 0.1 }),
    'as binary cross-entropy': (x) => bceWithLogits.forward(reduceSum(x, [1, 2]), reduceMax(x, [1, 2])),
    'as focal loss': (x) =>
      focal.forward(reshape(reduceSum(x, [1, 2]), [x.shape[0]!, 1]), reduceMax(x, [1, 2])),
    'beside an output per sample': (x) => [mean(x), logitsOf(x)],
  };
  for (const [name, build] of Object.entries(cases))
    it(name, () => {
      expect(fallsApart(build)).toBe(true);
    });
});

describe('a loss is not cut', () => {
  const cases: Record<string, (x: Tensor, size: number) => Tensor | readonly [Tensor, Tensor]> = {
    'when it is a sum': (x) => reduceSum(x),
    'when it is a quotient of sums': (x) => div(reduceSum(x), reduceSum(mul(x, x))),
    'when class weights divide it': (x, size) =>
      crossEntropy.forward(logitsOf(x), labels(size), { classWeights: [1, 2, 3] }),
    'when it is a mean times a mean': (x) => mul(mean(x), mean(x)),
    'when it is a function of a mean': (x) => add(mean(x), scalar(1)),
    'when samples are normalised by each other': (x, size) => {
      const image = reshape(x, [size, 4, 6, 1]);
      return mean(sub(image, reshape(channelMean(image), [4, 1, 1])));
    },
    'when samples meet in a product': (x, size) => {
      const all = reshape(x, [size, 24]);
      return mean(matmul(all, all, false, true));
    },
    'when samples trade places with tokens': (x) => mean(transpose(x, [1, 0, 2])),
    'when it looks at the first samples only': (x) => mean(slice(x, 0, 0, 2)),
    'when it adds up samples before a square': (x) => {
      const total = reduceSum(x, [0]);
      return mean(mul(total, total));
    },
    'when entries are weighed by their place in the batch': (x, size) => {
      const places = float32(
        [size, 1, 1],
        Float32Array.from({ length: size }, (_, i) => i),
      );
      return mean(mul(x, constant(places)));
    },
    'when numbers within depend on its size': (x, size) => mean(mul(x, 1 / size)),
    'when the graph depends on its size': (x, size) => mean(size === SIZE ? x : neg(x)),
    'beside an output of all samples': (x) => [mean(x), reduceSum(x, [0])],
  };
  for (const [name, build] of Object.entries(cases))
    it(name, () => {
      expect(fallsApart(build)).toBe(false);
    });
});

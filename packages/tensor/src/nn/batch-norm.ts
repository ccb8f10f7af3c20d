// Batch normalisation with running statistics.
import {
  add,
  channelAffine,
  channelMean,
  channelVariance,
  div,
  mul,
  sqrt,
  stopGradient,
  sub,
} from '../ir/ops.ts';
import { TensorError } from '../error.ts';
import { formatShape, sizeOf } from '../ir/host.ts';
import type { Tensor } from '../ir/primitives.ts';
import type { Layer, Scope } from './layer.ts';

export interface BatchNormOptions {
  /** Added to the variance. */
  readonly eps?: number;
  /** Weight of the batch in the running statistics. */
  readonly momentum?: number;
}

/**
 * `torch.nn.BatchNorm2d(channels)` (Ioffe and Szegedy, 2015). Training normalises with the batch's mean and biased
 * variance and moves the running statistics towards the mean and the unbiased variance (divided by M − 1), as PyTorch
 * does; evaluation normalises with the running statistics.
 */
export function batchNorm(channels: number, { eps = 1e-5, momentum = 0.1 }: BatchNormOptions = {}): Layer {
  const vector = (name: string, constant: number) => ({ name, shape: [channels], initial: { constant } });
  return {
    parameters: [vector('weight', 1), vector('bias', 0)],
    buffers: [vector('running_mean', 0), vector('running_var', 1)],
    counters: ['num_batches_tracked'],
    forward: (scope, x) => {
      const [mean, variance] = scope.training ? batchStatistics(scope, x, momentum) : running(scope);
      const scale = div(scope.tensor('weight'), sqrt(add(variance, eps)));
      return channelAffine(x, scale, sub(scope.tensor('bias'), mul(mean, scale)));
    },
  };
}

const running = ({ tensor }: Scope): [Tensor, Tensor] => [tensor('running_mean'), tensor('running_var')];

/** Mean and variance of the batch, which also move the running ones. */
function batchStatistics(scope: Scope, x: Tensor, momentum: number): [Tensor, Tensor] {
  const count = sizeOf(x.shape) / x.shape[1]!;
  if (count < 2)
    throw new TensorError(
      'SHAPE',
      `batch normalisation must train on 2 or more values per channel, but got ${formatShape(x.shape)}`,
      'use larger batches or larger images',
    );
  const mean = channelMean(x);
  const variance = channelVariance(x, mean);
  const move = (name: string, batch: Tensor) => {
    const next = add(mul(scope.tensor(name), 1 - momentum), mul(batch, momentum));
    scope.setBuffer(name, stopGradient(next));
  };
  move('running_mean', mean);
  move('running_var', mul(variance, count / (count - 1)));
  return [mean, variance];
}

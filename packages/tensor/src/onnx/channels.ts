// Lowerings of the per-channel primitives that normalisation is made of.
import { float32 } from '../ir/host.ts';
import type { Node, Tensor } from '../ir/primitives.ts';
import { blockedChannelSum, blockedChannelVariance } from './blocked-elementwise.ts';
import type { LoweringContext } from './context.ts';
import type { Emitter } from './emitter.ts';

/** Pixels first, then images: a fifth of the time of one reduction over all three axes. */
function sum(emitter: Emitter, x: string): string {
  const perImage = emitter.emit('ReduceSum', [x, emitter.ints([2, 3])], { keepdims: 0 });
  return emitter.emit('ReduceSum', [perImage, emitter.ints([0])], { keepdims: 0 });
}

export function channelSum(context: LoweringContext, { inputs: [x] }: Node<'channelSum'>): string {
  const { emitter, value, blocked, block } = context;
  if (block !== undefined && context.isBlocked(x)) return blockedChannelSum(emitter, blocked(x), x, block);
  return sum(emitter, value(x));
}

/** A vector of one number per channel of `x`. */
function filled(emitter: Emitter, x: Tensor, number: number): string {
  const channels = x.shape[1]!;
  return emitter.initializer(float32([channels], new Float32Array(channels).fill(number)));
}

/** Differences first, then squares: the difference of mean squares would cancel. */
export function channelVariance(context: LoweringContext, node: Node<'channelVariance'>): string {
  const { emitter, value, block } = context;
  const [x, mean] = node.inputs;
  if (block !== undefined && context.isBlocked(x)) return blockedChannelVariance({ ...context, block }, node);
  const [zero, one] = [filled(emitter, x, 0), filled(emitter, x, 1)];
  const centred = normalise(emitter, [value(x), one, zero, value(mean), one]);
  const squares = sum(emitter, emitter.emit('Mul', [centred, centred]));
  const count = x.shape[0]! * x.shape[2]! * x.shape[3]!;
  return emitter.emit('Mul', [squares, emitter.float(1 / count)]);
}

export function channelAffine(
  { emitter, value }: LoweringContext,
  { inputs: [x, scale, shift] }: Node<'channelAffine'>,
): string {
  const [zero, one] = [filled(emitter, x, 0), filled(emitter, x, 1)];
  return normalise(emitter, [value(x), value(scale), value(shift), zero, one]);
}

/**
 * ONNX's inference-mode operator: (x − mean) / √variance · scale + shift in one pass. Its training mode is never used:
 * ONNX Runtime's overwrites the running mean that it was given.
 */
const normalise = (emitter: Emitter, inputs: readonly string[]): string =>
  emitter.emit('BatchNormalization', inputs, { epsilon: { float: 0 } });

// Lowerings of layer normalisation and its gradients.
import { float32 } from '../ir/host.ts';
import type { Node, Tensor } from '../ir/primitives.ts';
import type { LoweringContext } from './context.ts';

const attributesOf = (eps: number) => ({ axis: -1, epsilon: { float: eps } });

export function layerNorm(
  { emitter, value }: LoweringContext,
  { inputs, params: { eps } }: Node<'layerNorm'>,
): string {
  return emitter.emit('LayerNormalization', inputs.map(value), attributesOf(eps));
}

/**
 * Normalised rows and 1 / deviation of each. Both gradients ask for them with one spelling, which ONNX Runtime computes
 * once.
 */
function normalised(
  { emitter, value }: LoweringContext,
  x: Tensor,
  eps: number,
): { rows: string; scale: string } {
  const features = x.shape.at(-1)!;
  const constant = (name: string, fill: number) =>
    emitter.initializer(float32([features], new Float32Array(features).fill(fill)), `${name}${features}`);
  const inputs = [value(x), constant('ones', 1), constant('zeros', 0)];
  const [rows, , scale] = emitter.emitMany('LayerNormalization', inputs, 3, attributesOf(eps));
  return { rows: rows!, scale: scale! };
}

/** (g − mean(g) − n·mean(g·n)) / deviation, with g = dy·weight and n the normalised rows. */
export function layerNormInputGrad(
  context: LoweringContext,
  { inputs: [dy, x, weight], params: { eps } }: Node<'layerNormInputGrad'>,
): string {
  const { emitter, value } = context;
  const { rows, scale } = normalised(context, x, eps);
  const mean = (tensor: string) => emitter.emit('ReduceMean', [tensor], { axes: [-1], keepdims: 1 });
  const g = emitter.emit('Mul', [value(dy), value(weight)]);
  const slope = mean(emitter.emit('Mul', [g, rows]));
  const centred = emitter.emit('Sub', [g, mean(g)]);
  const difference = emitter.emit('Sub', [centred, emitter.emit('Mul', [rows, slope])]);
  return emitter.emit('Mul', [difference, scale]);
}

export function layerNormWeightGrad(
  context: LoweringContext,
  { inputs: [dy, x], params: { eps } }: Node<'layerNormWeightGrad'>,
): string {
  const { emitter, value } = context;
  const { rows } = normalised(context, x, eps);
  const products = emitter.emit('Mul', [value(dy), rows]);
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  return emitter.emit('ReduceSum', [products, emitter.ints(axes)], { keepdims: 0 });
}

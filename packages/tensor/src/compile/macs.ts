// How much a forward pass computes, counted on its graph.
import { sizeOf } from '../ir/host.ts';
import { topologicalOrder } from '../ir/graph.ts';
import type { Tensor } from '../ir/primitives.ts';
import type { Model } from '../nn/layer.ts';
import { traceForward, type ImageShape } from './trace.ts';

/**
 * Multiply-add operations of the convolutions and matrix products of one image's forward pass, as fvcore and ptflops count
 * them: additions of biases, activations, normalisation and pooling are not counted.
 */
export function countMacs(model: Model, inputShape: ImageShape): number {
  const order = topologicalOrder([traceForward(model, inputShape, 1, 'x')]);
  return order.reduce((sum, tensor) => sum + macsOf(tensor), 0);
}

function macsOf(tensor: Tensor): number {
  const outputs = sizeOf(tensor.shape);
  if (tensor.op === 'conv2d') {
    // Weights are [O, I / groups, KH, KW]: every output pixel takes one product per weight of its channel.
    const [, weight] = tensor.inputs;
    return outputs * sizeOf(weight.shape.slice(1));
  }
  if (tensor.op === 'matmul' || tensor.op === 'batchMatmul') {
    const [a] = tensor.inputs;
    return outputs * a.shape.at(tensor.params.transposeA ? -2 : -1)!;
  }
  return 0;
}

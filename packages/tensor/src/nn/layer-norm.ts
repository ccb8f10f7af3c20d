// Layer normalisation.
import { layerNorm as normalise } from '../ir/ops.ts';
import type { Layer } from './layer.ts';

/** `torch.nn.LayerNorm(features, eps)` over the last axis (Ba et al., 2016). */
export function layerNorm(features: number, eps = 1e-5): Layer {
  const vector = (name: string, constant: number) => ({ name, shape: [features], initial: { constant } });
  return {
    parameters: [vector('weight', 1), vector('bias', 0)],
    buffers: [],
    counters: [],
    forward: ({ tensor }, x) => normalise(x, tensor('weight'), tensor('bias'), eps),
  };
}

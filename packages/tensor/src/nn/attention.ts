// Multi-head self-attention.
import { batchMatmul, mul, reshape, slice, softmax, transpose } from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import { compose, type Layer } from './layer.ts';
import { linear, type LinearOptions } from './layers.ts';

/** [N, T, 3·D] → queries, keys and values, each [N, heads, T, D / heads]. */
function divided(qkv: Tensor, heads: number): [Tensor, Tensor, Tensor] {
  const [n, tokens, width] = qkv.shape as [number, number, number];
  const head = width / 3 / heads;
  const apart = reshape(qkv, [n, tokens, 3, heads, head]);
  const part = (i: number) =>
    transpose(reshape(slice(apart, 2, i, i + 1), [n, tokens, heads, head]), [0, 2, 1, 3]);
  return [part(0), part(1), part(2)];
}

/**
 * timm's `Attention(features, heads, qkv_bias=True)` (Vaswani et al., 2017, section 3.2) on [N, T, features]: softmax of
 * q·kᵀ / √(features / heads) over the tokens. `features` must divide by `heads`.
 */
export function selfAttention(features: number, heads: number, options: LinearOptions = {}): Layer {
  const children = {
    qkv: linear(features, 3 * features, options),
    proj: linear(features, features, options),
  };
  return compose(children, (run, x) => {
    const [q, k, v] = divided(run.qkv(x), heads);
    const weights = softmax(batchMatmul(mul(q, (features / heads) ** -0.5), k, false, true));
    const mixed = transpose(batchMatmul(weights, v), [0, 2, 1, 3]);
    return run.proj(reshape(mixed, x.shape));
  });
}

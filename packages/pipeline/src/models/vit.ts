// Vision transformers (Dosovitskiy et al., 2021), tiny and small, with timm's parameter names.
import {
  add,
  chain,
  compose,
  concat,
  conv,
  dropout,
  geluLayer,
  identity,
  layerNorm,
  linear,
  pad,
  reshape,
  selfAttention,
  slice,
  stochasticDepth,
  transpose,
  type Initial,
  type Layer,
  type Model,
  type Tensor,
} from '@spatter/tensor';
import type { ModelOptions } from './model-options.ts';

export interface VitOptions extends ModelOptions {
  /** Side of the square images in pixels, a multiple of `patch`. */
  readonly image?: number;
  /** Side of the square patches in pixels. */
  readonly patch?: number;
  /** Features per token, a multiple of `heads`. */
  readonly embedding?: number;
  /** Attention heads; timm gives each 64 features. */
  readonly heads?: number;
  /** Transformer blocks. */
  readonly blocks?: number;
  /** Share of features that training drops before the last layer. */
  readonly dropout?: number;
  /** Share of images for which training skips the last block; earlier blocks are skipped less, in proportion. */
  readonly drop_path?: number;
}

/** timm's `eps` of every layer normalisation of a ViT. */
const EPS = 1e-6;
/** timm draws weights from a truncated normal distribution, whose bounds lie a hundred deviations away. */
const WEIGHT: Initial = { normal: 0.02 };
const PLAIN = { initial: () => WEIGHT, initialBias: { constant: 0 } };
/** The hidden layer of a block has this many times its features. */
const EXPANSION = 4;

/** A transformer block: attention, then two linear layers, each added to what came in and normalised before. */
function block(features: number, heads: number, dropPath: number): Layer {
  const children = {
    norm1: layerNorm(features, EPS),
    attn: selfAttention(features, heads, PLAIN),
    drop_path1: stochasticDepth(dropPath),
    norm2: layerNorm(features, EPS),
    mlp: compose(
      {
        fc1: linear(features, EXPANSION * features, PLAIN),
        act: geluLayer(),
        fc2: linear(EXPANSION * features, features, PLAIN),
      },
      (run, x) => run.fc2(run.act(run.fc1(x))),
    ),
    drop_path2: stochasticDepth(dropPath),
  };
  return compose(children, (run, x) => {
    const attended = add(x, run.drop_path1(run.attn(run.norm1(x))));
    return add(attended, run.drop_path2(run.mlp(run.norm2(attended))));
  });
}

/** [N, C, H, W] → [N, tokens, C], row-major. */
function tokensOf(patches: Tensor): Tensor {
  const [n, features, rows, columns] = patches.shape as [number, number, number, number];
  return transpose(reshape(patches, [n, features, rows * columns]), [0, 2, 1]);
}

/** The class token before the patches, and the positions added; the token is added in an empty place made for it. */
function positioned(patches: Tensor, classToken: Tensor, positions: Tensor): Tensor {
  const first = add(slice(positions, 1, 0, 1), classToken);
  const places = concat(first, slice(positions, 1, 1, positions.shape[1]!), 1);
  return add(pad(patches, 1, 1, 0), places);
}

function vit(name: string, embedding: number, heads: number, options: VitOptions): Model {
  const { in_channels, num_classes, image = 224, patch = 16, blocks = 12 } = options;
  const { dropout: rate = 0, drop_path: dropPath = 0 } = options;
  const features = options.embedding ?? embedding;
  const tokens = Math.floor(image / patch) ** 2 + 1;
  const chance = (i: number) => (blocks > 1 ? (dropPath * i) / (blocks - 1) : dropPath);
  const own = [
    { name: 'cls_token', shape: [1, 1, features], initial: { normal: 1e-6 } },
    { name: 'pos_embed', shape: [1, tokens, features], initial: WEIGHT },
  ];
  const children = {
    patch_embed: compose({ proj: conv(in_channels, features, patch, { stride: patch }) }, (run, x) =>
      run.proj(x),
    ),
    blocks: chain(
      Array.from({ length: blocks }, (_, i) => block(features, options.heads ?? heads, chance(i))),
    ),
    norm: layerNorm(features, EPS),
    head_drop: rate > 0 ? dropout(rate) : identity(),
    head: linear(features, num_classes, PLAIN),
  };
  const layers = (places: (patches: Tensor) => Tensor) =>
    compose(children, (run, x) => {
      const seen = run.norm(run.blocks(places(tokensOf(run.patch_embed(x)))));
      const classToken = reshape(slice(seen, 1, 0, 1), [x.shape[0]!, features]);
      return run.head(run.head_drop(classToken));
    });
  const shape = layers((patches) => patches);
  return {
    name,
    ...shape,
    parameters: [...own, ...shape.parameters],
    forward: (scope, x) =>
      layers((patches) => positioned(patches, scope.tensor('cls_token'), scope.tensor('pos_embed'))).forward(
        scope,
        x,
      ),
  };
}

/** timm's `vit_tiny_patch16_224`, for any image and patch. */
export const vitTiny = (options: VitOptions): Model => vit('vit_tiny', 192, 3, options);

/** timm's `vit_small_patch16_224`, for any image and patch. */
export const vitSmall = (options: VitOptions): Model => vit('vit_small', 384, 6, options);

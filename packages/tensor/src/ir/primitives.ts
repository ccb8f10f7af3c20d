// The primitives: every operation a graph can hold, with its inputs and static parameters. All rule tables are typed over this list.
import type { DType, HostTensor, Shape } from './host.ts';

type None = Readonly<Record<string, never>>;
type Unary<Params = None> = { readonly inputs: readonly [Tensor]; readonly params: Params };
type Binary<Params = None> = { readonly inputs: readonly [Tensor, Tensor]; readonly params: Params };
type Leaf<Params> = { readonly inputs: readonly []; readonly params: Params };

/** Height and width, in this order. */
export type Pair = readonly [number, number];

/** Geometry of a cross-correlation as in `torch.nn.Conv2d`; the padding is zeros, the same on both sides. */
export interface ConvParams {
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  /** Input and output channels fall into this many blocks; each output block sees its own input block only. */
  readonly groups: number;
}

/** Pooling windows of `window` pixels that do not overlap; rows and columns beyond the last whole window are dropped. */
export interface PoolParams {
  readonly window: Pair;
}

/** Pooling windows every `stride` pixels, which may overlap. The padding, at most half a window, never wins. */
export interface MaxPoolParams extends PoolParams {
  readonly stride: Pair;
  readonly padding: Pair;
}

export interface SliceParams {
  readonly axis: number;
  readonly begin: number;
  readonly end: number;
}

export interface PadParams {
  readonly axis: number;
  readonly before: number;
  readonly after: number;
}

export interface LayerNormParams {
  /** Added to the variance. */
  readonly eps: number;
}

/**
 * Images are [N, C, H, W], convolution weights [O, I / groups, KH, KW], per-channel vectors [C].
 * Elementwise binary primitives broadcast as NumPy does; `select` broadcasts its three inputs.
 */
export interface Primitives {
  /** Fed at run time under its name. */
  input: Leaf<{ readonly name: string; readonly dtype: DType; readonly shape: Shape }>;
  constant: Leaf<{ readonly value: HostTensor }>;

  neg: Unary;
  exp: Unary;
  log: Unary;
  log1p: Unary;
  /** Gauss's error function. */
  erf: Unary;
  sqrt: Unary;
  abs: Unary;
  sign: Unary;
  tanh: Unary;
  sigmoid: Unary;
  relu: Unary;
  /** The identity, through which no gradient flows. */
  stopGradient: Unary;
  cast: Unary<{ readonly dtype: DType }>;

  add: Binary;
  sub: Binary;
  mul: Binary;
  div: Binary;
  maximum: Binary;
  /** Comparisons give `bool`. */
  greater: Binary;
  greaterEqual: Binary;
  equal: Binary;
  /** `condition ? a : b`, elementwise. */
  select: { readonly inputs: readonly [condition: Tensor, a: Tensor, b: Tensor]; readonly params: None };

  /** [M, K] · [K, N], either side taken transposed. */
  matmul: Binary<{ readonly transposeA: boolean; readonly transposeB: boolean }>;
  /** Matrix products over equal leading axes: [..., M, K] · [..., K, N], either side taken transposed in its last two axes. */
  batchMatmul: Binary<{ readonly transposeA: boolean; readonly transposeB: boolean }>;
  transpose: Unary<{ readonly permutation: readonly number[] }>;
  reshape: Unary<{ readonly shape: Shape }>;
  /** Entries `begin` to before `end` of one axis. */
  slice: Unary<SliceParams>;
  /** Puts `before` and `after` zeros around one axis. */
  pad: Unary<PadParams>;
  /** Repeats to `shape` by NumPy's rules. */
  broadcast: Unary<{ readonly shape: Shape }>;
  /** Reductions drop the reduced axes. */
  reduceSum: Unary<{ readonly axes: readonly number[] }>;
  reduceMax: Unary<{ readonly axes: readonly number[] }>;

  /** exp(x) / Σ exp(x) along the last axis. */
  softmax: Unary;
  /** (x − mean) / √(variance + eps) · weight + bias along the last axis, whose extent weight and bias have. */
  layerNorm: {
    readonly inputs: readonly [x: Tensor, weight: Tensor, bias: Tensor];
    readonly params: LayerNormParams;
  };
  /** Gradient of `layerNorm` with respect to x. */
  layerNormInputGrad: {
    readonly inputs: readonly [dy: Tensor, x: Tensor, weight: Tensor];
    readonly params: LayerNormParams;
  };
  /** Gradient of `layerNorm` with respect to its weight. */
  layerNormWeightGrad: {
    readonly inputs: readonly [dy: Tensor, x: Tensor];
    readonly params: LayerNormParams;
  };

  conv2d: { readonly inputs: readonly [x: Tensor, weight: Tensor]; readonly params: ConvParams };
  /** Gradient of `conv2d` with respect to x, of shape `xShape`. */
  conv2dInputGrad: {
    readonly inputs: readonly [dy: Tensor, weight: Tensor];
    readonly params: ConvParams & { readonly xShape: Shape };
  };
  /** Gradient of `conv2d` with respect to the weight, whose kernel is `kernel`. */
  conv2dWeightGrad: {
    readonly inputs: readonly [x: Tensor, dy: Tensor];
    readonly params: ConvParams & { readonly kernel: Pair };
  };
  maxPool2d: Unary<MaxPoolParams>;
  /** Sends each dy to the first (row-major) maximum of its window, as PyTorch does. `y` is `maxPool2d(x)`. */
  maxPool2dGrad: {
    readonly inputs: readonly [x: Tensor, y: Tensor, dy: Tensor];
    readonly params: MaxPoolParams;
  };
  /** Maximum over `groups` equal blocks of channels: [N, G·C, H, W] → [N, C, H, W]. */
  maxGroups: Unary<{ readonly groups: number }>;
  /** Sends each dy to the first group that holds the maximum. `y` is `maxGroups(x)`. */
  maxGroupsGrad: {
    readonly inputs: readonly [x: Tensor, y: Tensor, dy: Tensor];
    readonly params: { readonly groups: number };
  };
  avgPool2d: Unary<PoolParams>;
  /** Spreads each dy evenly over its window of an image of shape `xShape`. */
  avgPool2dGrad: Unary<PoolParams & { readonly xShape: Shape }>;

  /** Sum over images and pixels: [N, C, H, W] → [C]. */
  channelSum: Unary;
  /** Mean square distance from the channel's mean, [N, C, H, W] → [C]. `mean` must be the channel means of x. */
  channelVariance: Binary;
  /** scale·x + shift, with one scale and one shift per channel. */
  channelAffine: {
    readonly inputs: readonly [x: Tensor, scale: Tensor, shift: Tensor];
    readonly params: None;
  };
}

export type PrimitiveName = keyof Primitives;

/** The value of one primitive: what a graph is made of. */
export interface Node<P extends PrimitiveName> {
  readonly op: P;
  readonly inputs: Primitives[P]['inputs'];
  readonly params: Primitives[P]['params'];
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A symbolic tensor: the output of a primitive, its shape and type known. Immutable; a graph is what its outputs reach. */
export type Tensor = { readonly [P in PrimitiveName]: Node<P> }[PrimitiveName];

// Example uses of every primitive; the gradient and lowering suites run them all. The type makes a missing one a compile error.
import { float32, sizeOf, type HostTensor, type Shape } from '../ir/host.ts';
import * as ir from '../ir/ops.ts';
import type { ConvParams, MaxPoolParams, Pair, PrimitiveName, Tensor } from '../ir/primitives.ts';
import { uniformStream } from '../nn/random.ts';

export interface PrimitiveCase {
  readonly inputs: readonly Shape[];
  readonly build: (...inputs: Tensor[]) => Tensor;
  /** `positive`: in [0.1, 2]; `tied`: small integers, so that maxima tie; otherwise ±[0.1, 2], all different. */
  readonly values?: 'positive' | 'tied';
}

const unary = (build: (x: Tensor) => Tensor, values?: 'positive'): PrimitiveCase[] => [
  { inputs: [[3, 4]], build: (x) => build(x), ...(values && { values }) },
];

const binary = (build: (a: Tensor, b: Tensor) => Tensor): PrimitiveCase[] =>
  (
    [
      [
        [3, 4],
        [3, 4],
      ],
      [
        [2, 3, 4],
        [3, 1],
      ],
      [[], [2, 3]],
    ] as const
  ).map((inputs) => ({ inputs, build: (a, b) => build(a, b) }));

const X: Shape = [2, 3, 8, 7];
const W: Shape = [4, 3, 3, 2];

interface Convolution extends ConvParams {
  readonly x: Shape;
  readonly w: Shape;
}

const DENSE = { x: X, w: W, stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 } as const;

/** Sides and results times numbers, at once or behind reshapes, also where others read them. */
const SCALED_PRODUCTS: readonly PrimitiveCase[] = (
  [
    (a, b) => ir.matmul(ir.mul(a, 0.5), ir.reshape(ir.mul(3, b), [4, 5])),
    (a, b, bias) => ir.mul(ir.reshape(ir.add(ir.matmul(a, ir.reshape(b, [4, 5])), bias), [15]), 0.3),
    (a, b) => ir.mul(-2, ir.matmul(a, ir.mul(ir.reshape(b, [4, 5]), 0.25))),
    (a, b, bias) => {
      const [left, right] = [ir.mul(a, 0.5), ir.reshape(b, [4, 5])];
      const y = ir.add(ir.matmul(left, right), bias);
      return ir.add(ir.mul(y, 0.5), ir.mul(y, ir.reduceSum(left)));
    },
  ] as const satisfies readonly PrimitiveCase['build'][]
).map((build) => ({ inputs: [[3, 4], [20], [5]], build }));

const CONVOLUTIONS: readonly Convolution[] = [
  DENSE,
  { ...DENSE, stride: [2, 1], padding: [1, 0] },
  { ...DENSE, stride: [3, 2], padding: [1, 2] },
  { ...DENSE, x: [1, 2, 7, 8], w: [2, 2, 3, 2], dilation: [2, 3] },
  { ...DENSE, x: [2, 2, 5, 4], w: [3, 2, 1, 1], stride: [2, 2] },
  { ...DENSE, x: [1, 2, 8, 5], w: [2, 2, 3, 2], stride: [2, 1], padding: [2, 1], dilation: [3, 1] },
  { ...DENSE, x: [1, 4, 5, 6], w: [4, 2, 3, 3], stride: [2, 2], padding: [1, 1], groups: 2 },
  { ...DENSE, x: [2, 3, 5, 4], w: [3, 1, 3, 3], padding: [1, 1], groups: 3 },
];

const convolutions = (
  inputs: (convolution: Convolution, y: Shape) => readonly Shape[],
  build: (geometry: ConvParams, convolution: Convolution) => PrimitiveCase['build'],
): PrimitiveCase[] =>
  CONVOLUTIONS.map((convolution) => {
    const { x, w, ...geometry } = convolution;
    const y = ir.conv2d(ir.input('x', x), ir.input('w', w), geometry).shape;
    return { inputs: inputs(convolution, y), build: build(geometry, convolution) };
  });

const POOLED: readonly { readonly x: Shape; readonly window: Pair; readonly y: Shape }[] = [
  { x: [2, 3, 4, 6], window: [2, 2], y: [2, 3, 2, 3] },
  { x: [2, 1, 7, 5], window: [3, 2], y: [2, 1, 2, 2] },
];

const pools = (op: (x: Tensor, window: Pair) => Tensor): PrimitiveCase[] =>
  POOLED.map(({ x, window }) => ({ inputs: [x], build: (image) => op(image, window) }));

const tied = (list: readonly PrimitiveCase[]): PrimitiveCase[] =>
  list.map((example) => ({ ...example, values: 'tied' }));

const kernelOf = ({ w }: Convolution): Pair => [w[2]!, w[3]!];

const MAX_POOLED: readonly (MaxPoolParams & { readonly x: Shape })[] = [
  ...POOLED.map(({ x, window }) => ({ x, window, stride: window, padding: [0, 0] as const })),
  { x: [2, 2, 8, 7], window: [3, 3], stride: [2, 2], padding: [1, 1] },
  { x: [1, 2, 6, 9], window: [2, 5], stride: [1, 2], padding: [0, 2] },
  { x: [2, 1, 7, 7], window: [3, 3], stride: [3, 2], padding: [0, 1] },
];

const maxPools: PrimitiveCase[] = MAX_POOLED.map(({ x, ...params }) => ({
  inputs: [x],
  build: (image) => ir.maxPool2d(image, params.window, params),
}));

const maxPoolGradients: PrimitiveCase[] = MAX_POOLED.map(({ x, ...params }) => {
  const pool = (image: Tensor) => ir.maxPool2d(image, params.window, params);
  return {
    inputs: [x, pool(ir.input('x', x)).shape],
    build: (image, dy) => ir.primitive('maxPool2dGrad', [image, pool(image), dy], params),
  };
});

const NORMALISED: readonly Shape[] = [
  [3, 4],
  [2, 3, 5],
];

const constantValue: HostTensor = float32([2, 2], Float32Array.of(1, -2, 3, 0.5));

export const CASES: { readonly [P in PrimitiveName]: readonly PrimitiveCase[] } = {
  input: [{ inputs: [[2, 3]], build: (x) => x }],
  constant: [{ inputs: [[2, 2]], build: (x) => ir.mul(x, ir.constant(constantValue)) }],
  neg: unary(ir.neg),
  exp: unary(ir.exp),
  log: unary(ir.log, 'positive'),
  log1p: [...unary(ir.log1p, 'positive'), ...unary((x) => ir.log1p(ir.mul(x, 1e-9)))],
  erf: [...unary(ir.erf), ...unary((x) => ir.erf(ir.mul(x, 4))), ...unary(ir.gelu), ...unary(ir.geluTanh)],
  sqrt: unary(ir.sqrt, 'positive'),
  abs: unary(ir.abs),
  sign: unary(ir.sign),
  tanh: unary(ir.tanh),
  sigmoid: [...unary(ir.sigmoid), ...unary(ir.silu)],
  relu: unary(ir.relu),
  stopGradient: unary(ir.stopGradient),
  cast: unary((x) => ir.cast(ir.cast(x, 'int32'), 'float32')),
  add: [
    ...binary(ir.add),
    { inputs: [X, W, [4]], build: (x, w, b) => ir.add(ir.conv2d(x, w), ir.reshape(b, [4, 1, 1])) },
    { inputs: [[3, 4], [5, 4], [5]], build: (x, w, b) => ir.add(ir.matmul(x, w, false, true), b) },
    { inputs: [[3, 3], [3, 3], [3]], build: (x, w, b) => ir.add(ir.matmul(x, w), ir.reshape(b, [3, 1])) },
  ],
  sub: binary(ir.sub),
  mul: [
    ...binary(ir.mul),
    {
      inputs: [
        [2, 1],
        [2, 3],
      ],
      build: (a, b) => ir.mul(ir.broadcast(a, [2, 3]), b),
    },
  ],
  div: binary(ir.div),
  maximum: binary(ir.maximum),
  greater: binary(ir.greater),
  greaterEqual: [...binary(ir.greaterEqual), ...tied(binary(ir.greaterEqual))],
  equal: tied(binary(ir.equal)),
  select: [
    { inputs: [[3, 4], [4], [3, 1]], build: (c, a, b) => ir.select(ir.greater(c, 0), a, b) },
    { inputs: [[3, 4]], build: (a) => ir.select(ir.greater(a, 0), a, 2) },
  ],
  matmul: [
    ...SCALED_PRODUCTS,
    ...(
      [
        [[3, 4], [4, 5], false, false],
        [[4, 3], [4, 5], true, false],
        [[3, 4], [5, 4], false, true],
        [[4, 3], [5, 4], true, true],
      ] as const
    ).map(([a, b, ta, tb]): PrimitiveCase => ({ inputs: [a, b], build: (x, y) => ir.matmul(x, y, ta, tb) })),
  ],
  batchMatmul: (
    [
      [[2, 3, 4], [2, 4, 5], false, false],
      [[2, 3, 4, 3], [2, 3, 4, 5], true, false],
      [[1, 2, 3, 4], [1, 2, 5, 4], false, true],
      [[3, 4, 2], [3, 5, 4], true, true],
    ] as const
  ).map(([a, b, ta, tb]) => ({ inputs: [a, b], build: (x, y) => ir.batchMatmul(x, y, ta, tb) })),
  slice: [
    { inputs: [[2, 5, 3]], build: (x) => ir.slice(x, 1, 1, 4) },
    { inputs: [[4]], build: (x) => ir.slice(x, 0, 3, 4) },
  ],
  pad: [
    { inputs: [[2, 3, 4]], build: (x) => ir.pad(x, 1, 2, 1) },
    {
      inputs: [
        [2, 3, 4],
        [2, 1, 4],
        [2, 2, 4],
      ],
      build: (a, b, c) => ir.add(ir.add(ir.pad(c, 1, 4, 0), ir.pad(a, 1, 0, 3)), ir.pad(b, 1, 3, 2)),
    },
    // Pieces that overlap, leave a gap, or lie along different axes are added up.
    {
      inputs: [
        [2, 3, 4],
        [2, 3, 4],
      ],
      build: (a, b) => ir.add(ir.pad(a, 1, 0, 2), ir.pad(b, 1, 2, 0)),
    },
    {
      inputs: [
        [2, 1, 4],
        [2, 1, 4],
      ],
      build: (a, b) => ir.add(ir.pad(a, 1, 0, 2), ir.pad(b, 1, 2, 0)),
    },
    {
      inputs: [
        [2, 1],
        [1, 2],
      ],
      build: (a, b) => ir.add(ir.pad(a, 1, 0, 1), ir.pad(b, 0, 1, 0)),
    },
    {
      inputs: [
        [2, 2],
        [2, 2],
      ],
      build: (a, b) => {
        const both = ir.concat(a, b, 0);
        return ir.mul(both, ir.add(both, ir.pad(b, 0, 2, 0)));
      },
    },
    {
      inputs: [
        [2, 3],
        [2, 2],
      ],
      build: (a, b) => ir.concat(a, b, 1),
    },
  ],
  softmax: [
    { inputs: [[3, 4]], build: (x) => ir.softmax(x) },
    { inputs: [[2, 2, 3, 5]], build: (x) => ir.softmax(ir.mul(x, 40)) },
  ],
  layerNorm: NORMALISED.map((x) => ({
    inputs: [x, [x.at(-1)!], [x.at(-1)!]],
    build: (rows, weight, bias) => ir.layerNorm(rows, weight, bias, 1e-3),
  })),
  layerNormInputGrad: NORMALISED.map((x) => ({
    inputs: [x, x, [x.at(-1)!]],
    build: (dy, rows, weight) => ir.primitive('layerNormInputGrad', [dy, rows, weight], { eps: 1e-3 }),
  })),
  layerNormWeightGrad: NORMALISED.map((x) => ({
    inputs: [x, x],
    build: (dy, rows) => ir.primitive('layerNormWeightGrad', [dy, rows], { eps: 1e-3 }),
  })),
  transpose: [{ inputs: [[2, 3, 4]], build: (x) => ir.transpose(x, [2, 0, 1]) }],
  reshape: [
    { inputs: [[2, 3, 4]], build: (x) => ir.reshape(x, [2, 12]) },
    { inputs: [[2, 3, 4]], build: (x) => ir.reshape(x, [6, 4]) },
    { inputs: [[]], build: (x) => ir.reshape(x, [1, 1]) },
  ],
  broadcast: [{ inputs: [[3, 1]], build: (x) => ir.broadcast(x, [2, 3, 4]) }],
  reduceSum: [
    { inputs: [[2, 3, 4]], build: (x) => ir.reduceSum(x, [0, 2]) },
    { inputs: [[5, 13, 3]], build: (x) => ir.reduceSum(x, [0, 1]) },
    { inputs: [[70, 2, 3]], build: (x) => ir.reduceSum(ir.mul(x, 0.5), [1, 0]) },
    { inputs: [X], build: (x) => ir.reduceSum(x, [0, 2, 3]) },
    { inputs: [[2, 3]], build: (x) => ir.reduceSum(x) },
  ],
  reduceMax: [{ inputs: [[2, 3, 4]], build: (x) => ir.reduceMax(x, [0, 2]) }],
  conv2d: convolutions(
    ({ x, w }) => [x, w],
    (geometry) => (x, w) => ir.conv2d(x, w, geometry),
  ),
  conv2dInputGrad: convolutions(
    ({ w }, y) => [y, w],
    (geometry, { x: xShape }) =>
      (dy, w) =>
        ir.primitive('conv2dInputGrad', [dy, w], { ...geometry, xShape }),
  ),
  conv2dWeightGrad: convolutions(
    ({ x }, y) => [x, y],
    (geometry, convolution) => (x, dy) =>
      ir.primitive('conv2dWeightGrad', [x, dy], { ...geometry, kernel: kernelOf(convolution) }),
  ),
  maxPool2d: [...maxPools, ...tied(maxPools)],
  maxPool2dGrad: [...maxPoolGradients, ...tied(maxPoolGradients)],
  maxGroups: [
    { inputs: [[2, 6, 2, 3]], build: (x) => ir.maxGroups(x, 3) },
    { inputs: [[2, 4, 2, 3]], values: 'tied', build: (x) => ir.maxGroups(x, 4) },
  ],
  maxGroupsGrad: [2, 3, 4].map((groups) => ({
    inputs: [
      [2, 2 * groups, 3, 2],
      [2, 2, 3, 2],
    ],
    values: 'tied',
    build: (x, dy) => ir.primitive('maxGroupsGrad', [x, ir.maxGroups(x, groups), dy], { groups }),
  })),
  avgPool2d: pools(ir.avgPool2d),
  avgPool2dGrad: POOLED.map(({ x, window, y }) => ({
    inputs: [y],
    build: (dy) => ir.primitive('avgPool2dGrad', [dy], { window, xShape: x }),
  })),
  channelSum: [{ inputs: [X], build: (x) => ir.channelSum(x) }],
  channelVariance: [{ inputs: [X], build: (x) => ir.channelVariance(x, ir.channelMean(x)) }],
  channelAffine: [{ inputs: [X, [3], [3]], build: ir.channelAffine }],
};

/** The case's graph and its inputs with values. */
export function instantiate(example: PrimitiveCase): {
  inputs: Tensor[];
  output: Tensor;
  feeds: Map<string, HostTensor>;
} {
  const inputs = example.inputs.map((shape, i) => ir.input(`in${i}`, shape));
  const feeds = new Map(example.inputs.map((shape, i) => [`in${i}`, values(shape, i, example.values)]));
  return { inputs, output: example.build(...inputs), feeds };
}

function values(shape: Shape, salt: number, kind: PrimitiveCase['values']): HostTensor {
  const next = uniformStream(salt, 'values');
  const draw = (): number => {
    if (kind === 'tied') return Math.floor(next() * 3);
    const magnitude = 0.1 + 1.9 * next();
    return kind === 'positive' || next() < 0.5 ? magnitude : -magnitude;
  };
  return float32(shape, Float32Array.from({ length: sizeOf(shape) }, draw));
}

// Whether a batch may be computed part by part: whether its loss is the mean of its parts' losses, by the graph's structure.
import { topologicalOrder } from '../ir/graph.ts';
import { sameShape, type HostTensor } from '../ir/host.ts';
import type { Node, PrimitiveName, Tensor } from '../ir/primitives.ts';

/**
 * How a tensor depends on the batch: not at all (`shared`); its first axis holds the parts one after the other, each made of that
 * part alone (`rows`); a number that is the sum or the mean of the parts' numbers; or in any other way (`mixed`).
 */
type Reach = 'shared' | 'rows' | 'sum' | 'mean' | 'mixed';

/** A node of the whole batch's graph beside that of a part's graph, and how their inputs reach. */
interface Pairing<P extends PrimitiveName> {
  readonly whole: Node<P>;
  readonly part: Node<P>;
  readonly reaches: readonly Reach[];
  /** How many parts there are. */
  readonly parts: number;
}

type Rule<P extends PrimitiveName> = (pairing: Pairing<P>) => Reach;

const isRows = (reach: Reach | undefined): boolean => reach === 'rows';
const areShared = (reaches: readonly Reach[]): boolean => reaches.every((reach) => reach === 'shared');

/** Every part by itself, as long as the first input is rows and the others are the same for all. */
const byPart = ({ reaches: [first, ...others] }: { readonly reaches: readonly Reach[] }): Reach =>
  isRows(first) && areShared(others) ? 'rows' : 'mixed';

const onlyIf =
  <P extends PrimitiveName>(holds: (whole: Node<P>) => boolean): Rule<P> =>
  (pairing) =>
    holds(pairing.whole) ? byPart(pairing) : 'mixed';

/** Broadcasting must leave the first axis where it is, and meet nothing there that has an extent of its own. */
const elementwise: Rule<PrimitiveName> = ({ whole, reaches }) => {
  const fits = whole.inputs.every(({ shape }: Tensor, i) => {
    const spansParts = shape.length === whole.shape.length && shape[0] === whole.shape[0];
    return isRows(reaches[i]) ? spansParts : !spansParts || shape[0] === 1;
  });
  return reaches.every((reach) => reach === 'rows' || reach === 'shared') && fits ? 'rows' : 'mixed';
};

const negated: Rule<'neg'> = (pairing) => {
  const [reach] = pairing.reaches;
  return reach === 'sum' || reach === 'mean' ? reach : elementwise(pairing);
};

const added: Rule<'add' | 'sub'> = (pairing) => {
  const [a, b] = pairing.reaches;
  const areNumbers = a === b && (a === 'sum' || a === 'mean');
  return areNumbers ? a : elementwise(pairing);
};

const numberIn = (tensor: Tensor): number | undefined =>
  tensor.op === 'constant' && tensor.shape.length === 0 ? Number(tensor.params.value.data[0]) : undefined;

/** A sum over a number that grows with the batch is a mean; by the same number it stays what it is. */
const divided: Rule<'div'> = (pairing) => {
  const { whole, part, reaches, parts } = pairing;
  const [a] = reaches;
  if (a !== 'sum' && a !== 'mean') return elementwise(pairing);
  const [of, ofPart] = [numberIn(whole.inputs[1]), numberIn(part.inputs[1])];
  if (of === undefined || ofPart === undefined) return 'mixed';
  if (of === ofPart) return a;
  return a === 'sum' && of === ofPart * parts ? 'mean' : 'mixed';
};

const multiplied: Rule<'mul'> = (pairing) => {
  const { whole, part, reaches } = pairing;
  const at = reaches.findIndex((reach) => reach === 'sum' || reach === 'mean');
  if (at < 0) return elementwise(pairing);
  const [by, inPart] = [numberIn(whole.inputs[1 - at]!), numberIn(part.inputs[1 - at]!)];
  return by !== undefined && by === inPart ? reaches[at]! : 'mixed';
};

const summed: Rule<'reduceSum'> = ({ whole, reaches: [x] }) => {
  const { axes } = whole.params;
  if (!axes.includes(0)) return isRows(x) ? 'rows' : 'mixed';
  return isRows(x) && whole.shape.length === 0 ? 'sum' : 'mixed';
};

const never = (): Reach => 'mixed';
const isAlongParts = ({ params: { axis } }: Node<'slice'> | Node<'pad'>): boolean => axis === 0;

/** For every primitive how it reaches when one of its inputs depends on the batch. */
const RULES: { readonly [P in PrimitiveName]: Rule<P> } = {
  input: never,
  constant: never,
  neg: negated,
  exp: elementwise,
  log: elementwise,
  log1p: elementwise,
  erf: elementwise,
  sqrt: elementwise,
  abs: elementwise,
  sign: elementwise,
  tanh: elementwise,
  sigmoid: elementwise,
  relu: elementwise,
  stopGradient: elementwise,
  cast: elementwise,
  add: added,
  sub: added,
  mul: multiplied,
  div: divided,
  maximum: elementwise,
  greater: elementwise,
  greaterEqual: elementwise,
  equal: elementwise,
  select: elementwise,
  matmul: onlyIf(({ params }) => !params.transposeA),
  batchMatmul: ({ reaches }) => (reaches.every(isRows) ? 'rows' : 'mixed'),
  transpose: onlyIf(({ params }) => params.permutation[0] === 0),
  reshape: byPart,
  broadcast: elementwise,
  slice: onlyIf((whole) => !isAlongParts(whole)),
  pad: onlyIf((whole) => !isAlongParts(whole)),
  reduceSum: summed,
  reduceMax: onlyIf(({ params }) => !params.axes.includes(0)),
  softmax: onlyIf(({ shape }) => shape.length > 1),
  layerNorm: onlyIf(({ shape }) => shape.length > 1),
  layerNormInputGrad: never,
  layerNormWeightGrad: never,
  conv2d: byPart,
  conv2dInputGrad: never,
  conv2dWeightGrad: never,
  maxPool2d: byPart,
  maxPool2dGrad: never,
  maxGroups: byPart,
  maxGroupsGrad: never,
  avgPool2d: byPart,
  avgPool2dGrad: never,
  channelSum: never,
  channelVariance: never,
  channelAffine: byPart,
};

const areEqual = (a: HostTensor, b: HostTensor): boolean =>
  a.dtype === b.dtype && sameShape(a.shape, b.shape) && Buffer.compare(bytesOf(a), bytesOf(b)) === 0;

const bytesOf = ({ data }: HostTensor): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Parameters of primitives without shapes, which inference has made shapes of the results. */
const paramsOf = ({ params }: Tensor): string => JSON.stringify({ ...params, shape: undefined });

/** Leaves: inputs that name a batch are rows, all others shared; constants must be the same in both graphs to be shared. */
function leafReach(whole: Tensor, part: Tensor, isOfBatch: (name: string) => boolean): Reach {
  if (whole.op === 'input') return isOfBatch(whole.params.name) ? 'rows' : 'shared';
  const isSame =
    whole.op === 'constant' && part.op === 'constant' && areEqual(whole.params.value, part.params.value);
  return isSame ? 'shared' : 'mixed';
}

/** Extents of rows differ by the number of parts in front and nowhere else; those of all others do not differ. */
function shapesAgree(reach: Reach, whole: Tensor, part: Tensor, parts: number): boolean {
  const expected = isRows(reach) ? part.shape.with(0, part.shape[0]! * parts) : part.shape;
  return sameShape(whole.shape, expected);
}

/** What the graph of a batch gives: its mean loss, and outputs whose first axis are the samples. */
export interface BatchGraph {
  readonly loss: Tensor;
  readonly outputs: readonly Tensor[];
}

/**
 * Whether `whole`, traced for a batch, gives the mean of the losses and the rows of the outputs that `part` gives for its parts.
 * `part` is traced for one of `parts` equal parts; `isOfBatch` tells the inputs that hold one entry per sample. A "no" means
 * only that the structure does not show it.
 */
export function isSeparable(
  whole: BatchGraph,
  part: BatchGraph,
  parts: number,
  isOfBatch: (name: string) => boolean,
): boolean {
  const [order, partOrder] = [whole, part].map(({ loss, outputs }) => topologicalOrder([loss, ...outputs]));
  if (order!.length !== partOrder!.length) return false;
  const partOf = new Map(order!.map((tensor, i) => [tensor, partOrder![i]!]));
  const reaches = new Map<Tensor, Reach>();
  for (const [tensor, other] of partOf) {
    const inputs: readonly Tensor[] = tensor.inputs;
    const isSameNode =
      tensor.op === other.op &&
      inputs.every((input, i) => partOf.get(input) === other.inputs[i]) &&
      (tensor.op === 'constant' || paramsOf(tensor) === paramsOf(other));
    if (!isSameNode) return false;
    const reach = reachOf(
      tensor,
      other,
      parts,
      inputs.map((input) => reaches.get(input)!),
      isOfBatch,
    );
    if (reach !== 'mixed' && !shapesAgree(reach, tensor, other, parts)) return false;
    reaches.set(tensor, reach);
  }
  return reaches.get(whole.loss) === 'mean' && whole.outputs.every((output) => isRows(reaches.get(output)));
}

function reachOf(
  whole: Tensor,
  part: Tensor,
  parts: number,
  reaches: readonly Reach[],
  isOfBatch: (name: string) => boolean,
): Reach {
  if (whole.inputs.length === 0) return leafReach(whole, part, isOfBatch);
  if (areShared(reaches)) return 'shared';
  return (RULES[whole.op] as Rule<PrimitiveName>)({ whole, part, reaches, parts });
}

// Questions that timing can answer: which of several equal forms of a part of a graph takes the least time here.
import { grad } from '../grad/grad.ts';
import { topologicalOrder } from '../ir/graph.ts';
import { channelSum, input, mul, primitive, reduceSum } from '../ir/ops.ts';
import type { Node, PrimitiveName, Tensor } from '../ir/primitives.ts';

/** The primitives that have several lowerings, and the names of these; a form that does not fit falls back to another. */
export const LOWERINGS = {
  conv2d: ['product', 'blocked', 'standard'],
  conv2dInputGrad: ['product', 'blocked', 'standard'],
  conv2dWeightGrad: ['product', 'blocked', 'columns', 'standard'],
} as const satisfies { readonly [P in PrimitiveName]?: readonly string[] };

type Tunable = keyof typeof LOWERINGS;

/** The answer that leaves a part to the rules that look at shapes. */
const BY_SHAPE = 'by shape';

/** Answers by question. Questions without one are decided by shape alone. */
export type Choices = ReadonlyMap<string, string>;

/** One way to compute a part: its graph, and how that is lowered. */
export interface Form {
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly choices: Choices;
}

export interface Question {
  /** Says everything about the part that its time depends on. */
  readonly key: string;
  /** By name; the first is taken where all take the same time. */
  readonly forms: Readonly<Record<string, Form>>;
}

export const isTunable = (tensor: Tensor): tensor is Extract<Tensor, { readonly op: Tunable }> =>
  tensor.op in LOWERINGS;

/** The question of how `node` is lowered. */
export const keyOf = ({ op, inputs, params }: Node<Tunable>): string =>
  JSON.stringify([op, inputs.map(({ shape }) => shape), params]);

/** The lowering that `choices` name for `tensor`; `undefined` where shapes decide. */
export function chosenFor(choices: Choices, tensor: Tensor): string | undefined {
  const answer = isTunable(tensor) ? choices.get(keyOf(tensor)) : undefined;
  return answer === BY_SHAPE ? undefined : answer;
}

/** How each distinct part of the graph of `outputs` is lowered best. */
export function loweringQuestions(outputs: readonly Tensor[]): Question[] {
  const questions = topologicalOrder(outputs)
    .filter(isTunable)
    .map((node) => [keyOf(node as Node<Tunable>), node] as const);
  return [...new Map(questions)].map(([key, node]) => {
    const output = summed(alone(node));
    const form = (name: string) => [name, { outputs: { output }, choices: new Map([[key, name]]) }] as const;
    const left = { outputs: { output }, choices: new Map<string, string>() };
    return { key, forms: { [BY_SHAPE]: left, ...Object.fromEntries(LOWERINGS[node.op].map(form)) } };
  });
}

/** `tensor` on inputs of its own. */
function alone(tensor: Tensor): Tensor {
  const inputs = tensor.inputs.map(({ shape }, i) => input(`in${i}`, shape));
  return primitive<PrimitiveName>(tensor.op, inputs as never, tensor.params);
}

/** What stays of a result: large ones are not carried out of the runtime, which would take longer than many a form. */
const summed = (tensor: Tensor): Tensor =>
  tensor.shape.length === 4 ? channelSum(tensor) : reduceSum(tensor);

/** Operations that a rewrite looks through. */
const SEEN_THROUGH: ReadonlySet<PrimitiveName> = new Set(['maxPool2d', 'relu', 'add', 'conv2d']);

/** The part of a graph that a rewrite replaces, on inputs of its own: down to a convolution. */
export function partOf(tensor: Tensor): Tensor {
  let count = 0;
  const rebuilt = (inner: Tensor, isInside: boolean): Tensor => {
    if (!isInside || !SEEN_THROUGH.has(inner.op)) return input(`in${count++}`, inner.shape);
    const inputs = inner.inputs.map((each: Tensor) => rebuilt(each, inner.op !== 'conv2d'));
    return primitive<PrimitiveName>(inner.op, inputs as never, inner.params);
  };
  return rebuilt(tensor, true);
}

const structure = (tensor: Tensor): unknown =>
  tensor.op === 'input' ? tensor.shape : [tensor.op, tensor.params, ...tensor.inputs.map(structure)];

/** The question whether `rewrite` replaces `part`. */
export const rewriteKey = (name: string, part: Tensor): string => JSON.stringify([name, structure(part)]);

/** Result and gradients of `part` as it is and as `better`, which has the same inputs; the one that `pays` comes first. */
export function rewriteQuestion(
  key: string,
  name: string,
  part: Tensor,
  better: Tensor,
  pays: boolean,
): Question {
  const inputs = topologicalOrder([part]).filter(({ op }) => op === 'input');
  const dy = input('dy', part.shape);
  const form = (output: Tensor): Form => {
    const gradients = grad(reduceSum(mul(output, dy)), inputs);
    const outputs = Object.fromEntries(
      [output, ...gradients].map((tensor, i) => [`out${i}`, summed(tensor)]),
    );
    return { outputs, choices: new Map() };
  };
  const forms = [[name, form(better)] as const, ['plain', form(part)] as const];
  return { key, forms: Object.fromEntries(pays ? forms : forms.reverse()) };
}

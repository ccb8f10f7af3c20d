// Several steps in one run: a graph whose outputs are its next inputs becomes the body of an ONNX `Scan`.
import proto, { type onnx } from 'onnx-proto';

const { AttributeProto } = proto.onnx;

export interface Repetition {
  /** How often the graph is run. */
  readonly times: number;
  /** Inputs that a run hands to the next one, each with the output that becomes it. */
  readonly carried: ReadonlyMap<string, string>;
  /** Inputs that all runs read alike. */
  readonly shared: ReadonlySet<string>;
}

/** How values at the border of the body are named, since their own names are those of the whole. */
const inBody = (name: string): string => `each.${name}`;

type Port = onnx.IValueInfoProto;

/** `port` with one more extent in front, of `times`. */
function stacked(port: Port, times: number): Port {
  const { elemType, shape } = port.type!.tensorType!;
  const dim = [{ dimValue: times }, ...(shape?.dim ?? [])];
  return { ...port, type: { tensorType: { elemType: elemType!, shape: { dim } } } };
}

/**
 * `graph`, run `times` times. Carried inputs are fed once and their outputs taken after the last run, shared inputs are fed once;
 * every other input is fed, and every other output given, with one more extent in front, of `times`. Constants stay within the
 * body, so that it is optimised as the graph alone would be.
 */
export function repeated(graph: onnx.IGraphProto, { times, carried, shared }: Repetition): onnx.IGraphProto {
  const [inputs, outputs] = [portsByName(graph.input!), portsByName(graph.output!)];
  const kept = [...carried].map(
    ([name, end]) => [{ ...outputs.get(end)!, name }, outputs.get(end)!] as const,
  );
  const [states, ends] = [kept.map(([state]) => state), kept.map(([, end]) => end)];
  const same = [...inputs.values()].filter(({ name }) => shared.has(name!));
  const slices = [...inputs.values()].filter((port) => !carried.has(port.name!) && !same.includes(port));
  const stacks = [...outputs.values()].filter((port) => !ends.includes(port));
  return {
    name: graph.name!,
    node: [scan(graph, [...states, ...slices], [...ends, ...stacks], slices.length)],
    input: [...states, ...same, ...slices.map((port) => stacked(port, times))],
    output: [...ends, ...stacks.map((port) => stacked(port, times))],
  };
}

const portsByName = (ports: readonly Port[]) => new Map(ports.map((port) => [port.name!, port]));

/** The node that runs `graph` over its last `slices` inputs; the others are carried. */
function scan(
  graph: onnx.IGraphProto,
  inputs: readonly Port[],
  outputs: readonly Port[],
  slices: number,
): onnx.INodeProto {
  const { GRAPH, INT } = AttributeProto.AttributeType;
  return {
    name: 'steps',
    opType: 'Scan',
    domain: '',
    input: inputs.map(({ name }) => name!),
    output: outputs.map(({ name }) => name!),
    attribute: [
      { name: 'body', type: GRAPH, g: bodyOf(graph, inputs, outputs) },
      { name: 'num_scan_inputs', type: INT, i: slices },
    ],
  };
}

/** `graph` with `inputs` and `outputs` in this order, under names of the body's own. */
function bodyOf(
  graph: onnx.IGraphProto,
  inputs: readonly Port[],
  outputs: readonly Port[],
): onnx.IGraphProto {
  const border = new Set([...inputs, ...outputs].map(({ name }) => name!));
  const named = (name: string) => (border.has(name) ? inBody(name) : name);
  const renamed = (port: Port): Port => ({ ...port, name: named(port.name!) });
  return {
    ...graph,
    node: graph.node!.map((node) => ({
      ...node,
      input: node.input!.map(named),
      output: node.output!.map(named),
    })),
    input: inputs.map(renamed),
    output: outputs.map(renamed),
  };
}

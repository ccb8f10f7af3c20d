// Collects ONNX nodes and writes them as a model file, through onnx-proto.
import proto, { type onnx } from 'onnx-proto';
import { sizeOf, type DType, type HostTensor, type Shape } from '../ir/host.ts';
import { repeated, type Repetition } from './repeated.ts';

/** Opset and file version written; opset 17 is read by every ONNX Runtime since 1.12. */
const OPSET = 17;
const IR_VERSION = 8;

const { AttributeProto, ModelProto, TensorProto } = proto.onnx;
const { DataType } = TensorProto;

const DATA_TYPES: { readonly [T in DType]: onnx.TensorProto.DataType } = {
  float32: DataType.FLOAT,
  int32: DataType.INT32,
  int64: DataType.INT64,
  uint8: DataType.UINT8,
  bool: DataType.BOOL,
};

/** ONNX's number of an element type, as `Cast` takes it. */
export function dataTypeOf(dtype: DType): number {
  return DATA_TYPES[dtype];
}

/** ONNX's number of half precision, which no tensor of ours has outside of compiled graphs. */
export const FLOAT16: number = DataType.FLOAT16;

/** Attribute values; whole numbers become INT, others need {@link floatAttribute}. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** An attribute that is a FLOAT even when its value is whole. */
export const floatAttribute = (float: number): Attribute => ({ float });

function attributeProto(name: string, value: Attribute): onnx.IAttributeProto {
  const { AttributeType } = AttributeProto;
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if (typeof value === 'string')
    return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  return { name, type: AttributeType.INTS, ints: [...value] };
}

/** A named value at the border of a graph; a string extent is symbolic. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
}

function portProto({ name, dtype, shape }: Port): onnx.IValueInfoProto {
  const dim = shape.map((extent) =>
    typeof extent === 'string' ? { dimParam: extent } : { dimValue: extent },
  );
  return { name, type: { tensorType: { elemType: DATA_TYPES[dtype], shape: { dim } } } };
}

function tensorProto(name: string, value: HostTensor): onnx.ITensorProto {
  const { buffer, byteOffset, byteLength } = value.data;
  return {
    name,
    dataType: DATA_TYPES[value.dtype],
    dims: [...value.shape],
    rawData: new Uint8Array(buffer, byteOffset, byteLength),
  };
}

export interface ModelOptions {
  /** Becomes `metadata_props`. */
  readonly metadata?: Record<string, string> | undefined;
  /** Makes the file run the graph several times; once when left out. */
  readonly repetition?: Repetition | undefined;
}

/** Writes one ONNX graph, node by node; values are referred to by name. */
export class Emitter {
  readonly #nodes: onnx.INodeProto[] = [];
  readonly #initializers = new Map<string, onnx.ITensorProto>();
  readonly #domains = new Set<string>();
  /** Outputs of nodes by what was asked for: the same node is emitted once. */
  readonly #emitted = new Map<string, string[]>();
  /** Values that go by another name at the border of the graph. */
  readonly #borderNames = new Map<string, string>();
  #count = 0;

  /** Appends a node with one output and returns the output's name. */
  emit(opType: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}): string {
    return this.emitMany(opType, inputs, 1, attributes)[0]!;
  }

  /**
   * Appends a node with `outputs` outputs and returns their names; a node that is there already is not repeated.
   * `opType` may carry a domain: `com.microsoft:FusedMatMul`.
   */
  emitMany(
    opType: string,
    inputs: readonly string[],
    outputs: number,
    attributes: Record<string, Attribute> = {},
  ): string[] {
    const [type, domain = ''] = opType.split(':').reverse() as [string, string?];
    const key = JSON.stringify([opType, inputs, outputs, attributes]);
    const known = this.#emitted.get(key);
    if (known !== undefined) return known;
    const names = Array.from({ length: outputs }, () => `v${this.#count++}`);
    this.#emitted.set(key, names);
    this.#domains.add(domain);
    this.#nodes.push({
      name: names[0]!,
      opType: type,
      domain,
      input: [...inputs],
      output: names,
      attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
    });
    return names;
  }

  /** Gives the value `from` the name `to` too; without a copy, unless it has another such name or is no node's. */
  rename(from: string, to: string): void {
    const isNodes = this.#nodes.some(({ output }) => output!.includes(from));
    if (isNodes && !this.#borderNames.has(from)) this.#borderNames.set(from, to);
    else this.#nodes.push({ name: to, opType: 'Identity', domain: '', input: [from], output: [to] });
  }

  /** Adds a constant under `name`, or under a name made from its content, so that equal constants are stored once. */
  initializer(value: HostTensor, name?: string): string {
    const { buffer, byteOffset, byteLength } = value.data;
    const key =
      name ??
      (sizeOf(value.shape) <= 16
        ? `${value.dtype}[${value.shape.join(',')}]${Buffer.from(buffer, byteOffset, byteLength).toString('hex')}`
        : `c${this.#count++}`);
    if (!this.#initializers.has(key)) this.#initializers.set(key, tensorProto(key, value));
    return key;
  }

  /** A small int64 vector, as shapes, axes and the like are passed. */
  ints(values: readonly number[]): string {
    return this.initializer({
      dtype: 'int64',
      shape: [values.length],
      data: BigInt64Array.from(values, BigInt),
    });
  }

  /** A list of indices, made once for each `name`. */
  indices(name: string, make: () => Int32Array): string {
    if (this.#initializers.has(name)) return name;
    const data = make();
    return this.initializer({ dtype: 'int32', shape: [data.length], data }, name);
  }

  float(value: number, shape: Shape = []): string {
    return this.initializer({ dtype: 'float32', shape, data: Float32Array.of(value) });
  }

  /** The finished model file. */
  model(
    name: string,
    inputs: readonly Port[],
    outputs: readonly Port[],
    options: ModelOptions = {},
  ): Uint8Array {
    const { metadata = {}, repetition } = options;
    const domains = [...new Set(['', ...this.#domains])];
    const graph = this.#graph(name, inputs, outputs);
    const model: onnx.IModelProto = {
      irVersion: IR_VERSION,
      producerName: '@spatter/tensor',
      opsetImport: domains.map((domain) => ({ domain, version: domain === '' ? OPSET : 1 })),
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: repetition === undefined ? graph : repeated(graph, repetition),
    };
    return ModelProto.encode(model).finish();
  }

  #graph(name: string, inputs: readonly Port[], outputs: readonly Port[]): onnx.IGraphProto {
    const named = (value: string) => this.#borderNames.get(value) ?? value;
    return {
      name,
      node: this.#nodes.map((node) => ({
        ...node,
        input: node.input!.map(named),
        output: node.output!.map(named),
      })),
      initializer: [...this.#initializers.values()],
      input: inputs.map(portProto),
      output: outputs.map(portProto),
    };
  }
}

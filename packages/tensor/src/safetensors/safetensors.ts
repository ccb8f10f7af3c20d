// Weights on disk: Hugging Face's safetensors format (8-byte header length, JSON header, raw little-endian data).
import { TensorError } from '../error.ts';
import { sizeOf, type DType, type DTypes, type HostTensor } from '../ir/host.ts';
import type { State } from '../nn/parameters.ts';
import { fromBfloat16, fromHalf } from './narrow-floats.ts';

interface Format {
  readonly code: string;
  readonly bytes: number;
  readonly view: (buffer: ArrayBuffer) => DTypes[DType];
}

const FORMATS: { readonly [T in DType]: Format } = {
  int64: { code: 'I64', bytes: 8, view: (buffer) => new BigInt64Array(buffer) },
  float32: { code: 'F32', bytes: 4, view: (buffer) => new Float32Array(buffer) },
  int32: { code: 'I32', bytes: 4, view: (buffer) => new Int32Array(buffer) },
  uint8: { code: 'U8', bytes: 1, view: (buffer) => new Uint8Array(buffer) },
  bool: { code: 'BOOL', bytes: 1, view: (buffer) => new Uint8Array(buffer) },
};

/** Types that are read alone, as float32. */
const AS_FLOAT32: readonly Format[] = [
  { code: 'F64', bytes: 8, view: (buffer) => Float32Array.from(new Float64Array(buffer)) },
  { code: 'F16', bytes: 2, view: (buffer) => fromHalf(new Uint16Array(buffer)) },
  { code: 'BF16', bytes: 2, view: (buffer) => fromBfloat16(new Uint16Array(buffer)) },
];

const READ: ReadonlyMap<string, Format & { readonly dtype: DType }> = new Map([
  ...Object.entries(FORMATS).map(
    ([dtype, format]) => [format.code, { ...format, dtype: dtype as DType }] as const,
  ),
  ...AS_FLOAT32.map((format) => [format.code, { ...format, dtype: 'float32' as const }] as const),
]);

const METADATA = '__metadata__';

/** The bytes of a safetensors file. Wide types first, then by name, so that data are aligned and equal states give equal bytes. */
export function saveSafetensors(tensors: State, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const width = (tensor: HostTensor) => FORMATS[tensor.dtype].bytes;
  const sorted = [...tensors].sort(([a, x], [b, y]) => width(y) - width(x) || (a < b ? -1 : 1));
  const header: Record<string, unknown> = {};
  const keys = Object.keys(metadata).sort();
  if (keys.length > 0) header[METADATA] = Object.fromEntries(keys.map((key) => [key, metadata[key]]));
  let offset = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    header[name] = { dtype: FORMATS[dtype].code, shape, data_offsets: [offset, (offset += data.byteLength)] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerLength + offset).fill(0x20, 8, 8 + headerLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.set(json, 8);
  let position = 8 + headerLength;
  for (const [, { data }] of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return file;
}

/**
 * Reads a safetensors file; `where` names it in messages. The tensors own their memory. F64, F16 and BF16 become float32.
 * Throws {@link TensorError} `SAFETENSORS` when the file is damaged or holds an unsupported type.
 */
export function loadSafetensors(
  bytes: Uint8Array,
  where: string,
): { tensors: Map<string, HostTensor>; metadata: Record<string, string> } {
  const { header, body } = split(bytes, where);
  const entries = Object.entries(header).filter(([name]) => name !== METADATA);
  const stored = entries.reduce((sum, [name, entry]) => sum + extent(name, entry, where), 0);
  // Before any is read, so that entries over the same bytes cannot unfold to more than the file.
  if (stored !== body.length)
    damaged(where, `its header describes ${stored} bytes of data, but it holds ${body.length}`);
  const tensors = new Map(
    entries.map(([name, entry]) => [name, readTensor(name, entry as Entry, body, where)]),
  );
  return { tensors, metadata: (header[METADATA] ?? {}) as Record<string, string> };
}

function damaged(where: string, what: string): never {
  throw new TensorError(
    'SAFETENSORS',
    `${where} is no whole safetensors file: ${what}`,
    'use another copy of the file',
  );
}

function split(bytes: Uint8Array, where: string): { header: Record<string, unknown>; body: Uint8Array } {
  if (bytes.length < 8)
    damaged(where, `it has ${bytes.length} bytes, less than the 8 of the header's length`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - 8) damaged(where, `its header would end beyond the end of the file`);
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  // A plain view: Node's Buffer overrides `slice` to share memory instead of copying.
  const body = new Uint8Array(bytes.buffer, bytes.byteOffset + 8 + length, bytes.length - 8 - length);
  return { header: parseHeader(text, where), body };
}

function parseHeader(text: string, where: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    return damaged(where, 'its header is no JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    return damaged(where, 'its header is no JSON object');
  return header as Record<string, unknown>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  const { dtype, shape, data_offsets: offsets } = value as Partial<Record<keyof Entry, unknown>>;
  const areCounts = (list: unknown): list is number[] => Array.isArray(list) && list.every(isCount);
  if (typeof dtype !== 'string' || !areCounts(shape) || !areCounts(offsets)) return false;
  return offsets.length === 2 && offsets[0]! <= offsets[1]!;
}

/** Bytes of an entry. */
function extent(name: string, entry: unknown, where: string): number {
  if (!isEntry(entry)) return damaged(where, `its entry "${name}" is malformed`);
  return entry.data_offsets[1] - entry.data_offsets[0];
}

function readTensor(name: string, entry: Entry, body: Uint8Array, where: string): HostTensor {
  const format = READ.get(entry.dtype);
  if (format === undefined) {
    const known = [...READ.keys()].join(', ');
    throw new TensorError(
      'SAFETENSORS',
      `${where}: "${name}" must be one of ${known}, but is ${entry.dtype}`,
      'convert the tensor before saving',
    );
  }
  const [start, end] = entry.data_offsets;
  if (end > body.length || end - start !== sizeOf(entry.shape) * format.bytes)
    return damaged(where, `the data of "${name}" does not match its shape`);
  return { dtype: format.dtype, shape: entry.shape, data: format.view(body.slice(start, end).buffer) };
}

// Reads the tensors of a PyTorch file (torch.save: a zip of a pickle and raw storages). Nothing of the file is executed.
import { fromBfloat16, fromHalf, type HostTensor, type State } from '@spatter/tensor';
import { SpatterError } from '../../util/errors.ts';
import { Persistent, PythonName, readPickle, type Pickled } from './pickle.ts';
import { zipEntries } from './zip-entries.ts';

interface Storage {
  readonly bytes: number;
  /** The values from the bytes, as the type that the engine has for them. */
  readonly read: (bytes: Buffer) => HostTensor['data'];
  readonly dtype: HostTensor['dtype'];
}

/** Memory of its own, aligned for any type. */
const own = (bytes: Buffer): ArrayBuffer => Uint8Array.from(bytes).buffer;

const STORAGES: Readonly<Record<string, Storage>> = {
  FloatStorage: { bytes: 4, dtype: 'float32', read: (b) => new Float32Array(own(b)) },
  DoubleStorage: { bytes: 8, dtype: 'float32', read: (b) => Float32Array.from(new Float64Array(own(b))) },
  HalfStorage: { bytes: 2, dtype: 'float32', read: (b) => fromHalf(new Uint16Array(own(b))) },
  BFloat16Storage: { bytes: 2, dtype: 'float32', read: (b) => fromBfloat16(new Uint16Array(own(b))) },
  LongStorage: { bytes: 8, dtype: 'int64', read: (b) => new BigInt64Array(own(b)) },
  IntStorage: { bytes: 4, dtype: 'int32', read: (b) => new Int32Array(own(b)) },
  ByteStorage: { bytes: 1, dtype: 'uint8', read: (b) => new Uint8Array(own(b)) },
  BoolStorage: { bytes: 1, dtype: 'bool', read: (b) => new Uint8Array(own(b)) },
};

/** Keys under which training scripts put the state dict beside other things. */
const WRAPPERS = ['state_dict', 'model_state_dict', 'model', 'module', 'net'];
/** What `DataParallel` puts before every name. */
const PARALLEL = 'module.';

class Tensor {
  readonly value: HostTensor;

  constructor(value: HostTensor) {
    this.value = value;
  }
}

function refuse(where: string, must: string, hint: string): never {
  throw new SpatterError('WEIGHTS', `${where} ${must}`, hint);
}

/**
 * Tensors by name of a `.pth`, `.pt` or `.mdl` file: a state dict, or a dictionary that holds one. Half and double
 * precision become float32.
 * @throws {SpatterError} WEIGHTS when it is damaged, in the format before PyTorch 1.6, or holds anything but data.
 */
export async function readTorchFile(file: Buffer, where: string): Promise<State> {
  if (file.subarray(0, 2).toString('latin1') !== 'PK')
    refuse(
      where,
      'must be a zip file as PyTorch 1.6 and newer write it, but is not',
      'load it in Python and save it again: torch.save(model.state_dict(), path)',
    );
  const entries = await zipEntries(file).catch((error: unknown) =>
    refuse(where, `must be a whole zip file, but ${(error as Error).message}`, 'use another copy of it'),
  );
  const pickle = entries.get('data.pkl');
  if (pickle === undefined)
    return refuse(
      where,
      'must hold data.pkl uncompressed, as torch.save writes it, but does not',
      'name another file',
    );
  if (entries.get('byteorder')?.toString() === 'big')
    refuse(where, 'must be little-endian, but is big-endian', 'save it on another machine');
  const reading = { entries, where, left: MOST_UNFOLDED * file.length };
  return tensorsOf(
    readPickle(pickle, (name, args) => build(name, args, reading), where),
    where,
  );
}

/** A file's tensors may take so many times its bytes: weights are shared now and then, but hardly more often. */
const MOST_UNFOLDED = 8;

/** A file under way: its entries, and the bytes of tensors that may still come. */
interface Reading {
  readonly entries: ReadonlyMap<string, Buffer>;
  readonly where: string;
  left: number;
}

function build(name: string, args: readonly Pickled[], reading: Reading): Pickled {
  const { where } = reading;
  if (name === 'collections.OrderedDict' && args.length === 0) return new Map<Pickled, Pickled>();
  if (name === 'collections.defaultdict') return new Map<Pickled, Pickled>();
  if (name === 'torch._utils._rebuild_tensor_v2') return { made: rebuilt(args, reading) };
  if (name === 'torch._utils._rebuild_parameter') return args[0] ?? null;
  if (name === 'torch.Size') return args[0] ?? null;
  return refuse(
    where,
    `must hold tensors alone, but would call ${name} on loading; nothing was executed`,
    'in Python save the tensors only: torch.save(model.state_dict(), path)',
  );
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const counts = (value: Pickled | undefined): number[] | undefined =>
  Array.isArray(value) && value.every(isCount) ? value : undefined;

/** The tensor of storage, offset, size and strides, row-major. */
function rebuilt(args: readonly Pickled[], reading: Reading): Tensor {
  const [stored, offset] = args;
  const [shape, strides] = [counts(args[2]), counts(args[3])];
  const damaged = (what: string, hint = 'use another copy') =>
    refuse(reading.where, `must hold whole tensors, but ${what}`, hint);
  if (!(stored instanceof Persistent) || !Array.isArray(stored.id)) return damaged('one has no storage');
  const [, kind, named] = stored.id;
  const key = typeof named === 'string' ? named : '';
  const storage = kind instanceof PythonName ? STORAGES[kind.path.replace(/^torch\./, '')] : undefined;
  if (storage === undefined)
    return damaged(`one is of type ${kind instanceof PythonName ? kind.path : 'unknown'}`);
  const bytes = reading.entries.get(`data/${key}`);
  if (bytes === undefined || shape === undefined || strides?.length !== shape.length || !isCount(offset))
    return damaged(`the storage ${key} is missing or malformed`);
  const size = shape.reduce((product, extent) => product * extent, 1);
  const span = size === 0 ? 0 : shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis]!, 1);
  const [start, end] = [offset * storage.bytes, (offset + span) * storage.bytes];
  if (!isCount(size) || (span > 0 && !(end <= bytes.length)))
    return damaged(`a tensor of [${shape.join(', ')}] reaches beyond its storage`);
  reading.left -= Math.max(size, span) * storage.bytes;
  if (reading.left < 0)
    return damaged(`they unfold to ${MOST_UNFOLDED} times the file`, 'save each with .clone()');
  const values = storage.read(bytes.subarray(start, end));
  return new Tensor({ dtype: storage.dtype, shape, data: gathered(values, shape, strides, size) });
}

/** The elements at `strides`, row-major. */
function gathered(
  all: HostTensor['data'],
  shape: readonly number[],
  strides: readonly number[],
  size: number,
): HostTensor['data'] {
  const inner = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  if (strides.every((stride, axis) => stride === inner[axis] || shape[axis] === 1)) return all;
  const data = all.slice(0, 0).constructor as new (length: number) => HostTensor['data'];
  const copy = new data(size);
  for (let flat = 0; flat < size; flat++) {
    const from = shape.reduce(
      (sum, extent, axis) => sum + (Math.floor(flat / inner[axis]!) % extent) * strides[axis]!,
      0,
    );
    copy[flat] = all[from]!;
  }
  return copy;
}

const madeTensor = (value: Pickled): Tensor | undefined =>
  typeof value === 'object' && value !== null && 'made' in value && value.made instanceof Tensor
    ? value.made
    : undefined;

/** Dictionaries within dictionaries that are looked into; a pickle may hold itself. */
const DEEPEST = 2;

/** The tensors of the dictionary that a checkpoint wraps, such as `state_dict`, else its own; none: undefined. */
function tensorsIn(value: Pickled | undefined, depth = 0): [string, HostTensor][] | undefined {
  if (!(value instanceof Map) || depth > DEEPEST) return undefined;
  for (const key of WRAPPERS) {
    const wrapped = tensorsIn(value.get(key), depth + 1);
    if (wrapped !== undefined) return wrapped;
  }
  const tensors = [...value].flatMap(([name, item]): [string, HostTensor][] => {
    const tensor = madeTensor(item);
    return tensor === undefined || typeof name !== 'string' ? [] : [[name, tensor.value]];
  });
  return tensors.length > 0 ? tensors : undefined;
}

function tensorsOf(value: Pickled, where: string): State {
  if (!(value instanceof Map))
    return refuse(where, 'must hold a dictionary of tensors, but does not', 'save model.state_dict()');
  const tensors =
    tensorsIn(value) ?? refuse(where, 'must hold tensors by name, but holds none', 'save model.state_dict()');
  const isParallel = tensors.every(([name]) => name.startsWith(PARALLEL));
  return new Map(tensors.map(([name, tensor]) => [isParallel ? name.slice(PARALLEL.length) : name, tensor]));
}

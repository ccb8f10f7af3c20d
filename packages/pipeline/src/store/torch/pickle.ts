// Reads the pickles that torch.save writes around tensors. It is an interpreter of data alone: it looks no name up, calls nothing, and refuses what it does not know.
import { SpatterError } from '../../util/errors.ts';

/** A name in Python's modules, such as `torch FloatStorage`. */
export class PythonName {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}

/** Something that torch keeps outside the pickle: the tuple that says what. */
export class Persistent {
  readonly id: Pickled;

  constructor(id: Pickled) {
    this.id = id;
  }
}

/** What `build` makes of a call of one of the allowed names. */
export type Build = (name: string, args: readonly Pickled[]) => Pickled;

/** Values of a pickle. Tuples and lists are arrays, dictionaries are maps; `object` is what a {@link Build} made. */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | PythonName
  | Persistent
  | Pickled[]
  | Map<Pickled, Pickled>
  | { readonly made: unknown };

const MARK = Symbol('mark');
type Stack = (Pickled | typeof MARK)[];

/** Reading position, stack and memo of a pickle under way. */
class Machine {
  readonly stack: Stack = [];
  readonly memo = new Map<number, Pickled>();
  readonly #bytes: Buffer;
  readonly build: Build;
  readonly where: string;
  #at = 0;

  constructor(bytes: Buffer, build: Build, where: string) {
    this.#bytes = bytes;
    this.build = build;
    this.where = where;
  }

  /** The next `length` bytes. */
  take(length: number): Buffer {
    if (length < 0 || this.#at + length > this.#bytes.length) this.fail('is cut short');
    return this.#bytes.subarray(this.#at, (this.#at += length));
  }

  text(length: number): string {
    return this.take(length).toString('utf8');
  }

  line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) this.fail('is cut short');
    const text = this.text(end - this.#at);
    this.#at = end + 1;
    return text;
  }

  push(value: Pickled): void {
    this.stack.push(value);
  }

  pop(): Pickled {
    const value = this.stack.pop();
    if (value === undefined || value === MARK) return this.fail('takes what it never put down');
    return value;
  }

  string(): string {
    const value = this.pop();
    return typeof value === 'string' ? value : this.fail('names something without a name');
  }

  top(): Pickled {
    const value = this.pop();
    this.push(value);
    return value;
  }

  /** Everything since the last mark. */
  toMark(): Pickled[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) this.fail('takes what it never put down');
    const values = this.stack.splice(mark) as Pickled[];
    return values.slice(1);
  }

  remember(key: number): void {
    this.memo.set(key, this.top());
  }

  recall(key: number): void {
    const value = this.memo.get(key);
    if (value === undefined) return this.fail('refers to what it never named');
    this.push(value);
  }

  name(module: string, member: string): void {
    this.push(new PythonName(`${module}.${member}`));
  }

  list(): Pickled[] {
    const list = this.top();
    return Array.isArray(list) ? list : this.fail('appends to something that is no list');
  }

  entries(pairs: readonly Pickled[]): void {
    const map = this.top();
    if (!(map instanceof Map) || pairs.length % 2 !== 0)
      return this.fail('sets entries of something that is no dictionary');
    for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i]!, pairs[i + 1]!);
  }

  call(): void {
    const [args, callee] = [this.pop(), this.pop()];
    if (!(callee instanceof PythonName) || !Array.isArray(args))
      return this.fail('calls something without a name');
    this.push(this.build(callee.path, args));
  }

  /** `__setstate__`: torch keeps notes such as versions there; nothing of it is needed. */
  drop(): void {
    this.pop();
    this.top();
  }

  fail(what: string): never {
    const message = `${this.where} must be a whole pickle of tensors, but it ${what}`;
    throw new SpatterError('WEIGHTS', message, 'save the weights again, best as safetensors');
  }
}

/** A little-endian integer of any length, in two's complement. */
function long(bytes: Buffer): number {
  let value = 0n;
  for (const [i, byte] of bytes.entries()) value |= BigInt(byte) << BigInt(8 * i);
  return Number(BigInt.asIntN(8 * Math.max(bytes.length, 1), value));
}

const collected = (count: number) => (m: Machine) => {
  const values = Array.from({ length: count }, () => m.pop());
  m.push(values.reverse());
};

/** Opcodes of protocols 2 to 5 that tensors need. */
const OPCODES: Readonly<Record<number, (m: Machine) => void>> = {
  0x80: (m) => void m.take(1), // PROTO
  0x95: (m) => void m.take(8), // FRAME
  0x28: (m) => void m.stack.push(MARK), // MARK
  0x4e: (m) => m.push(null), // NONE
  0x88: (m) => m.push(true), // NEWTRUE
  0x89: (m) => m.push(false), // NEWFALSE
  0x4a: (m) => m.push(m.take(4).readInt32LE()), // BININT
  0x4b: (m) => m.push(m.take(1)[0]!), // BININT1
  0x4d: (m) => m.push(m.take(2).readUInt16LE()), // BININT2
  0x8a: (m) => m.push(long(m.take(m.take(1)[0]!))), // LONG1
  0x47: (m) => m.push(m.take(8).readDoubleBE()), // BINFLOAT
  0x58: (m) => m.push(m.text(m.take(4).readUInt32LE())), // BINUNICODE
  0x8c: (m) => m.push(m.text(m.take(1)[0]!)), // SHORT_BINUNICODE
  0x55: (m) => m.push(m.text(m.take(1)[0]!)), // SHORT_BINSTRING
  0x43: (m) => m.push(m.text(m.take(1)[0]!)), // SHORT_BINBYTES
  0x5d: (m) => m.push([]), // EMPTY_LIST
  0x29: (m) => m.push([]), // EMPTY_TUPLE
  0x7d: (m) => m.push(new Map()), // EMPTY_DICT
  0x85: collected(1), // TUPLE1
  0x86: collected(2), // TUPLE2
  0x87: collected(3), // TUPLE3
  0x74: (m) => m.push(m.toMark()), // TUPLE
  0x61: (m) => {
    const value = m.pop();
    m.list().push(value);
  }, // APPEND
  0x65: (m) => {
    const values = m.toMark();
    const list = m.list();
    for (const value of values) list.push(value);
  }, // APPENDS
  0x73: (m) => {
    const value = m.pop();
    m.entries([m.pop(), value]);
  }, // SETITEM
  0x75: (m) => m.entries(m.toMark()), // SETITEMS
  0x71: (m) => m.remember(m.take(1)[0]!), // BINPUT
  0x72: (m) => m.remember(m.take(4).readUInt32LE()), // LONG_BINPUT
  0x94: (m) => m.remember(m.memo.size), // MEMOIZE
  0x68: (m) => m.recall(m.take(1)[0]!), // BINGET
  0x6a: (m) => m.recall(m.take(4).readUInt32LE()), // LONG_BINGET
  0x63: (m) => m.name(m.line(), m.line()), // GLOBAL
  0x93: (m) => {
    const member = m.string();
    m.name(m.string(), member);
  }, // STACK_GLOBAL
  0x51: (m) => m.push(new Persistent(m.pop())), // BINPERSID
  0x52: (m) => m.call(), // REDUCE
  0x81: (m) => m.call(), // NEWOBJ
  0x62: (m) => m.drop(), // BUILD
  0x30: (m) => void m.pop(), // POP
};

const STOP = 0x2e;

/**
 * The value of a pickle. `build` is asked for every call; it must refuse what it does not know.
 * @throws {SpatterError} WEIGHTS when the pickle is damaged or wants what tensors never need.
 */
export function readPickle(bytes: Buffer, build: Build, where: string): Pickled {
  const machine = new Machine(bytes, build, where);
  for (let code = machine.take(1)[0]!; code !== STOP; code = machine.take(1)[0]!) {
    const run = OPCODES[code];
    if (run === undefined) machine.fail(`holds opcode 0x${code.toString(16)}, which tensors never need`);
    run!(machine);
  }
  return machine.pop();
}

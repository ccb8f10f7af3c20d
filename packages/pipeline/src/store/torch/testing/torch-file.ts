// Files as torch.save writes them, and such as it never would: for tests of what must be refused.

/** A tensor of a pickle: extents and strides over the float32 storage `data/0`. */
export interface TensorPlan {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Bytes of a pickle written with one character a byte. */
export const pickle = (text: string): Buffer => Buffer.from(text, 'latin1');

const uint = (value: number, bytes: 2 | 4): string => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer.toString('latin1');
};

/** BINUNICODE. */
export const text = (value: string): string => `X${uint(value.length, 4)}${value}`;

/** LONG1 of eight bytes, so that any extent can be written. */
function long(value: number): string {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64LE(BigInt(value));
  return `\x8a\x08${buffer.toString('latin1')}`;
}

/** A pickled dictionary of values that are pickled already. */
export const dictionary = (entries: Readonly<Record<string, string>>): string =>
  `}(${Object.entries(entries)
    .map(([name, value]) => text(name) + value)
    .join('')}u`;

/** A pickled call of `torch._utils._rebuild_tensor_v2`. */
export function tensor({ shape, strides }: TensorPlan): string {
  const tuple = (values: readonly number[]) => `(${values.map(long).join('')}t`;
  const storage = `(${text('storage')}ctorch\nFloatStorage\n${text('0')}${text('cpu')}K\x04tQ`;
  return `ctorch._utils\n_rebuild_tensor_v2\n(${storage}K\x00${tuple(shape)}${tuple(strides)}\x89}tR`;
}

/**
 * A zip file of stored entries with `body` as its pickle and `values` float32 zeros as its storage. `doubled` lists that storage
 * so many times more, each over the same bytes.
 */
export function torchFile(body: string, values = 4, doubled = 0): Buffer {
  const files: [string, Buffer][] = [
    ['x/data.pkl', pickle(`\x80\x02${body}.`)],
    ['x/data/0', Buffer.alloc(4 * values)],
  ];
  const parts: string[] = [];
  const central: string[] = [];
  const centralEntry = (name: string, size: string, offset: number) =>
    `PK\x01\x02${uint(20, 2)}${uint(20, 2)}${'\0'.repeat(12)}${size}${uint(name.length, 2)}${'\0'.repeat(12)}${uint(offset, 4)}${name}`;
  for (const [name, bytes] of files) {
    const size = uint(bytes.length, 4).repeat(2);
    const offset = parts.join('').length;
    parts.push(`PK\x03\x04${uint(20, 2)}${'\0'.repeat(12)}${size}${uint(name.length, 2)}\0\0${name}`);
    parts.push(bytes.toString('latin1'));
    central.push(centralEntry(name, size, offset));
    if (name.endsWith('/0'))
      for (let k = 1; k <= doubled; k++) central.push(centralEntry(`x/data/${k}`, size, offset));
  }
  const [local, listed] = [parts.join(''), central.join('')];
  const counts = uint(central.length, 2).repeat(2);
  return pickle(
    `${local}${listed}PK\x05\x06\0\0\0\0${counts}${uint(listed.length, 4)}${uint(local.length, 4)}\0\0`,
  );
}

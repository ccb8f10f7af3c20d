// Reads JPEG bytes from HDF5: fixed-length strings of any padding, variable-length bytes and strings, opaque.
import type { File, Metadata } from 'h5wasm/node';
import { SpatterError } from '../util/errors.ts';
import { damaged, guard, loadHdf5, openHdf5, withHeap, type Hdf5 } from './hdf5.ts';

const CLASS = { integer: 0, string: 3, opaque: 5, vlen: 9 } as const;
const SPACE_PADDED = 2;

/** How the bytes of a row lie in memory: in place and padded with `pad`, behind (length, pointer), or behind a C pointer. */
type RowKind =
  { readonly in: 'place'; readonly pad: number } | { readonly in: 'vlen' } | { readonly in: 'text' };

/** A dataset of crops. */
export interface CropDataset {
  readonly name: string;
  /** Number of rows. */
  readonly length: number;
}

interface Entry extends CropDataset {
  readonly size: number;
  readonly kind: RowKind;
}

/**
 * Reads one file of crops. Open one per worker; all methods are synchronous.
 * A row costs what its gzip chunk costs: read hundreds at a time where the order allows.
 */
export class CropFileReader {
  readonly path: string;
  readonly #hdf5: Hdf5;
  readonly #file: File;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(path: string, hdf5: Hdf5, file: File) {
    this.path = path;
    this.#hdf5 = hdf5;
    this.#file = file;
    this.#entries = new Map(listEntries(path, hdf5, file).map((entry) => [entry.name, entry]));
  }

  /** @throws {SpatterError} FILE_NOT_FOUND, IO, HDF5_DAMAGED (not HDF5, or cut short), HDF5_LAYOUT (holds something else). */
  static async open(path: string): Promise<CropFileReader> {
    const hdf5 = await loadHdf5();
    const file = openHdf5(hdf5, path, 'r');
    try {
      return new CropFileReader(path, hdf5, file);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** The datasets in h5py's order of keys: by bytes of the name (`x_0, x_1, x_10, x_2`), or of creation where the file tracks it. */
  datasets(): readonly CropDataset[] {
    return [...this.#entries.values()].map(({ name, length }) => ({ name, length }));
  }

  /**
   * JPEG bytes of rows `start` to `start + count − 1`, each its own copy, padding removed.
   * @throws {SpatterError} INDEX_INVALID when the dataset or a row does not exist, HDF5_DAMAGED when its bytes are unreadable.
   */
  read(dataset: string, start: number, count: number): Uint8Array[] {
    const entry = this.#entry(dataset, start, count);
    if (count === 0) return [];
    return withHeap(this.#hdf5, entry.size * count, (pointer) => {
      this.#load(entry, start, count, pointer);
      return this.#rows(entry, count, pointer);
    });
  }

  /** Attributes of the file's root; 64-bit integers become numbers. */
  attributes(): Record<string, unknown> {
    return guard(this.path, () =>
      Object.fromEntries(
        Object.entries(this.#file.attrs).map(([name, attribute]) => [name, attribute.json_value]),
      ),
    );
  }

  close(): void {
    this.#file.close();
  }

  #entry(dataset: string, start: number, count: number): Entry {
    const entry = this.#entries.get(dataset);
    if (entry === undefined) throw noSuch(this.path, `has no dataset ${dataset}`);
    if (start >= 0 && count >= 0 && start + count <= entry.length) return entry;
    const asked = count === 1 ? `row ${start}` : `rows ${start} to ${start + count - 1}`;
    throw noSuch(this.path, `has ${entry.length} rows in ${dataset}, not ${asked}`);
  }

  #load(entry: Entry, start: number, count: number, pointer: number): void {
    const [n, from, step] = [[BigInt(count)], [BigInt(start)], [1n]];
    const status = guard(this.path, () =>
      this.#hdf5.module.get_dataset_data(
        this.#file.file_id,
        `/${entry.name}`,
        n,
        from,
        step,
        BigInt(pointer),
      ),
    );
    if (status < 0) throw damaged(this.path, `rows of ${entry.name} cannot be read`);
  }

  #rows(entry: Entry, count: number, pointer: number): Uint8Array[] {
    const { kind, size } = entry;
    if (kind.in === 'place') {
      return Array.from({ length: count }, (_, i) =>
        trimmed(this.#hdf5.module.HEAPU8, pointer + i * size, size, kind.pad),
      );
    }
    try {
      const copy = kind.in === 'vlen' ? copyVlen : copyText;
      return Array.from({ length: count }, (_, i) => copy(this.#hdf5.module.HEAPU8, pointer + i * size));
    } finally {
      const n = [BigInt(count)];
      this.#hdf5.module.reclaim_vlen_memory_count(
        this.#file.file_id,
        `/${entry.name}`,
        '',
        BigInt(pointer),
        n,
      );
    }
  }
}

function noSuch(path: string, what: string): SpatterError {
  return new SpatterError(
    'INDEX_INVALID',
    `${path} ${what}`,
    'build the index again with `spatter data index`',
  );
}

function listEntries(path: string, hdf5: Hdf5, file: File): Entry[] {
  const names = guard(path, () => file.keys());
  return names.map((name) => {
    const isDataset =
      guard(path, () => hdf5.module.get_type(file.file_id, `/${name}`)) === hdf5.module.H5G_DATASET;
    if (!isDataset) throw unsupported(path, name, 'is no dataset');
    const metadata = guard(path, () => hdf5.module.get_dataset_metadata(file.file_id, `/${name}`));
    return toEntry(path, name, metadata);
  });
}

function toEntry(path: string, name: string, metadata: Metadata): Entry {
  const kind = rowKind(metadata);
  const shape = metadata.shape ?? [];
  if (kind === undefined) throw unsupported(path, name, `is of HDF5 class ${metadata.type}`);
  if (shape.length !== 1) throw unsupported(path, name, `has ${shape.length} dimensions`);
  return { name, length: shape[0]!, size: metadata.size, kind };
}

function rowKind(metadata: Metadata): RowKind | undefined {
  const { type, vlen, strpad, vlen_type: item } = metadata;
  if (type === CLASS.string) {
    return vlen ? { in: 'text' } : { in: 'place', pad: strpad === SPACE_PADDED ? 32 : 0 };
  }
  if (type === CLASS.opaque) return { in: 'place', pad: 0 };
  if (type === CLASS.vlen && item?.type === CLASS.integer && item.size === 1) return { in: 'vlen' };
  return undefined;
}

function unsupported(path: string, name: string, what: string): SpatterError {
  return new SpatterError(
    'HDF5_LAYOUT',
    `every entry of ${path} must be a list of JPEGs (byte strings, opaque or variable-length uint8); ${name} ${what}`,
    'name a file written by `spatter extract`, or move the other data into another file',
  );
}

function trimmed(heap: Uint8Array, start: number, size: number, pad: number): Uint8Array {
  let end = start + size;
  while (end > start && heap[end - 1] === pad) end--;
  return heap.slice(start, end);
}

function uint32(heap: Uint8Array, at: number): number {
  return (heap[at]! | (heap[at + 1]! << 8) | (heap[at + 2]! << 16) | (heap[at + 3]! << 24)) >>> 0;
}

function copyVlen(heap: Uint8Array, at: number): Uint8Array {
  const start = uint32(heap, at + 4);
  return heap.slice(start, start + uint32(heap, at));
}

function copyText(heap: Uint8Array, at: number): Uint8Array {
  const start = uint32(heap, at);
  return start === 0 ? new Uint8Array(0) : heap.slice(start, heap.indexOf(0, start));
}

// Writes crops as HDF5 in the reference's exact type: fixed-length null-padded ASCII strings of JPEG bytes, gzip.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { File } from 'h5wasm/node';
import { guard, loadHdf5, openHdf5, withHeap, type Hdf5 } from './hdf5.ts';

/** Bytes a gzip chunk aims at: small enough that one random row inflates little, large enough that chunks are few. */
const CHUNK_BYTES = 16_384;
/** Level 1: JPEG bytes hardly shrink; measured 1.5 % larger than h5py's level 4 and 1.7 times faster. */
const GZIP_LEVEL = 1;
const GZIP_FILTER = 1;
const STRING_CLASS = 3;
const DATATYPE_MESSAGE = 3;
const MODIFICATION_TIME_MESSAGE = 0x12;
const NULL_PADDED = 1;

/**
 * Writes datasets `{video}_{k}` of JPEG bytes, readable by h5py as `S<longest>`. Writes to exactly the path it is given; the
 * caller renames. The file is closed between calls, so a killed process leaves every finished dataset readable.
 * Padding hides NUL bytes at a row's very end; a JPEG ends with FF D9, so nothing of it is lost.
 */
export class CropFileWriter {
  readonly path: string;
  readonly #hdf5: Hdf5;

  private constructor(path: string, hdf5: Hdf5) {
    this.path = path;
    this.#hdf5 = hdf5;
  }

  /** Creates an empty file; one that stood at `path` is replaced. */
  static async create(path: string): Promise<CropFileWriter> {
    const writer = new CropFileWriter(path, await loadHdf5());
    guard(path, () => openHdf5(writer.#hdf5, path, 'w').close());
    return writer;
  }

  /** Adds a dataset of `rows` (at least one). Synchronous: the rows may be reused afterwards. */
  writeDataset(name: string, rows: readonly Uint8Array[]): void {
    if (rows.length === 0) throw new RangeError(`dataset ${name} must have at least one row`);
    const address = this.#withFile((file) => {
      if (file.keys().includes(name)) throw new RangeError(`${this.path} already has a dataset ${name}`);
      createDataset(this.#hdf5, file, name, rows);
      return headerAddress(this.#hdf5, file, name);
    });
    finishHeader(this.path, address);
  }

  /** Adds attributes to the file's root: text, 64-bit integers, or doubles. */
  setAttributes(attributes: Readonly<Record<string, string | number>>): void {
    this.#withFile((file) => {
      for (const [name, value] of Object.entries(attributes)) setAttribute(file, name, value);
    });
  }

  /** Nothing is left open between calls; here for symmetry with the reader. */
  close(): void {
    // Every call closed the file behind itself.
  }

  #withFile<T>(work: (file: File) => T): T {
    return guard(this.path, () => {
      const file = openHdf5(this.#hdf5, this.path, 'a');
      try {
        return work(file);
      } finally {
        file.close();
      }
    });
  }
}

function setAttribute(file: File, name: string, value: string | number): void {
  if (typeof value === 'string') file.create_attribute(name, value);
  else if (Number.isSafeInteger(value)) file.create_attribute(name, BigInt64Array.of(BigInt(value)), []);
  else file.create_attribute(name, Float64Array.of(value), []);
}

function createDataset(hdf5: Hdf5, file: File, name: string, rows: readonly Uint8Array[]): void {
  const size = rows.reduce((longest, row) => Math.max(longest, row.length), 1);
  withHeap(hdf5, size * rows.length, (pointer) => {
    hdf5.module.HEAPU8.fill(0, pointer, pointer + size * rows.length);
    rows.forEach((row, i) => hdf5.module.HEAPU8.set(row, pointer + i * size));
    hdf5.module.create_dataset(file.file_id, `/${name}`, BigInt(pointer), layout(size, rows.length));
  });
}

function layout(size: number, length: number) {
  const metadata = { type: STRING_CLASS, cset: 0, vlen: false, signed: false, littleEndian: true };
  const shape = [BigInt(length)];
  const chunks = [BigInt(Math.min(length, Math.max(1, Math.floor(CHUNK_BYTES / size))))];
  const gzip = { compression: GZIP_FILTER, compression_opts: [GZIP_LEVEL], track_order: false };
  return { ...metadata, ...gzip, size, total_size: length, shape, maxshape: shape, chunks };
}

function headerAddress(hdf5: Hdf5, file: File, name: string): number {
  const reference = hdf5.module.create_object_reference(file.file_id, name);
  return Number(Buffer.from(reference).readBigUInt64LE(0));
}

/**
 * Changes two things in the dataset's object header that the library offers no option for (HDF5 file format, IV.A.2). Version 1
 * headers have no checksum.
 * - The padding, the low half of one byte of the datatype message: h5wasm writes null-terminated or space-padded strings only.
 * - The modification time, which would make the same crops give other bytes each second: h5py writes none, so it becomes 0.
 */
function finishHeader(path: string, address: number): void {
  const file = openSync(path, 'r+');
  try {
    const header = Buffer.alloc(512);
    readSync(file, header, 0, header.length, address);
    const padding = messageBody(header, DATATYPE_MESSAGE) + 1;
    if ((header[padding - 1]! & 15) !== STRING_CLASS)
      throw new Error('the HDF5 library wrote another datatype');
    writeSync(file, Buffer.of(NULL_PADDED), 0, 1, address + padding);
    const seconds = messageBody(header, MODIFICATION_TIME_MESSAGE) + 4;
    writeSync(file, Buffer.alloc(4), 0, 4, address + seconds);
  } finally {
    closeSync(file);
  }
}

/** Offset of a message's body within a version 1 object header: a 16-byte prefix, then messages of an 8-byte prefix and a body. */
function messageBody(header: Buffer, type: number): number {
  if (header[0] !== 1) throw new Error('the HDF5 library wrote an object header of another version');
  let offset = 16;
  while (header.readUInt16LE(offset) !== type) offset += 8 + header.readUInt16LE(offset + 2);
  return offset + 8;
}

// Crop files: our own round trip, rows by h5py in every type, and broken files.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CropFileReader, CropFileWriter } from './crop-file.ts';
import { loadHdf5, openHdf5 } from './hdf5.ts';
import { H5PY_KINDS, opencvCrops } from './testing/fixtures.ts';

const path = () => join(mkdtempSync(join(tmpdir(), 'spatter-store-')), 'crops.h5');
const row = (i: number) =>
  Uint8Array.from({ length: 50 + (i % 9) }, (_, k) => (k * i) % 7 || (k === 5 ? 0 : 9));

async function written(datasets: Record<string, readonly Uint8Array[]>): Promise<string> {
  const file = path();
  const writer = await CropFileWriter.create(file);
  for (const [name, rows] of Object.entries(datasets)) writer.writeDataset(name, rows);
  writer.close();
  return file;
}

describe('crop files', () => {
  const rows = Array.from({ length: 700 }, (_, i) => row(i));

  it('give back the bytes, with NULs inside, in blocks and one by one', async () => {
    const reader = await CropFileReader.open(await written({ v_0: rows }));
    expect(reader.read('v_0', 0, 700)).toEqual(rows);
    expect(reader.read('v_0', 655, 1)).toEqual([rows[655]]);
    expect(reader.read('v_0', 700, 0)).toEqual([]);
    reader.close();
  });

  it('list datasets in the order of h5py keys', async () => {
    const some = rows.slice(0, 3);
    const reader = await CropFileReader.open(await written({ x_2: some, x_10: rows, x_0: some, x_1: some }));
    expect(reader.datasets().map(({ name, length }) => [name, length])).toEqual([
      ['x_0', 3],
      ['x_1', 3],
      ['x_10', 700],
      ['x_2', 3],
    ]);
    reader.close();
  });

  it('carry attributes as text, integers and doubles', async () => {
    const file = path();
    const writer = await CropFileWriter.create(file);
    writer.setAttributes({ video: 'build 7.mp4', frames: 5_000_000_000 });
    writer.writeDataset('v_0', rows.slice(0, 2));
    writer.setAttributes({ fps: 29.97 });
    writer.close();
    const reader = await CropFileReader.open(file);
    expect(reader.attributes()).toEqual({ video: 'build 7.mp4', frames: 5_000_000_000, fps: 29.97 });
    expect(reader.read('v_0', 1, 1)).toEqual([rows[1]]);
    reader.close();
  });

  it('are whole after every dataset and keep their type when more is added', async () => {
    const file = path();
    const writer = await CropFileWriter.create(file);
    for (let k = 0; k < 12; k++) {
      writer.writeDataset(`v_${k}`, rows);
      const reader = await CropFileReader.open(file);
      expect(reader.datasets()).toHaveLength(k + 1);
      reader.close();
    }
    const hdf5 = await loadHdf5();
    const raw = openHdf5(hdf5, file, 'r');
    const types = raw.keys().map((name) => hdf5.module.get_dataset_metadata(raw.file_id, `/${name}`));
    raw.close();
    for (const { type, strpad, cset, vlen, size } of types) {
      expect({ type, strpad, cset, vlen, size }).toEqual({
        type: 3,
        strpad: 1,
        cset: 0,
        vlen: false,
        size: 58,
      });
    }
  });

  it('refuse an empty dataset and a name that is taken', async () => {
    const writer = await CropFileWriter.create(path());
    writer.writeDataset('v_0', rows.slice(0, 1));
    expect(() => writer.writeDataset('v_0', rows)).toThrow(/already has a dataset v_0/);
    expect(() => writer.writeDataset('v_1', [])).toThrow(/at least one row/);
  });

  it('are written to the same bytes each time', async () => {
    const [a, b] = [await written({ v_0: rows, v_1: rows }), await written({ v_0: rows, v_1: rows })];
    expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
  });
});

describe('reading what h5py wrote', () => {
  const jpegs = opencvCrops().map((crop) => crop.jpeg);

  it.each(['vlen', 'opaque', 'null_terminated', 'space_padded'])('of type %s', async (name) => {
    const reader = await CropFileReader.open(H5PY_KINDS);
    expect(reader.read(name, 0, 4)).toEqual(jpegs.slice(0, 4));
    expect(reader.read(name, 2, 2)).toEqual(jpegs.slice(2, 4));
    reader.close();
  });

  it('the way the reference does, in the order of creation where the file tracks it, and variable-length text', async () => {
    const reader = await CropFileReader.open(H5PY_KINDS);
    expect(
      reader
        .datasets()
        .slice(0, 4)
        .map(({ name }) => name),
    ).toEqual(['fixed_2', 'fixed_0', 'fixed_10', 'fixed_1']);
    expect(reader.read('fixed_2', 0, 3)).toEqual(jpegs.slice(0, 3));
    expect(reader.read('text', 0, 2)).toEqual([Uint8Array.of(0xff, 0xd8, 0xff, 0xd9), new Uint8Array(0)]);
    reader.close();
  });

  it('without growing memory', async () => {
    const { module } = await loadHdf5();
    const reader = await CropFileReader.open(H5PY_KINDS);
    const use = () => ['vlen', 'opaque', 'text', 'fixed_0'].forEach((name) => reader.read(name, 0, 1));
    for (let i = 0; i < 100; i++) use();
    const before = module.HEAPU8.length;
    for (let i = 0; i < 4_000; i++) use();
    expect(module.HEAPU8.length).toBe(before);
    reader.close();
  });
});

describe('broken crop files', () => {
  const rows = Array.from({ length: 500 }, (_, i) => row(i));
  const code = (expected: string, text: RegExp) =>
    expect.objectContaining({ code: expected, message: expect.stringMatching(text) as string }) as Error;

  it('cut short, not HDF5, missing, a folder', async () => {
    const file = await written({ v_0: rows });
    writeFileSync(file, readFileSync(file).subarray(0, 3000));
    await expect(CropFileReader.open(file)).rejects.toThrow(code('HDF5_DAMAGED', /truncated file/));
    writeFileSync(file, 'hello');
    await expect(CropFileReader.open(file)).rejects.toThrow(
      code('HDF5_DAMAGED', /crops\.h5 .*signature not found/),
    );
    await expect(CropFileReader.open(`${file}x`)).rejects.toThrow(code('FILE_NOT_FOUND', /crops\.h5x/));
    mkdirSync(`${file}d`);
    await expect(CropFileReader.open(`${file}d`)).rejects.toThrow(code('IO', /is a folder/));
    await expect(CropFileWriter.create('/nowhere/a.h5')).rejects.toThrow(code('IO', /No such file/));
  });

  it('with overwritten rows fail there and are readable elsewhere', async () => {
    const file = await written({ v_0: rows, v_1: rows });
    const bytes = readFileSync(file);
    bytes.fill(0x55, bytes.length - 200, bytes.length - 100);
    writeFileSync(file, bytes);
    const reader = await CropFileReader.open(file);
    expect(() => reader.read('v_1', 0, 500)).toThrow(code('HDF5_DAMAGED', /crops\.h5/));
    expect(reader.read('v_0', 0, 500)).toEqual(rows);
    reader.close();
  });

  it('holding something else', async () => {
    const { File } = await loadHdf5();
    const file = path();
    const other = new File(file, 'w');
    other.create_dataset({ name: 'temperature', data: new Float32Array(6), shape: [2, 3] });
    other.close();
    await expect(CropFileReader.open(file)).rejects.toThrow(
      code('HDF5_LAYOUT', /temperature is of HDF5 class 1/),
    );
  });

  it('asked for rows and datasets that they lack', async () => {
    const reader = await CropFileReader.open(await written({ v_0: rows }));
    expect(() => reader.read('v_0', 499, 2)).toThrow(
      code('INDEX_INVALID', /500 rows in v_0, not rows 499 to 500/),
    );
    expect(() => reader.read('v_9', 0, 1)).toThrow(code('INDEX_INVALID', /no dataset v_9/));
    reader.close();
  });
});

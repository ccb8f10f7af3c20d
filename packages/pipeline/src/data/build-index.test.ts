// Building, reading and joining an index, on small files that we write here; broken input of every kind.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { numpyPermutation } from '../util/numpy-permutation.ts';
import { labelsOf } from './build-index-labels.ts';
import { buildIndex } from './build-index.ts';
import { validateIndex } from './crop-index-check.ts';
import { formatIndex, readIndex } from './crop-index.ts';
import { readRecordings } from './recordings.ts';
import { cropTimes } from './sidecar.ts';
import { writeCropFile } from './testing/crop-data.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'spatter-index-'));
const rows = (n: number) => Array.from({ length: n }, (_, i) => Uint8Array.of(255, 216, i, 255, 217));
const code = (expected: string, text: RegExp) =>
  expect.objectContaining({ code: expected, message: expect.stringMatching(text) as string }) as Error;

/** left_low_0.h5 with x_0 (2), x_1 (1), x_10 (3), x_2 (1); mid_high_2.h5 with y_0 (3). */
async function dataSet(): Promise<{ dir: string; files: string[] }> {
  const dir = folder();
  await writeCropFile(dir, 'left_low_0.h5', { x_0: rows(2), x_1: rows(1), x_2: rows(1), x_10: rows(3) });
  await writeCropFile(dir, 'mid_high_2.h5', { y_0: rows(3) });
  return { dir, files: ['left_low_0.h5', 'mid_high_2.h5'].map((name) => join(dir, name)) };
}

const text = (dir: string, name: string) => readFileSync(join(dir, name), 'utf8');
const UNSHUFFLED = `file,dataset,ds_idx,label
left_low_0.h5,x_0,0,0
left_low_0.h5,x_0,1,0
left_low_0.h5,x_1,0,0
left_low_0.h5,x_10,0,0
left_low_0.h5,x_10,1,0
left_low_0.h5,x_10,2,0
left_low_0.h5,x_2,0,0
mid_high_2.h5,y_0,0,1
mid_high_2.h5,y_0,1,1
mid_high_2.h5,y_0,2,1
`;

describe('buildIndex', () => {
  it('lists crops in order of files and h5py keys, and shuffles as pandas with seed 42', async () => {
    const { dir, files } = await dataSet();
    await buildIndex({ files });
    expect(text(dir, 'unshuffled_images.csv')).toBe(UNSHUFFLED);
    const [header, ...lines] = UNSHUFFLED.trimEnd().split('\n');
    // numpy.random.RandomState(42).permutation(10), numpy 2.4.6
    const shuffled = [8, 1, 5, 0, 7, 2, 9, 4, 3, 6].map((i) => lines[i]);
    expect(text(dir, 'images.csv')).toBe(`${[header, ...shuffled].join('\n')}\n`);
    expect(text(dir, 'recordings.csv')).toBe(
      'recording,file,label,position,session,video\nx,left_low_0.h5,0,left,,x\ny,mid_high_2.h5,1,mid,,y\n',
    );
  });

  it('names files relative to another folder, and takes the seed', async () => {
    const { dir, files } = await dataSet();
    const out = join(dir, 'set');
    await buildIndex({ files, out, seed: 7 });
    const index = readIndex(join(out, 'images.csv'));
    expect([...index.files].sort()).toEqual(['../left_low_0.h5', '../mid_high_2.h5']);
    await validateIndex(index);
    const first = numpyPermutation(7, 10)[0]!;
    expect(text(out, 'images.csv').split('\n')[1]).toBe(`../${UNSHUFFLED.split('\n')[first + 1]!}`);
  });

  it('refuses a second index, and replaces it when told', async () => {
    const { dir, files } = await dataSet();
    await buildIndex({ files });
    const before = text(dir, 'images.csv');
    await expect(buildIndex({ files, seed: 1 })).rejects.toThrow(
      code('OUTPUT_EXISTS', /images\.csv already/),
    );
    expect(text(dir, 'images.csv')).toBe(before);
    await buildIndex({ files, seed: 1, overwrite: true });
    expect(text(dir, 'images.csv')).not.toBe(before);
  });

  it('writes nothing when a file is damaged, named twice, or holds no crops', async () => {
    const { dir, files } = await dataSet();
    const bad = join(dir, 'right_low_0.h5');
    writeFileSync(bad, readFileSync(files[0]!).subarray(0, 2000));
    await expect(buildIndex({ files: [...files, bad] })).rejects.toThrow(code('HDF5_DAMAGED', /right_low_0/));
    await expect(buildIndex({ files: [...files, files[0]!] })).rejects.toThrow(code('USAGE', /named twice/));
    await writeCropFile(dir, 'empty_low.h5', {});
    await writeCropFile(dir, 'empty_high.h5', {});
    const empty = ['empty_low.h5', 'empty_high.h5'].map((name) => join(dir, name));
    await expect(buildIndex({ files: empty })).rejects.toThrow(code('DATA_EMPTY', /no crops/));
    expect(existsSync(join(dir, 'images.csv'))).toBe(false);
    expect(existsSync(join(dir, 'recordings.csv'))).toBe(false);
  });

  it('refuses labels of one class', async () => {
    const { files } = await dataSet();
    await expect(buildIndex({ files, labels: '1,1' })).rejects.toThrow(code('ONE_CLASS', /all are 1/));
  });
});

describe('labels', () => {
  const files = ['d/left_low_0.h5', 'd/mid_high_2.h5'];
  const labels = (...args: Parameters<typeof labelsOf>) => labelsOf(...args).files.map(({ label }) => label);

  it('come from names, with three levels where mid occurs', () => {
    expect(labels(files, undefined)).toEqual([0, 1]);
    expect(labels([...files, 'right_mid_1.h5', 'mid_mid_1.h5'], undefined)).toEqual([0, 2, 1, 1]);
    expect(labelsOf(files, undefined).files.map(({ position }) => position)).toEqual(['left', 'mid']);
    expect(() => labelsOf(['monday.h5'], undefined)).toThrow(code('LABELS', /that of monday\.h5 does not/));
  });

  it('come from what the files say, by flow or label, before their names', () => {
    const facts = [{ gas_flow: 'high', build: 'B1', position: 'top' }, { gas_flow: 'low' }];
    const { files: told, source } = labelsOf(files, undefined, facts);
    expect([source, told[0], told[1]!.label]).toEqual([
      'facts',
      {
        ...{ label: 1, position: 'top', session: 'B1', build: 'B1', machine: null, gasFlow: 'high' },
        recording: null,
      },
      0,
    ]);
    expect(labels(files, undefined, [{ gas_flow: '20' }, { gas_flow: '5.5' }])).toEqual([1, 0]);
    expect(labels(files, undefined, [{ label: '7' }, {}])).toEqual([7, 0]);
    expect(labels(files, undefined, [{}, { gas_flow: 'low' }])).toEqual([0, 0]);
    expect(() => labelsOf(['a.h5', 'b.h5'], undefined, [{ label: '1' }, {}])).toThrow(
      code('LABELS', /b\.h5/),
    );
    const named = labelsOf(files, undefined, [{ machine: 'M1' }, {}]);
    expect([named.source, named.files[0]!.machine, named.files[0]!.position]).toEqual([
      'names',
      'M1',
      'left',
    ]);
    expect(labelsOf(files, '1,0', facts).files[0]).toMatchObject({ label: 1, position: 'top', build: 'B1' });
  });

  it('come as a list in file order', () => {
    expect(labels(files, '3, 0')).toEqual([3, 0]);
    expect(() => labelsOf(files, '0,1,0')).toThrow(code('LABELS', /each of the 2 files, got 3/));
    expect(() => labelsOf(files, '0,256')).toThrow(code('LABELS', /0 to 255, got '256'/));
  });

  it('come from a table with positions, sessions and names', () => {
    const path = join(folder(), 'labels.csv');
    writeFileSync(path, 'label,file,session,recording\n1,mid_high_2.h5,B2,second\n0,left_low_0.h5,B1,\n');
    const open = { position: null, build: null, machine: null, gasFlow: null };
    expect(labelsOf(files, path).files).toEqual([
      { ...open, label: 0, session: 'B1', recording: null },
      { ...open, label: 1, session: 'B2', recording: 'second' },
    ]);
    expect(() => labelsOf(['a.h5'], path)).toThrow(code('LABELS', /must have a row for a\.h5/));
    writeFileSync(path, 'file\na.h5\n');
    expect(() => labelsOf(['a.h5'], path)).toThrow(code('LABELS', /must have a column label/));
    expect(() => labelsOf(files, 'nowhere.csv')).toThrow(code('FILE_NOT_FOUND', /nowhere\.csv/));
  });
});

describe('readIndex', () => {
  const path = join(folder(), 'images.csv');
  const read = (content: string) => {
    writeFileSync(path, content);
    return readIndex(path);
  };

  it('gives columns, tolerating CRLF, a BOM, quotes and further columns', () => {
    const index = read(
      '\uFEFFfile,dataset,ds_idx,label,note\r\n"a, b.h5",v_0,3,1,x\r\nc.h5,v_1,0,0,\r\n\r\n',
    );
    expect([index.files, index.datasets]).toEqual([
      ['a, b.h5', 'c.h5'],
      ['v_0', 'v_1'],
    ]);
    expect([...index.file, ...index.dataset, ...index.dsIdx, ...index.label]).toEqual([
      0, 1, 0, 1, 3, 0, 1, 0,
    ]);
    writeFileSync(path, formatIndex(index));
    expect(readFileSync(path, 'utf8')).toBe('file,dataset,ds_idx,label\n"a, b.h5",v_0,3,1\nc.h5,v_1,0,0\n');
  });

  it.each([
    ['image,dataset,ds_idx,label\n', /columns file,dataset,ds_idx,label, it starts with 'image/],
    ['', /must start with the columns/],
    ['file,dataset,ds_idx,label\na.h5,v_0,0\n', /line 2 must have 4 values/],
    ['file,dataset,ds_idx,label\na.h5,v_0,0,0\na.h5,v_0,-1,0\n', /line 3: ds_idx .* it is '-1'/],
    ['file,dataset,ds_idx,label\na.h5,v_0,0,low\n', /line 2: label .* it is 'low'/],
    ['file,dataset,ds_idx,label\n"a.h5,v_0,0,1\n', /line 2 must be CSV/],
  ])('refuses %j', (content, message) => {
    expect(() => read(content)).toThrow(code('INDEX_INVALID', message));
  });
});

describe('validateIndex', () => {
  it.each([
    ['right.h5,x_0,0,1', /images\.csv names right\.h5, which does not exist/],
    ['mid_high_2.h5,x_0,0,1', /line 3 names dataset x_0, which mid_high_2\.h5 does not have/],
    ['left_low_0.h5,x_10,3,0', /line 3 names row 3 of x_10 in left_low_0\.h5, which has 3 rows/],
  ])('refuses %s', async (line, message) => {
    const { dir } = await dataSet();
    writeFileSync(join(dir, 'images.csv'), `file,dataset,ds_idx,label\nmid_high_2.h5,y_0,2,1\n${line}\n`);
    const index = readIndex(join(dir, 'images.csv'));
    await expect(validateIndex(index)).rejects.toThrow(code('INDEX_INVALID', message));
  });
});

const HEADER = 'dataset,ds_idx,frame,x,y,w,h,area,hole';
const seen = (dataset: string, frames: number[]) =>
  frames.map((frame, i) => `${dataset},${i},${frame},5,6,${20 + i},30,${frame}.5,0\n`).join('');

describe('cropTimes', () => {
  async function indexed() {
    const { dir, files } = await dataSet();
    await buildIndex({ files });
    const left = seen('x_0', [4, 4]) + seen('x_1', [5]) + seen('x_10', [9, 9, 12]) + seen('x_2', [7]);
    writeFileSync(join(dir, 'left_low_0_crops.csv'), `${HEADER}\n${left}`);
    writeFileSync(join(dir, 'y_crops.csv'), `${HEADER}\n${seen('y_0', [1, 2, 3])}`);
    return dir;
  }

  it('joins frames, boxes and areas, by the name of the file or of the video', async () => {
    const dir = await indexed();
    const times = cropTimes(readIndex(join(dir, 'unshuffled_images.csv')));
    expect(times.known).toBe(true);
    expect([...times.frame]).toEqual([4, 4, 5, 9, 9, 12, 7, 1, 2, 3]);
    expect([...times.recording]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
    expect(times.recordings.map(({ name, position }) => [name, position])).toEqual([
      ['x', 'left'],
      ['y', 'mid'],
    ]);
    expect([times.width![1], times.height![0], times.area![5]]).toEqual([21, 30, 12.5]);
    const shuffled = cropTimes(readIndex(join(dir, 'images.csv')));
    expect([...shuffled.frame]).toEqual([8, 1, 5, 0, 7, 2, 9, 4, 3, 6].map((i) => times.frame[i]));
  });

  it('falls back to running numbers, and says so, where a sidecar is missing', async () => {
    const dir = await indexed();
    rmSync(join(dir, 'y_crops.csv'));
    rmSync(join(dir, 'recordings.csv'));
    const times = cropTimes(readIndex(join(dir, 'unshuffled_images.csv')));
    expect(times).toMatchObject({ known: false, width: null, height: null, area: null });
    expect([...times.frame]).toEqual([0, 1, 10_000, 100_000, 100_001, 100_002, 20_000, 0, 1, 2]);
    expect(times.recordings.map(({ name, label }) => [name, label])).toEqual([
      ['x', 0],
      ['y', 1],
    ]);
  });

  it('refuses a sidecar that lacks a crop, has other columns or no numbers, and a table that lacks a recording', async () => {
    const dir = await indexed();
    const index = readIndex(join(dir, 'images.csv'));
    const refuses = (name: string, content: string, message: RegExp) => {
      const before = readFileSync(join(dir, name), 'utf8');
      writeFileSync(join(dir, name), content);
      expect(() => cropTimes(index)).toThrow(code('INDEX_INVALID', message));
      writeFileSync(join(dir, name), before);
    };
    refuses('y_crops.csv', `${HEADER}\n${seen('y_0', [1, 2])}`, /mid_high_2\.h5 lacks row 2 of y_0/);
    refuses('y_crops.csv', 'a,b\n', /must start with the columns dataset,/);
    refuses('y_crops.csv', `${HEADER}\ny_0,0,one,5,6,7,8,9,0\n`, /line 2 must hold numbers/);
    refuses('recordings.csv', 'recording,file,label\nx,left_low_0.h5,0\n', /lacks y of mid_high_2\.h5/);
    refuses('recordings.csv', 'recording,file\n', /must have a column label/);
    refuses('recordings.csv', 'recording,file,label\nx,left_low_0.h5,high\n', /line 2: label/);
    expect(readRecordings(join(dir, 'recordings.csv'))).toHaveLength(2);
  });
});

// The cache holds what decoding each crop gives, is shared between orders of the index, and is never used when it should not be.
import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeJpeg } from '../store/jpeg.ts';
import { FACTS } from './crop-facts.ts';
import { openPackedCache, type PackedCache } from './packed-cache.ts';
import { addresses, noiseJpegs, writeCropFile } from './testing/crop-data.ts';
import { packCrop, type Channels } from './transforms/pack.ts';

const folder = mkdtempSync(join(tmpdir(), 'spatter-cache-'));
const GRAY = { resize: 32, channels: 1 } as const;
const order = [
  ['b.h5', 'v_1', 0],
  ['a.h5', 'v_0', 599],
  ['a.h5', 'v_0', 2],
  ['b.h5', 'v_0', 3],
  ['a.h5', 'v_1', 1],
  ['a.h5', 'v_0', 0],
] as const;
let jpegs: Uint8Array[];

/** The JPEG behind each row of `order`. */
const jpegOf = ([file, dataset, row]: readonly [string, string, number]): Uint8Array =>
  jpegs[(row + (file === 'b.h5' ? 3 : 0) + (dataset === 'v_1' ? 5 : 0)) % jpegs.length]!;

beforeAll(async () => {
  jpegs = await noiseJpegs(0, 20);
  const rows = (file: string, dataset: string, count: number): Uint8Array[] =>
    Array.from({ length: count }, (_, row) => jpegOf([file, dataset, row]));
  await writeCropFile(folder, 'a.h5', { v_0: rows('a.h5', 'v_0', 600), v_1: rows('a.h5', 'v_1', 4) });
  await writeCropFile(folder, 'b.h5', { v_0: rows('b.h5', 'v_0', 4), v_1: rows('b.h5', 'v_1', 4) });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function expectCrops(cache: PackedCache, rows: readonly (readonly [string, string, number])[]) {
  const bytes = cache.channels * cache.size ** 2;
  for (const [i, row] of rows.entries()) {
    const expected = new Uint8Array(bytes);
    packCrop(await decodeJpeg(jpegOf(row)), cache.channels, cache.size, expected);
    const at = cache.slots[i]! * bytes;
    expect(Buffer.from(cache.data!.slice(at, at + bytes)).equals(expected)).toBe(true);
    const { width, height } = await decodeJpeg(jpegOf(row));
    const facts = [width, height, jpegOf(row).length, expected.reduce((a, b) => a + b, 0)];
    expect([...cache.facts.subarray(cache.slots[i]! * FACTS, cache.slots[i]! * FACTS + 4)]).toEqual(facts);
  }
}

describe('packed cache', () => {
  it.each<Channels>([1, 3])('holds each crop decoded and resized, %i channels', async (channels) => {
    const progress: number[] = [];
    const onBuild = (crops: number) => {
      expect(crops).toBe(6);
      return (done: number) => void progress.push(done);
    };
    const cache = await openPackedCache(addresses(folder, order), { resize: 32, channels, onBuild });
    expect(cache).toMatchObject({ crops: 6, size: 40, channels, built: true });
    expect(progress.at(-1)).toBe(6);
    expect(progress).toEqual(progress.slice().sort((a, b) => a - b));
    await expectCrops(cache, order);
  });

  it('counts the crops that had to be enlarged', async () => {
    const sizes = await Promise.all(order.map((row) => decodeJpeg(jpegOf(row))));
    const small = sizes.filter(({ width, height }) => width < 40 || height < 40).length;
    const cache = await openPackedCache(addresses(folder, order), GRAY);
    expect(small).toBeGreaterThan(0);
    expect(cache.enlarged).toBe(small);
  });

  it('is used again, for another order of the same crops too, and for a crop named twice', async () => {
    const other = [...order, order[0]].reverse();
    const cache = await openPackedCache(addresses(folder, other), GRAY);
    expect(cache.built).toBe(false);
    await expectCrops(cache, other);
  });

  const path = join(folder, '.cache', 'crops-40-gray.bin');
  const damage: [string, () => void][] = [
    ['cut short', () => truncateSync(path, 5000)],
    ['not a cache at all', () => writeFileSync(path, 'notes of mine')],
    ['damaged inside', () => writeFileSync(path, readFileSync(path).fill(7, 6000, 6010))],
    [
      'of another version',
      () => writeFileSync(path, readFileSync(path, 'latin1').replace('"version":4', '"version":0'), 'latin1'),
    ],
  ];
  it.each(damage)('is rebuilt when it is %s', async (_, spoil) => {
    await openPackedCache(addresses(folder, order), GRAY);
    spoil();
    const cache = await openPackedCache(addresses(folder, order), GRAY);
    expect(cache.built).toBe(true);
    await expectCrops(cache, order);
  });

  it('is rebuilt when the index or an HDF5 file changed', async () => {
    const fewer = await openPackedCache(addresses(folder, order.slice(1)), GRAY);
    expect(fewer.built).toBe(true);
    const changed = mkdtempSync(join(folder, 'changed-'));
    const rows = [['c.h5', 'v_0', 0]] as const;
    await writeCropFile(changed, 'c.h5', { v_0: [jpegs[0]!] });
    const before = await openPackedCache(addresses(changed, rows), GRAY);
    rmSync(join(changed, 'c.h5'));
    await writeCropFile(changed, 'c.h5', { v_0: [jpegs[1]!] });
    const after = await openPackedCache(addresses(changed, rows), GRAY);
    expect(after.built).toBe(true);
    expect(after.data).not.toEqual(before.data);
  });
});

describe('packed cache, bad input', () => {
  const cut = (): Uint8Array => jpegs[3]!.slice(0, 200);
  const noHeight = (): Uint8Array => {
    const jpeg = jpegs[3]!.slice();
    const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
    return jpeg.fill(0, frame + 5, frame + 7);
  };
  it.each([
    ['cut JPEG', cut],
    ['crop of height 0', noHeight],
    ['empty row', () => new Uint8Array(0)],
  ])('names file, dataset and row of a %s, and leaves nothing behind', async (_, make) => {
    const bad = mkdtempSync(join(folder, 'bad-'));
    await writeCropFile(bad, 'd.h5', { v_0: [jpegs[0]!, jpegs[1]!, make()] });
    const rows = [0, 1, 2].map((row) => ['d.h5', 'v_0', row] as const);
    const opened = openPackedCache(addresses(bad, rows), GRAY);
    await expect(opened).rejects.toMatchObject({
      code: 'JPEG_DAMAGED',
      message: expect.stringMatching(/d\.h5 v_0 row 2/) as unknown,
    });
    expect(readdirSync(join(bad, '.cache'))).toEqual([]);
  });

  it('says which row or file does not exist', async () => {
    const rows = [['a.h5', 'v_1', 4]] as const;
    const missingRow = openPackedCache(addresses(folder, rows), GRAY);
    await expect(missingRow).rejects.toMatchObject({ code: 'INDEX_INVALID' });
    const missingFile = openPackedCache(addresses(folder, [['gone.h5', 'v_0', 0]]), GRAY);
    await expect(missingFile).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });
});

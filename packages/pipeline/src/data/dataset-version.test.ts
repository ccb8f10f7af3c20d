// The version changes with any byte, label or row and with nothing else; damaged crops are left out and named; checksums come back.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentProgress } from '../util/progress.ts';
import { buildIndex } from './build-index.ts';
import { formatChecksums, readChecksums } from './checksums.ts';
import { DIGEST_WORDS, slotsIn } from './crop-facts.ts';
import { readIndex, type CropIndex } from './crop-index.ts';
import { datasetVersion, digestsOf, readDigests, rowOrder } from './dataset-version.ts';
import { diffDatasets } from './dataset-diff.ts';
import { placeCrops } from './packed-cache-plan.ts';
import { openPackedCache } from './packed-cache.ts';
import { readQuarantine } from './quarantine.ts';
import { noiseJpegs, writeCropFile } from './testing/crop-data.ts';

const root = mkdtempSync(join(tmpdir(), 'spatter-version-'));
let jpegs: Uint8Array[];
beforeAll(async () => {
  jpegs = await noiseJpegs(0, 6);
});
afterAll(() => rmSync(root, { recursive: true }));

const quiet = (): void => undefined;

async function dataSet(
  change: (rows: Uint8Array[]) => Uint8Array[] = (rows) => rows,
  look = true,
): Promise<string> {
  const folder = mkdtempSync(join(root, 'set-'));
  await writeCropFile(folder, 'a_low.h5', { a_0: change(jpegs.slice(0, 3)) });
  await writeCropFile(folder, 'b_high.h5', { b_0: jpegs.slice(3) });
  const files = ['a_low.h5', 'b_high.h5'].map((name) => join(folder, name));
  const inspect = async (index: CropIndex) => {
    const cache = await openPackedCache(index, { resize: 32, channels: 1, tolerant: true });
    return { digests: digestsOf(cache.facts), damaged: slotsIn(cache.facts, 'damaged') };
  };
  await buildIndex(look ? { files, inspect } : { files });
  return folder;
}

async function versionOf(index: CropIndex): Promise<string> {
  const places = placeCrops(index);
  return datasetVersion(index, places, await readDigests(index.root, places, quiet));
}

describe('the version of a data set', () => {
  it('is the same in another folder and another order, and is recorded', async () => {
    const [one, two] = [await dataSet(), await dataSet()];
    const shuffled = readIndex(join(one, 'images.csv'));
    const ordered = readIndex(join(two, 'unshuffled_images.csv'));
    expect(await versionOf(shuffled)).toBe(await versionOf(ordered));
    expect(readChecksums(one)?.version).toBe(await versionOf(shuffled));
    expect(rowOrder(placeCrops(shuffled))).not.toBe(rowOrder(placeCrops(ordered)));
  });

  it('changes with every byte of a crop', async () => {
    const before = readChecksums(await dataSet())!.version;
    const seen = new Set([before]);
    for (const at of [0, 1, 300, jpegs[1]!.length - 2]) {
      const folder = await dataSet((rows) => [rows[0]!, flipped(rows[1]!, at), rows[2]!], false);
      seen.add(await versionOf(readIndex(join(folder, 'images.csv'))));
    }
    expect(seen.size).toBe(5);
  });

  it('changes with a label, a row less, a row twice and the name of a file', async () => {
    const folder = await dataSet();
    const text = readFileSync(join(folder, 'images.csv'), 'utf8');
    const lines = text.trimEnd().split('\n');
    const variants = [
      text,
      text.replace(',0\n', ',1\n'),
      lines.slice(0, -1).join('\n'),
      `${text}${lines[1]!}\n`,
    ];
    const versions = new Set<string>();
    for (const variant of variants) {
      writeFileSync(join(folder, 'variant.csv'), variant);
      versions.add(await versionOf(readIndex(join(folder, 'variant.csv'))));
    }
    expect(versions.size).toBe(4);
  });
});

const flipped = (jpeg: Uint8Array, at: number): Uint8Array =>
  jpeg.map((byte, i) => (i === at ? byte ^ 1 : byte));

describe('damaged crops', () => {
  it('are left out of the index and listed', async () => {
    const folder = await dataSet((rows) => [rows[0]!, rows[1]!.slice(0, 90), rows[2]!]);
    const index = readIndex(join(folder, 'images.csv'));
    expect(index.length).toBe(5);
    expect([...readQuarantine(folder)]).toEqual(['a_low.h5 a_0 row 1']);
    expect(readChecksums(folder)?.version).toBe(await versionOf(index));
    expect(readChecksums(folder)?.digests.length).toBe(5 * DIGEST_WORDS);
    expect(existsSync(join(await dataSet(), 'quarantine.csv'))).toBe(false);
  });

  it('are not trained on, even where a tolerant cache holds them', async () => {
    const folder = await dataSet((rows) => [rows[0]!, rows[1]!.slice(0, 90), rows[2]!]);
    const index = readIndex(join(folder, 'images.csv'));
    const all = { ...index, dsIdx: index.dsIdx.map((row) => (row === 2 && index.length === 5 ? 1 : row)) };
    await openPackedCache(all, { resize: 32, channels: 1, tolerant: true });
    const strict = openPackedCache(all, { resize: 32, channels: 1 });
    await expect(strict).rejects.toMatchObject({ code: 'JPEG_DAMAGED' });
  });
});

it('checksums that are cut short or foreign are refused', async () => {
  const folder = await dataSet();
  const path = join(folder, 'checksums.bin');
  const whole = readChecksums(folder)!;
  expect(Buffer.from(formatChecksums(whole)).equals(readFileSync(path))).toBe(true);
  truncateSync(path, 200);
  expect(() => readChecksums(folder)).toThrow(/damaged/);
  writeFileSync(path, 'notes');
  expect(() => readChecksums(folder)).toThrow(/damaged/);
  rmSync(path);
  expect(readChecksums(folder)).toBeNull();
});

describe('data diff', () => {
  const diff = (a: string, b: string) =>
    diffDatasets(
      readIndex(join(a, 'images.csv')),
      readIndex(join(b, 'unshuffled_images.csv')),
      silentProgress,
    );

  it('names what was added, removed, relabelled and changed, also when the old HDF5 files are gone', async () => {
    const older = await dataSet();
    const newer = await dataSet((rows) => [rows[0]!, jpegs[5]!, rows[2]!, jpegs[4]!]);
    const path = join(newer, 'unshuffled_images.csv');
    const text = readFileSync(path, 'utf8').replace('a_low.h5,a_0,2,0', 'a_low.h5,a_0,2,1');
    writeFileSync(path, text.replace('b_high.h5,b_0,1,1\n', ''));
    rmSync(join(older, 'a_low.h5'));
    const result = await diff(older, newer);
    expect(result).toMatchObject({
      ...{ same: false, crops: [6, 6] },
      added: { crops: 1, classes: { 0: 1 }, examples: ['a_low.h5 a_0 row 3'] },
      removed: { crops: 1, classes: { 1: 1 }, examples: ['b_high.h5 b_0 row 1'] },
      relabelled: { crops: 1, examples: ['a_low.h5 a_0 row 2'] },
      changed_bytes: { crops: 1, examples: ['a_low.h5 a_0 row 1'] },
    });
  });

  it('tells crops that were only moved from new ones', async () => {
    const older = await dataSet();
    const newer = await dataSet();
    for (const name of ['images.csv', 'unshuffled_images.csv']) {
      const text = readFileSync(join(newer, name), 'utf8');
      writeFileSync(join(newer, name), text.replaceAll('a_low.h5,', 'moved/a_low.h5,'));
    }
    mkdirSync(join(newer, 'moved'));
    renameSync(join(newer, 'a_low.h5'), join(newer, 'moved', 'a_low.h5'));
    const result = await diff(older, newer);
    expect(result).toMatchObject({ same: false, moved: result.added.crops, changed_bytes: { crops: 0 } });
    expect(result.moved).toBeGreaterThan(0);
    expect(result.removed.crops).toBe(result.moved);
    expect((await diff(older, await dataSet((rows) => [...rows, jpegs[5]!]))).moved).toBe(0);
  });

  it('says the same of two copies', async () => {
    expect(await diff(await dataSet(), await dataSet())).toMatchObject({
      ...{ same: true, added: { crops: 0 }, removed: { crops: 0 }, changed_bytes: { crops: 0 } },
    });
  });
});

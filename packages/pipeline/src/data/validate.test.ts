// Each kind of damage is found and named; a healthy data set passes.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawnPairs, validationPage, worseFirst } from '../report/validation-page.ts';
import { CropFileReader } from '../store/crop-file.ts';
import { decodeJpeg, encodeJpeg } from '../store/jpeg.ts';
import { silentProgress } from '../util/progress.ts';
import { readIndex } from './crop-index.ts';
import { indexOrder } from './index-order.ts';
import { openPackedCache } from './packed-cache.ts';
import { pairJpegs } from './sample-crops.ts';
import { writeCropFile } from './testing/crop-data.ts';
import { writeSimulatedCrops } from './testing/simulated-crops.ts';
import { validateDataset, type Validation } from './validate.ts';

const root = mkdtempSync(join(tmpdir(), 'spatter-validate-'));
const healthy = join(root, 'healthy');
beforeAll(async () => {
  await writeSimulatedCrops(healthy, { planted: 'nothing', seed: 3, recordings: 3, crops: 20 });
});
afterAll(() => rmSync(root, { recursive: true }));

/** A copy of the healthy set that may be spoilt. */
function copy(): string {
  const folder = mkdtempSync(join(root, 'copy-'));
  cpSync(healthy, folder, { recursive: true });
  return folder;
}

const validate = (folder: string, name = 'images.csv'): Promise<Validation> =>
  validateDataset(readIndex(join(folder, name)), silentProgress);

async function crops(folder: string, recording: number): Promise<Uint8Array[]> {
  const reader = await CropFileReader.open(join(folder, `recording_${recording}.h5`));
  const rows = reader.read(`recording_${recording}_0`, 0, 20);
  reader.close();
  return rows;
}

/** Changes the crops of one recording. */
async function change(folder: string, recording: number, edit: (rows: Uint8Array[]) => void): Promise<void> {
  const rows = await crops(folder, recording);
  edit(rows);
  await writeCropFile(folder, `recording_${recording}.h5`, { [`recording_${recording}_0`]: rows });
}

function editCsv(folder: string, name: string, edit: (lines: string[]) => string[]): void {
  const path = join(folder, name);
  writeFileSync(path, `${edit(readFileSync(path, 'utf8').trimEnd().split('\n')).join('\n')}\n`);
}

const found = ({ findings }: Validation, kind: string) => findings.find((each) => each.kind === kind);

const solid = (value: number, side = 40) =>
  encodeJpeg(new Uint8Array(3 * side * side).fill(value), side, side);

describe('data validate', () => {
  it('passes a healthy data set, whichever of its CSVs is named, and says the same again', async () => {
    const validation = await validate(healthy);
    expect(validation).toMatchObject({
      rows: 120,
      crops: 120,
      errors: 0,
      warnings: 0,
      classes: { 0: 60, 1: 60 },
    });
    expect(await validate(healthy)).toEqual(validation);
    const ordered = await validate(healthy, 'unshuffled_images.csv');
    expect(ordered.dataset_version).toBe(validation.dataset_version);
  });

  it('finds rows that name nothing, files that are gone, and crops that no row names', async () => {
    const folder = copy();
    editCsv(folder, 'images.csv', (lines) => [
      ...lines.slice(0, -2),
      'recording_0.h5,recording_0_0,99,0',
      'recording_0.h5,nowhere_0,1,0',
      'gone.h5,gone_0,0,1',
    ]);
    const validation = await validate(folder);
    expect(found(validation, 'missing_row')).toMatchObject({
      severity: 'error',
      count: 2,
      examples: ['line 120: recording_0.h5 recording_0_0 row 99', 'line 121: recording_0.h5 nowhere_0 row 1'],
    });
    expect(found(validation, 'unreadable_file')).toMatchObject({
      count: 1,
      examples: ['gone.h5: does not exist'],
    });
    expect(found(validation, 'unlisted_crop')).toMatchObject({ severity: 'warning', count: 2 });
    expect(found(validation, 'other_rows')).toMatchObject({ severity: 'error' });
  });

  it('finds rows named twice, and twice with other labels', async () => {
    const folder = copy();
    const row = readFileSync(join(folder, 'images.csv'), 'utf8').split('\n')[1]!;
    const other = row.replace(/\d$/, (label) => String(1 - Number(label)));
    editCsv(folder, 'images.csv', (lines) => [...lines, row, other]);
    const validation = await validate(folder);
    expect(found(validation, 'repeated_row')).toMatchObject({ count: 1 });
    expect(found(validation, 'contradicting_label')).toMatchObject({ count: 1, severity: 'error' });
  });

  it('finds labels that changed since, and those that are not their recording’s', async () => {
    const folder = copy();
    let flipped = 0;
    editCsv(folder, 'images.csv', (lines) =>
      lines.map((line) => {
        if (!line.startsWith('recording_1.h5') || flipped === 3) return line;
        flipped++;
        return line.replace(/\d$/, (label) => String(1 - Number(label)));
      }),
    );
    const validation = await validate(folder);
    expect(found(validation, 'changed_labels')).toMatchObject({ severity: 'error' });
    expect(found(validation, 'label_of_recording')).toMatchObject({ severity: 'warning', count: 3 });
  });

  it('fails an index without rows', async () => {
    const folder = copy();
    editCsv(folder, 'images.csv', (lines) => lines.slice(0, 1));
    expect(found(await validate(folder), 'no_rows')).toMatchObject({ severity: 'error' });
  });

  it('names the crop whose bytes changed, also behind the back of a fresh cache', async () => {
    const folder = copy();
    await openPackedCache(readIndex(join(folder, 'images.csv')), { resize: 32, channels: 1 });
    await change(folder, 2, (rows) => (rows[7] = rows[7]!.map((byte, i) => (i === 20 ? byte ^ 1 : byte))));
    const validation = await validate(folder);
    expect(found(validation, 'changed_bytes')).toMatchObject({
      ...{ severity: 'error', count: 1 },
      examples: ['recording_2.h5 recording_2_0 row 7'],
    });
  });

  it('names damaged, black, odd and doubled crops, and copies on both sides of a split', async () => {
    const folder = copy();
    const first = await crops(folder, 0);
    const [dark, huge] = [await solid(12), await solid(200, 400)];
    await change(folder, 1, (rows) => {
      rows[3] = rows[3]!.slice(0, 100);
      rows[4] = dark;
      rows[5] = huge;
      rows[6] = first[6]!;
    });
    await change(folder, 2, (rows) => rows.splice(8, 12, ...first.slice(8)));
    const validation = await validate(folder);
    expect(found(validation, 'damaged_crop')).toMatchObject({
      examples: ['recording_1.h5 recording_1_0 row 3'],
    });
    expect(found(validation, 'black_crop')).toMatchObject({
      examples: ['recording_1.h5 recording_1_0 row 4'],
    });
    expect(found(validation, 'size_outlier')).toMatchObject({
      examples: ['recording_1.h5 recording_1_0 row 5: 400×400'],
    });
    expect(found(validation, 'copy_with_other_label')).toMatchObject({
      ...{ severity: 'error', count: 1 },
      examples: ['recording_0.h5 recording_0_0 row 6 = recording_1.h5 recording_1_0 row 6'],
    });
    expect(found(validation, 'copy')).toMatchObject({ severity: 'warning', count: 12 });
    expect(found(validation, 'copy_across_split')?.text).toMatch(
      /^The split random has copies of \d crops both/,
    );
  });

  it('finds crops of another recording that were encoded again', async () => {
    const folder = copy();
    const source = await decodeJpeg((await crops(folder, 0))[2]!);
    const brighter = source.bgr.map((byte) => Math.min(255, byte + 6));
    const again = await encodeJpeg(brighter, source.width, source.height);
    await change(folder, 4, (rows) => (rows[9] = again));
    const validation = await validate(folder);
    expect(found(validation, 'lookalike')).toMatchObject({
      count: 1,
      examples: ['recording_0.h5 recording_0_0 row 2 ~ recording_4.h5 recording_4_0 row 9'],
    });
  });

  it('counts pictures that a split parts, encoded again at another quality', async () => {
    const folder = copy();
    const again = await Promise.all(
      (await crops(folder, 0)).map((jpeg) => sharp(jpeg).jpeg({ quality: 80 }).toBuffer()),
    );
    await change(folder, 4, (rows) => rows.splice(0, again.length, ...again));
    const validation = await validate(folder);
    expect(found(validation, 'lookalike')!.count).toBeGreaterThanOrEqual(19);
    const across = validation.findings.filter(({ kind }) => kind === 'lookalike_across_split');
    expect(across[0]!.text).toMatch(/^The split random parts pairs .*: (\d+ between \w+ and \w+(, )?)+$/);
    const counted = [...across[0]!.text.matchAll(/(\d+) between/g)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
    expect(counted).toBe(across[0]!.count);
    const drawn = drawnPairs(validation);
    expect(drawn).toHaveLength(12);
    expect([...drawn].sort(worseFirst)).toEqual(drawn);
    for (const { crops: pair, difference } of drawn) {
      expect(new Set(pair.map(({ file }) => file))).toEqual(new Set(['recording_0.h5', 'recording_4.h5']));
      expect(pair[0].part).not.toBe(pair[1].part);
      expect(difference).toBeLessThan(4);
    }
    const html = validationPage('images.csv', validation, await pairJpegs(folder, validation));
    expect(html.match(/<img /g)).toHaveLength(24);
    expect(html.match(/class="pairs"/g)).toHaveLength(1);
  });

  it('finds crops of another recording that were cut one pixel beside', async () => {
    const folder = copy();
    const side = 60;
    /** A plume with a streak, from column `left` on. */
    const plume = (left: number) => {
      const light = (i: number) => {
        const [x, y] = [left + (Math.floor(i / 3) % (side - left)), Math.floor(i / 3 / (side - left))];
        const streak = 120 * Math.exp(-((x - y / 2 - 8) ** 2) / 20);
        return 10 + 200 * Math.exp(-((x - 38) ** 2 + (y - 30) ** 2) / 120) + streak;
      };
      const bgr = Uint8Array.from({ length: 3 * side * (side - left) }, (_, i) => Math.min(255, light(i)));
      return encodeJpeg(bgr, side - left, side);
    };
    const [whole, cut] = [await plume(0), await plume(1)];
    await change(folder, 0, (rows) => (rows[2] = whole));
    await change(folder, 4, (rows) => (rows[9] = cut));
    expect(found(await validate(folder), 'lookalike')).toMatchObject({ count: 1 });
  });

  it('sees uneven classes, and a circumstance that tells the class', async () => {
    const folder = copy();
    editCsv(folder, 'images.csv', (lines) =>
      lines.filter((line) => !/recording_[135]\.h5,.*[1-9],1$/.test(line)),
    );
    editCsv(folder, 'recordings.csv', (lines) =>
      lines.map((line) => line.replace(/,(\d),,s\d,/, (_, label: string) => `,${label},,day${label},`)),
    );
    const validation = await validate(folder);
    expect(found(validation, 'uneven_classes')).toMatchObject({ severity: 'warning' });
    expect(found(validation, 'session_tells_class')).toMatchObject({
      examples: ['day0: class 0', 'day1: class 1'],
    });
  });
});

describe('the order of an index', () => {
  it('tells the reference’s shuffle from another and from none', async () => {
    const shuffled = readIndex(join(healthy, 'images.csv'));
    expect(indexOrder(shuffled)).toMatchObject({ kind: 'shuffled', reference_shuffle: true });
    const ordered = readIndex(join(healthy, 'unshuffled_images.csv'));
    expect(indexOrder(ordered)).toEqual({ kind: 'in order', in_sequence: 1, reference_shuffle: false });
    const folder = copy();
    editCsv(folder, 'images.csv', ([header, ...lines]) => [header!, ...lines.reverse()]);
    expect(indexOrder(readIndex(join(folder, 'images.csv')))).toMatchObject({
      kind: 'shuffled',
      reference_shuffle: false,
    });
    expect(found(await validate(healthy), 'shuffled_index')?.text).toMatch(
      /published method .* leaks: 83\.3 %/,
    );
  });
});

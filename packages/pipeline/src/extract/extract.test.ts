// The extraction against what OpenCV accepts, its rules, its files, and bad input.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import { CropFileReader } from '../store/crop-file.ts';
import { decodeJpeg } from '../store/jpeg.ts';
import { readCsv } from '../util/csv.ts';
import { NO_SHARED_DATA, sharedData } from '../util/testing/shared.ts';
import { openVideo } from '../video/decoder.ts';
import { integer, randomStream } from '../util/random.ts';
import { writeVideo } from '../video/encoder.ts';
import { remux } from '../video/testing/remux.ts';
import { FFMPEG_MISSING } from '../video/testing/ffmpeg-program.ts';
import { CLIP, clipReference, damagedClip, emptyFolder, md5 } from '../video/testing/clip.ts';
import { extractCrops } from './crops.ts';
import { extractToFiles } from './extract-files.ts';
import type { ExtractOptions } from './extract-options.ts';
import { MaskKernel } from './kernel.ts';
import { LayerCounter, readLayerTimes } from './layers.ts';
import { LiveCounts } from './live-counts.ts';
import { unbalanced } from './record.ts';
import { DEFAULT_RULES, regionOf, stillRule } from './rules.ts';

const AREAS = { minArea: 60, maxArea: 3000 };
const reference = clipReference();
const sorted = (rows: readonly (readonly unknown[])[]) => rows.map((row) => row.join(' ')).sort();

async function extractRows(path: string, some: Partial<typeof DEFAULT_RULES>, colourAll = false) {
  const rules = { ...DEFAULT_RULES, ...some };
  const reader = await openVideo(path, colourAll ? {} : { still: stillRule(rules) });
  const rows: (readonly [...number[], string])[] = [];
  const rejected = { small: 0, large: 0, empty: 0, edge: 0, blue: 0 };
  let pairs = 0;
  for await (const found of extractCrops(reader, rules)) {
    expect(found.frame).toBe(pairs++);
    for (const c of found.crops) rows.push([found.frame, c.x, c.y, c.w, c.h, c.area, md5(c.bgr)]);
    for (const [reason, n] of Object.entries(found.rejected)) rejected[reason as 'small'] += n;
    expect(found.contours).toBe(
      found.crops.length + Object.values(found.rejected).reduce((a, b) => a + b, 0),
    );
  }
  await reader.close();
  return { rows, rejected, pairs };
}

/** The upper bytes of a 16-bit gray picture, three times each. */
async function grayAsBgr(path: string): Promise<Uint8Array> {
  const { data } = await sharp(path)
    .toColourspace('grey16')
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  const gray = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  return Uint8Array.from({ length: gray.length * 3 }, (_, i) => gray[Math.floor(i / 3)]! >> 8);
}

describe('extraction core', () => {
  it('accepts the contours, and cuts the pixels, that OpenCV does', async () => {
    const { rows, rejected, pairs } = await extractRows(CLIP, AREAS);
    expect(pairs).toBe(89);
    expect(sorted(rows)).toEqual(sorted(reference.whole.rows));
    const { small, blue } = reference.whole.counts;
    expect(rejected).toEqual({ small, blue, large: 0, empty: 0, edge: 0 });
  });

  it('counts x from the left bound, as OpenCV does on a sliced frame', async () => {
    const { left, right, rows: expected } = reference.bounded;
    const { rows } = await extractRows(CLIP, { ...AREAS, leftBound: left, rightBound: right });
    expect(sorted(rows)).toEqual(sorted(expected));
  });

  it('finds the same where only what may move is coloured', async () => {
    const random = randomStream(9);
    for (let round = 0; round < 8; round++) {
      const leftBound = integer(random, 100);
      const rules = {
        ...{ leftBound, rightBound: leftBound + 1 + integer(random, 60), minArea: integer(random, 60) },
        threshold: [0, 3, 4, 5, 10, 20, 40, 90][round]!,
      };
      expect(await extractRows(CLIP, rules), JSON.stringify(rules)).toEqual(
        await extractRows(CLIP, rules, true),
      );
    }
  });

  const data = sharedData();
  describe.skipIf(data === undefined)(
    `real recordings${data === undefined ? `, ${NO_SHARED_DATA}` : ''}`,
    () => {
      it.each([
        ['weld-robot-mig-1/03-22-23-0001-06.avi', 'reference.json', {}],
        ['weld-robot-mig-1/03-22-23-0001-06.avi', 'reference_min200.json', { minArea: 200 }],
        ['motion-car/car-detection.mp4', 'reference.json', {}],
      ])('%s gives the rows of %s', async (video, file, rules) => {
        const path = join(data!, video);
        const { rows } = await extractRows(path, rules);
        const expected = JSON.parse(readFileSync(join(path, '..', file), 'utf8')) as number[][];
        expect(sorted(rows.map((row) => row.slice(0, 6)))).toEqual(sorted(expected));
      });

      it('a pair of powder-bed frames gives the contours OpenCV accepts', async () => {
        const folder = join(data!, 'lpbf-meltpool-frames');
        const kernel = new MaskKernel(512, 512);
        for (const [i, name] of [
          '2_Layer012_Section_02_S0001001066',
          '3_Layer012_Section_02_S0001001071',
        ].entries()) {
          kernel.frames[i]!.set(await grayAsBgr(join(folder, `spatters_${name}.png`)));
        }
        const found = kernel.contours({ left: 0, right: 512 }, 20);
        const text = readFileSync(join(folder, 'reference_pair_1066_1071.json'), 'utf8');
        for (const [minArea, rows] of Object.entries(JSON.parse(text) as Record<string, number[][]>)) {
          const accepted = found.filter(({ area }) => area >= Number(minArea) && area <= 15000);
          expect(sorted(accepted.map(({ x, y, w, h, area }) => [0, x, y, w, h, area]))).toEqual(sorted(rows));
        }
      });
    },
  );
});

describe('mask kernel', () => {
  it('finds nothing between equal frames and everything between opposite ones', () => {
    const kernel = new MaskKernel(33, 7);
    expect(kernel.contours({ left: 0, right: 33 }, 20)).toEqual([]);
    kernel.frames[0].fill(255);
    expect(kernel.contours({ left: 0, right: 33 }, 254)).toEqual([
      { x: 0, y: 0, w: 33, h: 7, area: 32 * 6, hole: false, index: 0, parent: -1 },
    ]);
    expect(kernel.contours({ left: 0, right: 33 }, 255)).toEqual([]);
  });

  it('follows holes and single pixels', () => {
    const picture = ['.....', '.###.', '.#.#.', '.###.', '....#'];
    const mask = Uint8Array.from(picture.join(''), (c) => (c === '#' ? 1 : 0));
    expect(new MaskKernel(5, 5).contoursOfMask(mask)).toEqual([
      { x: 1, y: 1, w: 4, h: 4, area: 4, hole: false, index: 0, parent: -1 },
      { x: 1, y: 1, w: 3, h: 3, area: 2, hole: true, index: 1, parent: 0 },
    ]);
    expect(new MaskKernel(1, 1).contoursOfMask(Uint8Array.of(1))).toEqual([
      { x: 0, y: 0, w: 1, h: 1, area: 0, hole: false, index: 0, parent: -1 },
    ]);
  });

  it('tell which contour surrounds which', () => {
    const picture = [
      '#######.#',
      '#.....#..',
      '#.###.#.#',
      '#.#.#.#..',
      '#.###.#..',
      '#.....#..',
      '#######..',
    ];
    const mask = Uint8Array.from(picture.join(''), (c) => (c === '#' ? 1 : 0));
    const found = new MaskKernel(9, 7).contoursOfMask(mask);
    // The ring, the pixel beside it, the ring's hole, the second pixel, the ring in the hole, its hole.
    expect(found.map(({ w, hole, parent }) => [w, hole, parent])).toEqual([
      ...[[7, false, -1], [1, false, -1], [7, true, 0], [3, false, 2], [1, false, -1], [3, true, 3]], // prettier-ignore
    ]);
  });
});

describe('layers', () => {
  it('begin after pauses of more than 700 frames', () => {
    const layers = new LayerCounter(100);
    expect(
      [
        [100, 1],
        [800, 1],
        [1500, 0],
        [1501, 2],
        [1502, 0],
        [2300, 3],
      ].map(([f, n]) => layers.at(f!, n!)),
    ).toEqual([0, 0, 0, 1, 1, 2]);
    expect(layers.seen).toBe(3);
    const late = new LayerCounter(0);
    late.at(701, 1);
    expect(late.seen).toBe(1);
  });
});

describe('the live line', () => {
  it('shows the last seconds, the layer and the sum', () => {
    const live = new LiveCounts(2);
    [0, 0, 1, 3, 0, 0].forEach((crops) => live.add(0, crops));
    expect(live.text).toBe('▁█▁ layer 0: 4 crops, 4 in all');
    live.add(7, 1);
    expect(live.text).toBe('▁█▁ layer 0: 4 crops, 4 in all');
    live.add(7, 0);
    expect(live.text).toBe('▁█▁▃ layer 7: 1 crops, 5 in all');
    for (let frame = 0; frame < 200; frame++) live.add(-1, 1);
    expect(live.text).toBe(`${'█'.repeat(24)} between layers: 200 crops, 205 in all`);
  });
});

describe('bounds', () => {
  it('must leave something of the frame', () => {
    expect(regionOf(DEFAULT_RULES, 640)).toEqual({ left: 0, right: 640 });
    expect(() => regionOf({ ...DEFAULT_RULES, leftBound: 300, rightBound: 200 }, 640)).toThrow(/300 and 200/);
    expect(() => regionOf({ ...DEFAULT_RULES, leftBound: 640 }, 640)).toThrow(/640 pixels/);
    expect(() => regionOf({ ...DEFAULT_RULES, threshold: 256 }, 640)).toThrow(/threshold/);
  });
});

describe('extraction to files', () => {
  const extract = (folder: string, options: ExtractOptions = {}, video = CLIP) =>
    extractToFiles(video, folder, { ...AREAS, mode: 'legacy', ...options });

  it('writes crops, sidecar and frame log that belong together', async () => {
    const folder = emptyFolder();
    const { ledger, datasets, files } = await extract(folder);
    const kept = reference.whole.rows.length;
    expect([ledger.kept, datasets, ledger.pairs]).toEqual([kept, 1, 89]);
    expect(readdirSync(folder).sort()).toEqual(
      [
        '.h5',
        '_crops.csv',
        '_extraction.json',
        '_layer_table.csv',
        '_spatter_at_frame.csv',
        '_tracks.csv',
      ].map((end) => `clip${end}`),
    );

    const sidecar = readCsv(files.sidecar!);
    expect(sidecar.columns.slice(0, 8)).toEqual(['dataset', 'ds_idx', 'frame', 'x', 'y', 'w', 'h', 'area']);
    expect(sidecar.rows.map((row) => row.slice(0, 2))).toEqual(
      Array.from({ length: kept }, (_, i) => ['clip_0', String(i)]),
    );
    expect(sorted(sidecar.rows.map((row) => row.slice(2, 8).map(Number)))).toEqual(
      sorted(reference.whole.rows.map((row) => row.slice(0, 6))),
    );

    const log = readCsv(files.frameLog);
    expect(log.columns).toEqual(['0', '1']);
    expect(log.rows).toHaveLength(89);
    expect(log.rows.reduce((sum, row) => sum + Number(row[1]), 0)).toBe(kept);

    const hdf5 = await CropFileReader.open(files.hdf5!);
    const jpegs = hdf5.read('clip_0', 0, kept);
    hdf5.close();
    const row = sidecar.rows[5]!;
    const image = await decodeJpeg(jpegs[5]!);
    expect([image.width, image.height]).toEqual([Number(row[5]) - 3, Number(row[6]) - 3]);
    expect(row[sidecar.columns.indexOf('jpeg_bytes')]).toBe(String(jpegs[5]!.length));
  });

  it('keeps crops that show nothing apart, and counts them', async () => {
    const folder = emptyFolder();
    const { record, files } = await extract(folder, { mode: 'corrected' });
    const kept = readCsv(files.sidecar!).rows.length;
    const apart = readCsv(join(folder, 'quarantine', 'clip_crops.csv'));
    expect(kept + apart.rows.length).toBe(reference.whole.rows.length);
    expect(record.contours).toMatchObject({ kept, black: apart.rows.length });
    expect(apart.rows.length).toBeGreaterThan(0);
    const brightest = apart.rows.map((row) => Number(row[apart.columns.indexOf('max')]));
    expect(Math.max(...brightest)).toBeLessThanOrEqual(20);
    expect(unbalanced(record)).toEqual([]);
  });

  it('keeps what an equal run wrote, and finishes what a killed one had committed to', async () => {
    const [whole, folder] = [emptyFolder(), emptyFolder()];
    await extract(whole);
    await extract(folder);
    const kept = readFileSync(join(folder, 'clip_tracks.csv'));
    expect((await extract(folder)).reused).toBe(true);
    for (const name of ['clip_tracks.csv', 'clip_extraction.json']) {
      renameSync(join(folder, name), join(folder, `.${name}.partial`));
    }
    expect((await extract(folder)).reused).toBe(true);
    expect(readFileSync(join(folder, 'clip_tracks.csv')).equals(kept)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(readdirSync(whole).sort());
    await expect(extract(folder, { threshold: 30 })).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    appendFileSync(join(folder, 'clip_tracks.csv'), '\n');
    await expect(extract(folder)).rejects.toMatchObject({
      code: 'OUTPUT_EXISTS',
      message: expect.stringContaining('clip_tracks.csv is missing or was changed') as unknown,
    });
  });

  it('takes layers from a table of times', async () => {
    const folder = emptyFolder();
    const times = join(folder, 'times.csv');
    writeFileSync(times, 'layer,start_s,end_s\n7,0,1\n8,1.2,2\n');
    const { files, layers } = await extract(join(folder, 'out'), { layerTimes: readLayerTimes(times) });
    const { columns, rows } = readCsv(files.sidecar!);
    const layerOf = (row: readonly string[]) => [Number(row[2]), Number(row[columns.indexOf('layer')])];
    for (const [frame, layer] of rows.map(layerOf)) {
      expect(layer).toBe(frame! < 25 ? 7 : frame! >= 30 && frame! < 50 ? 8 : -1);
    }
    expect(layers).toBe(2);
    writeFileSync(times, 'layer,start_s\n7,3\n8,1\n');
    expect(() => readLayerTimes(times)).toThrow(expect.objectContaining({ code: 'LAYER_TIMES' }));
  });

  it('times crops and layers by the frames of a camera that left some out, and says so', async () => {
    const folder = emptyFolder();
    const [plain, gap] = [join(folder, 'plain.mp4'), join(folder, 'gap.mp4')];
    const frames = Array.from({ length: 40 }, (_, i) => {
      const bgr = new Uint8Array(3 * 64 * 64);
      for (let y = 20; y < 45; y++) bgr.fill(i % 2 === 0 ? 200 : 90, 3 * (64 * y + 20), 3 * (64 * y + 45));
      return bgr;
    });
    await writeVideo(plain, { width: 64, height: 64, fps: 25, codec: 'mpeg4' }, frames);
    const tick = 512n;
    await remux(plain, gap, 'mp4', undefined, (pts) => pts + (pts < 20n * tick ? 0n : 100n * tick));
    const times = join(folder, 'times.csv');
    writeFileSync(times, 'layer,start_s,end_s\n3,0,2\n4,4,6\n');
    const timesOf = async (path: string, decoder: 'node-av' | 'ffmpeg') => {
      const out = join(folder, `${basename(path)}-${decoder}`);
      const rules = { ...AREAS, decoder, layerTimes: readLayerTimes(times) };
      const { files, layers } = await extractToFiles(path, out, rules);
      const { columns, rows } = readCsv(files.sidecar!);
      const crops = await CropFileReader.open(files.hdf5!);
      const says = crops.attributes()['time'];
      crops.close();
      const at = rows.map((row) => [
        Number(row[2]),
        row[columns.indexOf('time_s')],
        row[columns.indexOf('layer')],
      ]);
      const table = readCsv(files.layers).rows.map((row) => row.slice(0, 5));
      return { at, says, layers, table };
    };
    for (const decoder of [
      'node-av',
      ...(FFMPEG_MISSING === undefined ? ['ffmpeg' as const] : []),
    ] as const) {
      const [regular, late] = [await timesOf(plain, decoder), await timesOf(gap, decoder)];
      expect(regular.says).toBeUndefined();
      expect(late.says).toBe('stamps');
      expect(regular.at.length).toBeGreaterThan(30);
      expect(regular.at).toEqual(regular.at.map(([frame]) => [frame, (Number(frame) / 25).toFixed(4), '3']));
      const seconds = (frame: number) => (frame + (frame < 20 ? 0 : 100)) / 25;
      const layerOf = (frame: number) => (frame < 20 ? '3' : '4');
      expect(late.at).toEqual(
        regular.at.map(([frame]) => [frame, seconds(Number(frame)).toFixed(4), layerOf(Number(frame))]),
      );
      expect(late.layers).toBe(2);
      expect(late.table.map((row) => row.slice(3))).toEqual([
        ['0.0000', '0.7600'],
        ['4.8000', '5.5200'],
      ]);
    }
  });

  it('gives the same bytes at another time', async () => {
    const [one, two] = [emptyFolder(), emptyFolder()];
    await extract(one);
    const clock = vi.spyOn(Date, 'now').mockReturnValue(1_000_000_000_000);
    await extract(two);
    clock.mockRestore();
    for (const name of readdirSync(one)) {
      expect(readFileSync(join(two, name)).equals(readFileSync(join(one, name)))).toBe(true);
    }
  });

  it('starts in the middle and keeps the frame numbers of the video', async () => {
    const { files, framesRead } = await extract(emptyFolder(), { startFrame: 60 });
    expect(framesRead).toBe(30);
    const expected = reference.whole.rows.filter(([frame]) => frame >= 60).map((row) => row.slice(0, 6));
    expect(sorted(readCsv(files.sidecar!).rows.map((row) => row.slice(2, 8)))).toEqual(sorted(expected));
    expect(readCsv(files.frameLog).rows[0]![0]).toBe('60');
  });

  it('stops at a number of crops and accounts for the rest of that frame', async () => {
    const { ledger } = await extract(emptyFolder(), { maxCrops: 7 });
    expect(ledger.kept).toBe(7);
    const { small, large, empty, edge, blue } = ledger.rejected;
    expect(ledger.contours).toBe(7 + ledger.overLimit + small + large + empty + edge + blue);
  });

  it('has only hidden files until the end, so that a kill leaves nothing half under a final name', async () => {
    const folder = emptyFolder();
    const seen = new Set<string>();
    const look = () => readdirSync(folder).forEach((name) => seen.add(name));
    await extract(folder, { progress: () => ({ update: look, setTotal: () => {}, stop: look }) });
    expect([...seen].sort()).toEqual(
      ['.h5', '_crops.csv', '_spatter_at_frame.csv', '_tracks.csv']
        .map((end) => `.clip${end}.partial`)
        .sort(),
    );
  });

  it('writes the frame log only, without capture', async () => {
    const folder = emptyFolder();
    await extract(folder, { capture: false });
    expect(readdirSync(folder).sort()).toEqual(
      ['_extraction.json', '_layer_table.csv', '_spatter_at_frame.csv', '_tracks.csv'].map(
        (end) => `clip${end}`,
      ),
    );
  });

  it('leaves valid, empty files when there is no spatter', async () => {
    const folder = emptyFolder();
    const { ledger, datasets, files } = await extract(folder, { minArea: 100_000, maxArea: 200_000 });
    expect([ledger.kept, datasets]).toEqual([0, 0]);
    expect(readCsv(files.sidecar!).rows).toEqual([]);
    const hdf5 = await CropFileReader.open(files.hdf5!);
    expect(hdf5.datasets()).toEqual([]);
    hdf5.close();
  });

  it('keeps what a cut video holds', async () => {
    const cut = damagedClip((bytes) => bytes.subarray(0, 8000));
    const { ledger, damage, framesRead } = await extract(emptyFolder(), {}, cut);
    expect(ledger.kept).toBeGreaterThan(0);
    expect(framesRead).toBe(ledger.pairs + 1);
    expect(damage).not.toBeNull();
  });

  it('touches nothing when an output is there already', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'clip_crops.csv'), 'mine');
    await expect(extract(folder)).rejects.toMatchObject({ code: 'OUTPUT_EXISTS' });
    expect(readdirSync(folder)).toEqual(['clip_crops.csv']);
    await extract(folder, { overwrite: true });
    expect(readFileSync(join(folder, 'clip_crops.csv'), 'utf8')).toMatch(/^dataset,/);
  });

  it('refuses a start behind the end', async () => {
    const folder = emptyFolder();
    await expect(extract(folder, { startFrame: 90 })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('90 frames') as unknown,
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(!existsSync('/dev/full'))('leaves nothing on a full disk (needs /dev/full)', async () => {
    for (const name of [
      '.clip_spatter_at_frame.csv.partial',
      '.clip_crops.csv.partial',
      '.clip_tracks.csv.partial',
      '.clip.h5.partial',
    ]) {
      const folder = emptyFolder();
      mkdirSync(folder, { recursive: true });
      symlinkSync('/dev/full', join(folder, name));
      await expect(extract(folder), name).rejects.toMatchObject({ code: 'DISK_FULL' });
      expect(readdirSync(folder), name).toEqual([]);
    }
  });
});

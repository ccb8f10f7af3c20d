// The bound that lets parts of frames go uncoloured: never below what FFmpeg's colours give, and the same pixels where it matters.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { integer, randomStream } from '../util/random.ts';
import { openVideo } from './decoder.ts';
import { writeVideo } from './encoder.ts';
import { loadNodeAv } from './node-av.ts';
import type { VideoReader } from './reader.ts';
import { BAND_ROWS, bandsOf } from './bands.ts';
import { grayBound, MotionWatch, type DecodedPlanes } from './moving.ts';
import { emptyFolder, md5 } from './testing/clip.ts';

const SIDE = 64;

/** Planes of one frame: 64 × 64, 32 × 32, 32 × 32. */
function randomPlanes(random: ReturnType<typeof randomStream>): Buffer[] {
  return [1, 2, 2].map((part) =>
    Buffer.from(Array.from({ length: (SIDE / part) ** 2 }, () => integer(random, 256))),
  );
}

it('bounds the gray difference of every pair of pixels, in studio and full range', async () => {
  const av = await loadNodeAv();
  const random = randomStream(7);
  let worst = -Infinity;
  for (const format of [av.AV_PIX_FMT_YUV420P, av.AV_PIX_FMT_YUVJ420P]) {
    const scaler = new av.SoftwareScaleContext();
    scaler.getContext(SIDE, SIDE, format, SIDE, SIDE, av.AV_PIX_FMT_BGR24, av.SWS_BICUBIC);
    for (let round = 0; round < 12; round++) {
      const frames = [0, 1].map(() => {
        const [planes, bgr] = [randomPlanes(random), Buffer.alloc(SIDE * SIDE * 3 + 64)];
        scaler.scaleSync(planes, [SIDE, SIDE / 2, SIDE / 2], 0, SIDE, [bgr], [3 * SIDE]);
        return { planes, bgr };
      });
      for (let i = 0; i < SIDE * SIDE; i++) {
        const chroma = Math.floor(i / SIDE / 2) * (SIDE / 2) + Math.floor((i % SIDE) / 2);
        const apart = (a: number | undefined, b: number | undefined) => Math.abs(a! - b!);
        const [y, u, v] = [i, chroma, chroma].map((at, p) =>
          apart(frames[0]!.planes[p]![at], frames[1]!.planes[p]![at]),
        );
        const [b, g, r] = [0, 1, 2].map((c) => apart(frames[0]!.bgr[3 * i + c], frames[1]!.bgr[3 * i + c]));
        const gray = (3735 * b! + 19235 * g! + 9798 * r! + 16384) >> 15;
        worst = Math.max(worst, gray - grayBound(y!, u!, v!));
      }
    }
    scaler.freeContext();
  }
  expect(worst).toBeLessThanOrEqual(0);
});

const RULE = { threshold: 20, left: 0, right: 9999, reach: 5 };

/** Planes of a frame whose rows lie 16 bytes farther apart than they are long; what lies between is noise. */
function planesWith(width: number, height: number, change: (planes: Buffer[], strides: number[]) => void) {
  const random = randomStream(3);
  const strides = [width + 16, width / 2 + 16, width / 2 + 16];
  const data = strides.map((stride, i) => {
    const [wide, rows] = i === 0 ? [width, height] : [width / 2, height / 2];
    const sample = (_: unknown, at: number) => (at % stride < wide ? 90 : integer(random, 256));
    return Buffer.from(Array.from({ length: stride * rows }, sample));
  });
  change(data, strides);
  return (): DecodedPlanes => ({ data, strides, format: 0 });
}

it('finds every changed sample, in its band and columns, and none beside the picture', () => {
  const [width, height] = [72, 50];
  const plain = planesWith(width, height, () => {});
  const random = randomStream(5);
  for (let round = 0; round < 200; round++) {
    const plane = integer(random, 3);
    const part = plane === 0 ? 1 : 2;
    const [x, y] = [integer(random, width / part), integer(random, height / part)];
    const step = 1 + integer(random, 40);
    const other = planesWith(
      width,
      height,
      (data, strides) => (data[plane]![y * strides[plane]! + x]! += step),
    );
    const watch = new MotionWatch(width, height, RULE);
    expect(watch.next(plain)).toBeNull();
    const moving = watch.next(other)!;
    const bound = grayBound(...([0, 1, 2].map((p) => (p === plane ? step : 0)) as [number, number, number]));
    const band = Math.floor((y * part) / BAND_ROWS);
    const found = moving[2 * band]! <= x * part && x * part < moving[2 * band + 1]!;
    if (bound > RULE.threshold) expect(found, `${plane} ${x} ${y} ${step}`).toBe(true);
    // The kernel rounds the bound up, by less than 3 %.
    else if (bound < 0.97 * RULE.threshold) expect(moving.every((column) => column === 0)).toBe(true);
    expect(moving).toHaveLength(2 * bandsOf(height));
    expect(moving.filter((_, i) => i >> 1 !== band).every((column) => column === 0)).toBe(true);
  }
});

it('looks at its columns only, and says nothing where a small threshold or other planes make it impossible', () => {
  const [width, height] = [64, 32];
  const plain = planesWith(width, height, () => {});
  const spot = planesWith(width, height, (data) => (data[0]![5] = 255));
  const look = (rule: Partial<typeof RULE>, later = spot) => {
    const watch = new MotionWatch(width, height, { ...RULE, ...rule });
    watch.next(plain);
    return watch.next(later);
  };
  expect([...look({})!.slice(0, 4)]).toEqual([0, 16, 0, 0]);
  expect([...look({ left: 16 })!]).toEqual([0, 0, 0, 0]);
  expect(look({ threshold: 3 })).toBeNull();
  const another = (): DecodedPlanes => ({ ...spot(), format: 12 });
  expect(look({}, another)).toBeNull();
});

/** Dark noise with a bright square now and then. */
function* darkFrames(count: number): Generator<Uint8Array> {
  const random = randomStream(11);
  for (let k = 0; k < count; k++) {
    const frame = Uint8Array.from({ length: 160 * 120 * 3 }, () => 8 + integer(random, 4));
    if (k % 12 > 9) for (let y = 30; y < 70; y++) frame.fill(220, 3 * (160 * y + 40), 3 * (160 * y + 90));
    yield frame;
  }
}

interface Look {
  readonly moving: readonly number[] | null;
  /** MD5 of each row. */
  readonly rows: readonly string[];
}

async function look(reader: VideoReader): Promise<Look[]> {
  const frame = new Uint8Array(160 * 120 * 3);
  const seen: Look[] = [];
  while (await reader.read(frame)) {
    const rows = Array.from({ length: 120 }, (_, y) => md5(frame.subarray(480 * y, 480 * (y + 1))));
    seen.push({ moving: reader.moving ? [...reader.moving] : null, rows });
  }
  await reader.close();
  return seen;
}

it('colours every row within reach of what moves, before or after', async () => {
  const path = join(emptyFolder(), 'dark.mp4');
  await writeVideo(path, { width: 160, height: 120, fps: 25, codec: 'h264' }, darkFrames(60), 'node-av');
  const all = await look(await openVideo(path, { decoder: 'node-av' }));
  const some = await look(await openVideo(path, { decoder: 'node-av', still: RULE }));
  expect(some).toHaveLength(60);
  const still = some.filter(({ moving }) => moving?.every((column) => column === 0) === true);
  expect(still.length).toBeGreaterThan(35);
  const needed = (moving: readonly number[] | null | undefined, y: number) =>
    moving?.some((to, i) => {
      const top = (i >> 1) * BAND_ROWS;
      return i % 2 === 1 && to > 0 && y >= top - RULE.reach && y < top + BAND_ROWS + RULE.reach;
    }) === true;
  let checked = 0;
  for (const [i, { moving, rows }] of some.entries()) {
    for (const [y, row] of rows.entries()) {
      if (!needed(i > 0 ? moving : null, y) && !needed(some[i + 1]?.moving, y)) continue;
      expect(row, `frame ${i}, row ${y}`).toBe(all[i]!.rows[y]);
      checked++;
    }
  }
  expect(checked).toBeGreaterThan(500);
});

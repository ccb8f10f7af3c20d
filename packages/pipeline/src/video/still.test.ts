// The bound that lets dark frames go uncoloured: never below what FFmpeg's colours give, and the same extraction with and without it.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { integer, randomStream } from '../util/random.ts';
import { openVideo } from './decoder.ts';
import { writeVideo } from './encoder.ts';
import { loadNodeAv } from './node-av.ts';
import type { VideoReader } from './reader.ts';
import { grayBound } from './still.ts';
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

/** Dark noise with a bright square now and then. */
function* darkFrames(count: number): Generator<Uint8Array> {
  const random = randomStream(11);
  for (let k = 0; k < count; k++) {
    const frame = Uint8Array.from({ length: 160 * 120 * 3 }, () => 8 + integer(random, 4));
    if (k % 12 > 9) for (let y = 30; y < 70; y++) frame.fill(220, 3 * (160 * y + 40), 3 * (160 * y + 90));
    yield frame;
  }
}

/** Of every frame: whether it was still, and its pixels unless nobody may look at them. */
async function look(reader: VideoReader): Promise<{ still: boolean; pixels: string }[]> {
  const frame = new Uint8Array(160 * 120 * 3);
  const seen: { still: boolean; pixels: string }[] = [];
  while (await reader.read(frame)) seen.push({ still: reader.still === true, pixels: md5(frame) });
  await reader.close();
  return seen;
}

it('leaves frames uncoloured only between still neighbours', async () => {
  const path = join(emptyFolder(), 'dark.mp4');
  await writeVideo(path, { width: 160, height: 120, fps: 25, codec: 'h264' }, darkFrames(60), 'node-av');
  const options = { decoder: 'node-av' } as const;
  const all = await look(await openVideo(path, options));
  const some = await look(
    await openVideo(path, { ...options, still: { threshold: 20, left: 0, right: 999 } }),
  );
  expect(some).toHaveLength(60);
  expect(some.filter(({ still }) => still).length).toBeGreaterThan(35);
  for (const [i, { still, pixels }] of some.entries()) {
    const moving = !still || some[i + 1]?.still === false;
    if (moving && i > 0) expect(pixels, `frame ${i}`).toBe(all[i]!.pixels);
  }
});

// Every decoder against the contract; both against the pixels OpenCV read from real recordings.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_SHARED_DATA, sharedData } from '../util/testing/shared.ts';
import { encodeJpegSync } from '../store/jpeg.ts';
import { integer, randomStream } from '../util/random.ts';
import { openVideo } from './decoder.ts';
import { writeVideo } from './encoder.ts';
import { CLIP, clipReference, emptyFolder, frameMd5s, md5 } from './testing/clip.ts';
import { decoderContract } from './testing/decoder-contract.ts';
import { FFMPEG_MISSING } from './testing/ffmpeg-program.ts';
import { remux } from './testing/remux.ts';

decoderContract('node-av');
decoderContract('ffmpeg', FFMPEG_MISSING);

describe('damage', () => {
  it('of a Matroska file that is cut off is seen by its length', async () => {
    const whole = join(emptyFolder(), 'whole.mkv');
    await remux(CLIP, whole, 'matroska');
    const bytes = readFileSync(whole);
    const cut = join(dirname(whole), 'cut.mkv');
    writeFileSync(cut, bytes.subarray(0, Math.round(0.6 * bytes.length)));
    const [good, bad] = [await openVideo(whole), await openVideo(cut)];
    expect(await frameMd5s(good)).toHaveLength(90);
    expect([good.damage, good.missing]).toEqual([null, 0]);
    const found = (await frameMd5s(bad)).length;
    expect(found).toBeGreaterThan(0);
    expect(bad.missing).toBe(90 - found);
    expect(bad.damage?.message).toContain('the header announces 90 frames');
    await Promise.all([good.close(), bad.close()]);
  });

  it('of Motion JPEG pictures that are decoded in part is told, and changes no pixel', async () => {
    const folder = emptyFolder();
    const [stream, good, bad] = [join(folder, 'a.mjpeg'), join(folder, 'good.avi'), join(folder, 'bad.avi')];
    const noise = randomStream(7);
    const pictures = Array.from({ length: 20 }, () =>
      encodeJpegSync(
        Uint8Array.from({ length: 3 * 64 * 64 }, () => integer(noise, 256)),
        64,
        64,
      ),
    );
    writeFileSync(stream, Buffer.concat(pictures));
    await remux(stream, good, 'avi', 25);
    const bytes = readFileSync(good);
    for (const picture of [8, 12]) {
      const start = bytes.indexOf(pictures[picture]!);
      bytes.fill(0xa5, start + 2500, start + 2560);
    }
    writeFileSync(bad, bytes);
    for (const threads of [1, 4]) {
      const open = (path: string, startFrame = 0) =>
        openVideo(path, { threads, startFrame, decoder: 'node-av' });
      const [whole, damaged, late] = [await open(good), await open(bad), await open(bad, 10)];
      const [sums, found] = [await frameMd5s(whole), await frameMd5s(damaged)];
      expect(found.flatMap((sum, i) => (sum === sums[i] ? [] : [i]))).toEqual([8, 12]);
      expect(await frameMd5s(late)).toEqual(found.slice(10));
      expect(whole.damage).toBeNull();
      expect(damaged.damage).toMatchObject({ atFrame: 8, count: 2 });
      expect([damaged.missing, found.length]).toEqual([0, 20]);
      await Promise.all([whole.close(), damaged.close(), late.close()]);
    }
  });

  it('is not what empty chunks of an AVI file are: they hold a picture longer', async () => {
    const folder = emptyFolder();
    const [plain, spread] = [join(folder, 'plain.mp4'), join(folder, 'spread.avi')];
    const gray = Array.from({ length: 40 }, (_, i) => new Uint8Array(32 * 32 * 3).fill(5 * i));
    await writeVideo(plain, { width: 32, height: 32, fps: 25, codec: 'mpeg4' }, gray);
    await remux(plain, spread, 'avi', 50);
    const reader = await openVideo(spread);
    expect(reader.info).toMatchObject({ fps: 25, frameCount: 40 });
    expect(await frameMd5s(reader)).toHaveLength(40);
    expect([reader.damage, reader.missing]).toEqual([null, 0]);
    await reader.close();
  });
});

describe('frames read in place', () => {
  it("are OpenCV's, and stay until the second call from then", async () => {
    const reader = await openVideo(CLIP, { decoder: 'node-av' });
    const sums: string[] = [];
    let earlier = await reader.take!();
    for (let later = await reader.take!(); later !== null; later = await reader.take!()) {
      expect(later.buffer).toBe(reader.memory!.buffer);
      sums.push(md5(earlier!));
      earlier = later;
    }
    expect([...sums, md5(earlier!)]).toEqual(clipReference().frame_md5);
    expect(reader.position).toBe(90);
    await reader.close();
  });
});

describe('decoder choice', () => {
  it('says both ways out when there is no ffmpeg program', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '';
    try {
      const failure = openVideo(join(import.meta.dirname, 'testing/fixtures/clip.mp4'), {
        decoder: 'ffmpeg',
      });
      await expect(failure).rejects.toMatchObject({
        code: 'DECODER_MISSING',
        hint: expect.stringContaining('node-av') as unknown,
      });
    } finally {
      process.env['PATH'] = path;
    }
  });
});

const data = sharedData();
describe.skipIf(data === undefined)(
  `real recordings${data === undefined ? `, ${NO_SHARED_DATA}` : ''}`,
  () => {
    it.each(['weld-robot-mig-1', 'motion-car'])('%s has the pixels OpenCV read', async (folder) => {
      const text = readFileSync(join(data!, folder, 'reference_meta.json'), 'utf8');
      const meta = JSON.parse(text) as { video: string; frame_md5: string[] };
      const reader = await openVideo(join(data!, folder, meta.video));
      expect(await frameMd5s(reader)).toEqual(meta.frame_md5);
      await reader.close();
    });
  },
);

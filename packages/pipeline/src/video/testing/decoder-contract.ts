// What every decoder back-end must do; each back-end's test runs it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openVideo, type DecoderName } from '../decoder.ts';
import { writeVideo } from '../encoder.ts';
import { CLIP, clipReference, damagedClip, emptyFolder, frameMd5s } from './clip.ts';
import { remux } from './remux.ts';

const open = (decoder: DecoderName, path: string, startFrame = 0) => openVideo(path, { decoder, startFrame });

/** 80 frames, 30 a second but for where `place` puts each, in an MP4 first. */
async function grayVideo(path: string, container: string, place: (frame: number) => number): Promise<string> {
  const plain = join(emptyFolder(), 'plain.mp4');
  const gray = Array.from({ length: 80 }, (_, i) => new Uint8Array(32 * 32 * 3).fill(3 * i));
  await writeVideo(plain, { width: 32, height: 32, fps: 30, codec: 'mpeg4' }, gray);
  const tick = 512;
  const stamp = (pts: bigint) => BigInt(tick * place(Number(pts) / tick));
  await remux(plain, path, container, container === 'avi' ? 30 : undefined, stamp);
  return path;
}

async function timesOf(path: string, decoder: DecoderName, startFrame: number) {
  const reader = await open(decoder, path, startFrame);
  const frame = new Uint8Array(32 * 32 * 3);
  const seconds: number[] = [];
  while (await reader.read(frame)) seconds.push(reader.seconds!);
  await reader.close();
  return { seconds, fps: reader.info.fps };
}

/** @param unavailable why the back-end cannot be tested here */
export function decoderContract(decoder: DecoderName, unavailable?: string): void {
  if (unavailable !== undefined) {
    it.skip(`${decoder} decoder, skipped: ${unavailable}`, () => {});
    return;
  }
  const reference = clipReference();
  describe(`${decoder} decoder`, () => {
    it("gives OpenCV's pixels, every frame once", async () => {
      const reader = await open(decoder, CLIP);
      expect(reader.info).toEqual({
        path: CLIP,
        ...{ width: 160, height: 120, fps: 25, frameCount: 90, codec: 'h264' },
      });
      expect(await frameMd5s(reader)).toEqual(reference.frame_md5);
      expect(reader).toMatchObject({ position: 90, damage: null });
      expect(await reader.read(new Uint8Array(160 * 120 * 3))).toBe(false);
      await reader.close();
      await reader.close();
    });

    it.each([1, 24, 33, 47, 71, 72, 89])('starts at exactly frame %i', async (start) => {
      const reader = await open(decoder, CLIP, start);
      expect(reader.position).toBe(start);
      expect(await frameMd5s(reader)).toEqual(reference.frame_md5.slice(start));
      await reader.close();
    });

    it('starts exactly also where time stamps are not those of the frames, or jump', async () => {
      const folder = emptyFolder();
      const [stream, avi] = [join(folder, 'clip.ts'), join(folder, 'clip.avi')];
      await remux(CLIP, stream, 'mpegts');
      await remux(stream, avi, 'avi', 25);
      const gaps = await grayVideo(
        join(folder, 'gaps.mkv'),
        'matroska',
        (frame) => frame + 3 * Math.floor(frame / 20),
      );
      for (const path of [avi, gaps]) {
        const whole = await open(decoder, path);
        const late = await open(decoder, path, 47);
        const sums = await frameMd5s(whole);
        expect(sums.length).toBeGreaterThan(70);
        expect(await frameMd5s(late)).toEqual(sums.slice(47));
        await Promise.all([whole.close(), late.close()]);
      }
    });

    it.each([
      { file: 'a.mp4', container: 'mp4' },
      { file: 'a.mkv', container: 'matroska' },
      { file: 'a.avi', container: 'avi' },
    ])('counts time by the rate where the stamps agree: $container', async ({ file, container }) => {
      const path = await grayVideo(join(emptyFolder(), file), container, (frame) => frame);
      for (const start of [0, 40]) {
        const { seconds, fps } = await timesOf(path, decoder, start);
        expect(seconds).toEqual(seconds.map((_, i) => (start + i) / fps));
        expect(seconds).toHaveLength(80 - start);
      }
    });

    it('takes the time of frames from their stamps where a camera left some out', async () => {
      const place = (frame: number) => frame + (frame < 30 ? 0 : 5);
      const path = await grayVideo(join(emptyFolder(), 'gap.mp4'), 'mp4', place);
      for (const start of [0, 40]) {
        const { seconds } = await timesOf(path, decoder, start);
        seconds.forEach((time, i) => expect(time).toBeCloseTo(place(start + i) / 30, 6));
      }
    });

    it('gives nothing when the start lies beyond the end', async () => {
      const reader = await open(decoder, CLIP, 500);
      expect(await frameMd5s(reader)).toEqual([]);
      await reader.close();
    });

    it('can be left before the end', async () => {
      const reader = await open(decoder, CLIP);
      expect(await frameMd5s(reader, 3)).toEqual(reference.frame_md5.slice(0, 3));
      await reader.close();
    });

    it('reads a cut video as far as it goes and says so', async () => {
      const reader = await open(
        decoder,
        damagedClip((bytes) => bytes.subarray(0, 8000)),
      );
      const sums = await frameMd5s(reader);
      expect(sums.length).toBeGreaterThan(20);
      expect(sums.length).toBeLessThan(90);
      // The last frame may be half of one.
      expect(sums.slice(0, -4)).toEqual(reference.frame_md5.slice(0, sums.length - 4));
      expect(reader.damage?.count).toBeGreaterThan(0);
      await reader.close();
    });

    it('gives the same pixels of a damaged video however many threads decode, and says the same', async () => {
      const path = damagedClip((bytes) => bytes.fill(0xa5, 6000, 6600));
      const [one, ...others] = await Promise.all(
        [1, 2, 3, 8].map(async (threads) => {
          const reader = await openVideo(path, { decoder, threads });
          const sums = await frameMd5s(reader);
          await reader.close();
          const { count, message } = reader.damage!;
          // The program writes its complaints beside the frames, at its own pace.
          const atFrame = decoder === 'ffmpeg' ? 0 : reader.damage!.atFrame;
          return { sums, atFrame, count, message, missing: reader.missing };
        }),
      );
      expect(one!.message).not.toContain('0x');
      for (const other of others) expect(other).toEqual(one);
    });

    it('survives garbage in the middle', async () => {
      const reader = await open(
        decoder,
        damagedClip((bytes) => bytes.fill(0xa5, 6000, 6600)),
      );
      const sums = await frameMd5s(reader);
      expect(sums.slice(0, 20)).toEqual(reference.frame_md5.slice(0, 20));
      expect(sums.at(-1)).toBe(reference.frame_md5.at(-1));
      expect(reader.damage?.atFrame).toBeGreaterThan(10);
      await reader.close();
    });

    it('says of an MP4 that was cut off, and of an empty file, what they are', async () => {
      // The simulator's files end with their index; the clip begins with it.
      const [empty, whole] = [join(emptyFolder(), 'empty.mp4'), join(emptyFolder(), 'whole.mp4')];
      writeFileSync(empty, '');
      await writeVideo(whole, { width: 32, height: 32, fps: 25, codec: 'mpeg4' }, [
        new Uint8Array(3 * 32 * 32),
      ]);
      const bytes = readFileSync(whole);
      const cut = join(emptyFolder(), 'cut.mp4');
      writeFileSync(cut, bytes.subarray(0, bytes.indexOf('moov') - 4));
      await expect(open(decoder, empty)).rejects.toThrow('but it is empty');
      await expect(open(decoder, cut)).rejects.toThrow('the recording was cut off');
    });

    it('refuses what is no video, in one line', async () => {
      const path = join(emptyFolder(), 'notes.mp4');
      writeFileSync(path, 'not a video\n'.repeat(100));
      for (const [file, code] of [
        [path, 'NOT_A_VIDEO'],
        [emptyFolder(), 'NOT_A_VIDEO'],
        [`${path}.gone`, 'FILE_NOT_FOUND'],
      ] as const) {
        const failure = open(decoder, file);
        await expect(failure).rejects.toMatchObject({ code });
        await expect(failure).rejects.toThrow(/^[^\n]*$/);
        await expect(failure).rejects.toThrow(file);
      }
    });
  });
}

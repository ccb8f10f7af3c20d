// What every decoder back-end must do; each back-end's test runs it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openVideo, type DecoderName } from '../decoder.ts';
import { writeVideo } from '../encoder.ts';
import { CLIP, clipReference, damagedClip, emptyFolder, frameMd5s } from './clip.ts';

const open = (decoder: DecoderName, path: string, startFrame = 0) => openVideo(path, { decoder, startFrame });

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

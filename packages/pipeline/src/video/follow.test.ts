// A video is read while its file grows: every frame once, to the end of the recording or to where one stops.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openVideo } from './decoder.ts';
import { followFile } from './follow.ts';
import { CLIP, clipReference, emptyFolder, frameMd5s } from './testing/clip.ts';
import { remux } from './testing/remux.ts';

const folder = emptyFolder();
const reference = clipReference().frame_md5;
const never = () => false;
const whole = join(folder, 'whole.mkv');

beforeAll(() => remux(CLIP, whole, 'matroska'));

describe('a file that grows', () => {
  it('gives every frame once, however it grows', async () => {
    const bytes = readFileSync(whole);
    const path = join(folder, 'grows.mkv');
    writeFileSync(path, bytes.subarray(0, 700));
    let written = 700;
    const timer = setInterval(() => {
      appendFileSync(path, bytes.subarray(written, (written += 900)));
      if (written >= bytes.length) clearInterval(timer);
    }, 10);
    const file = await followFile(path, { idleMs: 1500, stopped: never });
    const reader = await openVideo(path, { decoder: 'node-av', url: file.url });
    expect(await frameMd5s(reader)).toEqual(reference);
    expect(reader).toMatchObject({ position: 90, damage: null });
    await reader.close();
    file.close();
    file.close();
    expect(existsSync(dirname(file.url.slice('unix:'.length)))).toBe(false);
  });

  it.each([0, 1, 47])('starts at frame %i without looking ahead', async (startFrame) => {
    const file = await followFile(whole, { idleMs: 50, stopped: never });
    const reader = await openVideo(whole, { decoder: 'node-av', url: file.url, startFrame });
    expect(await frameMd5s(reader)).toEqual(reference.slice(startFrame));
    await reader.close();
    file.close();
  });

  it('ends where one stops, with the frames read until then', async () => {
    const path = join(folder, 'stopped.mkv');
    writeFileSync(path, readFileSync(whole).subarray(0, 9000));
    let isStopped = false;
    const file = await followFile(path, { idleMs: 60_000, stopped: () => isStopped });
    const reader = await openVideo(path, { decoder: 'node-av', url: file.url });
    setTimeout(() => (isStopped = true), 300);
    const sums = await frameMd5s(reader);
    expect(sums.length).toBeGreaterThan(10);
    expect(sums.slice(0, -4)).toEqual(reference.slice(0, sums.length - 4));
    await reader.close();
    file.close();
  });

  it('must be there, and in a container that can be read before its end', async () => {
    const options = { idleMs: 50, stopped: never };
    await expect(followFile(join(folder, 'none.ts'), options)).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
    const late = join(folder, 'late.mp4');
    const box = (type: string, bytes: number) =>
      Buffer.from(`\0\0\0${String.fromCharCode(8 + bytes)}${type}${'x'.repeat(bytes)}`);
    writeFileSync(late, Buffer.concat([box('ftyp', 8), box('free', 0), box('mdat', 90)]));
    await expect(followFile(late, options)).rejects.toMatchObject({ code: 'NOT_A_VIDEO', hint: expect.stringContaining('fragmented MP4') as string }); // prettier-ignore
  });
});

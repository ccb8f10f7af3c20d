// The contract of every encoder back-end: whole files, the same bytes for the same frames, one clear failure.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { CODECS, type CodecName, type FrameSink } from './encoder-format.ts';
import { ENCODERS, writeVideo, type EncoderName } from './encoder.ts';

let root: string;
beforeAll(() => void (root = mkdtempSync(join(tmpdir(), 'spatter-encoder-'))));
afterAll(() => rmSync(root, { recursive: true }));

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;
const format = (codec: CodecName) => ({ width: 64, height: 48, fps: 25, codec });

/** Gray frames that get brighter by 10, with a white square that moves; always in the same buffer. */
function* frames(count: number): Generator<Uint8Array> {
  const frame = new Uint8Array(64 * 48 * 3);
  for (let i = 0; i < count; i++) {
    frame.fill(10 * i);
    for (let y = 8; y < 24; y++) frame.fill(255, 3 * (64 * y + i), 3 * (64 * y + i + 16));
    yield frame;
  }
}

function skipWithout(context: TestContext, encoder: EncoderName): void {
  if (encoder === 'ffmpeg' && !hasFfmpeg) context.skip('no ffmpeg program on this machine');
}

describe.each(Object.keys(ENCODERS) as EncoderName[])('%s', (encoder) => {
  describe.each(Object.keys(CODECS) as CodecName[])('%s', (codec) => {
    it('writes the same file twice, and a reader gets every frame back', async (context) => {
      skipWithout(context, encoder);
      const [first, second] = ['first', 'second'].map((name) =>
        join(root, `${encoder}-${codec}-${name}.mp4`),
      );
      await writeVideo(first!, format(codec), frames(20), encoder);
      await writeVideo(second!, format(codec), frames(20), encoder);
      expect(readFileSync(first!).equals(readFileSync(second!))).toBe(true);
      if (!hasFfmpeg) return context.skip('no ffmpeg program to read the file with');
      const decoded = execFileSync('ffmpeg', [
        '-v',
        'error',
        '-i',
        first!,
        '-f',
        'rawvideo',
        '-pix_fmt',
        'bgr24',
        '-',
      ]);
      const wanted = Buffer.concat(Array.from(frames(20), (frame) => Buffer.from(frame)));
      expect(decoded.length).toBe(wanted.length);
      const error = wanted.reduce((sum, value, i) => sum + Math.abs(value - decoded[i]!), 0) / wanted.length;
      expect(error).toBeLessThan(4);
    });
  });

  it('leaves nothing behind when the frames fail or the path is taken', async (context) => {
    skipWithout(context, encoder);
    const out = mkdtempSync(join(root, 'failing-'));
    function* failing(): Generator<Uint8Array> {
      yield* frames(3);
      throw new Error('no more frames');
    }
    const path = join(out, 'video.mp4');
    await expect(writeVideo(path, format('mpeg4'), failing(), encoder)).rejects.toThrow('no more frames');
    expect(readdirSync(out)).toEqual([]);
    mkdirSync(join(path, 'in-the-way'), { recursive: true });
    await expect(writeVideo(path, format('mpeg4'), frames(3), encoder)).rejects.toMatchObject({ code: 'IO' });
    expect(readdirSync(out)).toEqual(['video.mp4']);
  });

  it('makes the folder', async (context) => {
    skipWithout(context, encoder);
    const folder = join(root, `made-by-${encoder}`, 'deep');
    await writeVideo(join(folder, 'video.mp4'), format('mpeg4'), frames(3), encoder);
    expect(readdirSync(folder)).toEqual(['video.mp4']);
  });

  it('says that the disk is full', async (context) => {
    skipWithout(context, encoder);
    if (!existsSync('/dev/full')) return context.skip('this system has no /dev/full');
    const sink = await ENCODERS[encoder]('/dev/full', format('mpeg4')).catch((error: unknown) => error);
    const writing = sink instanceof Error ? Promise.reject(sink) : writeAll(sink as FrameSink);
    await expect(writing).rejects.toMatchObject({ code: 'ENOSPC' });
  });
});

async function writeAll(sink: FrameSink): Promise<void> {
  try {
    for (const frame of frames(300)) await sink.write(frame);
    await sink.finish();
  } finally {
    await sink.abandon();
  }
}

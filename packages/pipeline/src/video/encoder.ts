// Writing video: the catalogue of back-ends, and whole files through any of them.
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fromSystemError, SpatterError } from '../util/errors.ts';
import { publish, temporaryPath } from '../util/atomic.ts';
import { ffmpegEncoder } from './encoder-ffmpeg.ts';
import type { EncoderBackend, FrameSink, VideoFormat } from './encoder-format.ts';
import { nodeAvEncoder } from './encoder-node-av.ts';
import { makeFolder } from '../util/make-folder.ts';

/** In the order in which they are tried. */
export const ENCODERS = { 'node-av': nodeAvEncoder, ffmpeg: ffmpegEncoder } as const satisfies Record<
  string,
  EncoderBackend
>;
export type EncoderName = keyof typeof ENCODERS;

/**
 * Writes the MP4 file `path` from `frames`; the file appears whole or not at all, in a folder that is made if it is not there. A frame's buffer is free for reuse when
 * the next one is asked for.
 * @param encoder The back-end; by default the first one that this machine has.
 * @throws {SpatterError} DECODER_MISSING, DISK_FULL or IO.
 */
export async function writeVideo(
  path: string,
  format: VideoFormat,
  frames: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  encoder?: EncoderName,
): Promise<void> {
  const temporary = temporaryPath(path);
  let sink: FrameSink | undefined;
  try {
    makeFolder(dirname(path));
    sink =
      encoder === undefined ? await openFirst(temporary, format) : await ENCODERS[encoder](temporary, format);
    for await (const frame of frames) await sink.write(frame);
    await sink.finish();
    publish(temporary, path);
  } catch (error) {
    await sink?.abandon();
    rmSync(temporary, { force: true });
    throw fromSystemError(error, path);
  }
}

/** Opens the first back-end that is installed. */
async function openFirst(path: string, format: VideoFormat): Promise<FrameSink> {
  try {
    return await nodeAvEncoder(path, format);
  } catch (error) {
    if (!(error instanceof SpatterError && error.code === 'DECODER_MISSING')) throw error;
    return ffmpegEncoder(path, format);
  }
}

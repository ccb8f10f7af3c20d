// What a decoder back-end must do, the catalogue of back-ends, and how one is chosen.
import { statSync } from 'node:fs';
import { SpatterError, fromSystemError } from '../util/errors.ts';
import { ffmpegDecoder } from './ffmpeg-decoder.ts';
import { nodeAvDecoder } from './node-av-decoder.ts';
import { notAVideo, type DecoderBackend, type OpenOptions, type VideoReader } from './reader.ts';
import { whyUnreadable } from './why-unreadable.ts';

export type { DecoderBackend, Damage, OpenOptions, VideoInfo, VideoReader } from './reader.ts';

/** Decoders by name, best first: `auto` takes the first that can be loaded. */
export const DECODERS = {
  'node-av': nodeAvDecoder,
  ffmpeg: ffmpegDecoder,
} as const satisfies Record<string, DecoderBackend>;

export type DecoderName = keyof typeof DECODERS;

export interface OpenVideoOptions extends OpenOptions {
  /** `auto` (the default) takes node-av when it is installed, else the ffmpeg program. */
  readonly decoder?: DecoderName | 'auto';
}

/**
 * Opens a video file for reading frame by frame; the pixels are those of `cv2.VideoCapture`.
 * @throws {SpatterError} FILE_NOT_FOUND, NOT_A_VIDEO or DECODER_MISSING.
 */
export async function openVideo(path: string, options: OpenVideoOptions = {}): Promise<VideoReader> {
  requireFile(path);
  try {
    return await openBest(path, options);
  } catch (error) {
    const refused = error instanceof SpatterError && error.code === 'NOT_A_VIDEO';
    const reason = refused && options.url === undefined ? whyUnreadable(path) : undefined;
    throw reason === undefined ? error : notAVideo(path, reason);
  }
}

async function openBest(path: string, { decoder = 'auto', ...rest }: OpenVideoOptions): Promise<VideoReader> {
  if (decoder !== 'auto') return DECODERS[decoder].open(path, rest);
  try {
    return await DECODERS['node-av'].open(path, rest);
  } catch (error) {
    if (!(error instanceof SpatterError && error.code === 'DECODER_MISSING')) throw error;
    return DECODERS.ffmpeg.open(path, rest);
  }
}

function requireFile(path: string): void {
  try {
    if (!statSync(path).isDirectory()) return;
  } catch (error) {
    throw fromSystemError(error, path);
  }
  throw new SpatterError(
    'NOT_A_VIDEO',
    `${path}: expected a video file, but it is a folder`,
    'name one video file',
  );
}

// Opens a file with the FFmpeg binding: container, stream, decoder, and what the header says.
import type { Codec, CodecContext, FormatContext, Stream } from 'node-av/lib';
import type { NodeAv } from './node-av.ts';
import { notAVideo, rateAndCount, type OpenOptions, type VideoInfo } from './reader.ts';

/** One open file. */
export interface OpenFile {
  readonly format: FormatContext;
  readonly stream: Stream;
  readonly codec: CodecContext;
  /**
   * A decoder that fails on pictures of which `codec` paints what it can and keeps quiet; feed it the same packets. Motion JPEG only,
   * and only where `codec` is not `strict` itself.
   */
  readonly critic: CodecContext | null;
  /** `codec` delivers no such pictures: what it complains of may be there in part all the same. */
  readonly strict: boolean;
  readonly info: VideoInfo;
  /** Where the header says that the video ends, in ticks of the stream; 0 where it does not say. */
  readonly announcedEnd: bigint;
  close(): void;
}

/**
 * @param lenient delivers pictures that are damaged in part, with a critic beside; else the file must be opened again for them
 * @throws {SpatterError} NOT_A_VIDEO.
 */
export function openFile(
  av: NodeAv,
  path: string,
  { url, threads = 0 }: OpenOptions,
  lenient: boolean,
): OpenFile {
  const format = openFormat(av, path, url);
  const { stream, decoder } = findStream(av, format, path);
  const isJpeg = stream.codecpar.codecId === av.AV_CODEC_ID_MJPEG;
  const open = (strict: boolean) => openCodec(av, stream, decoder, path, { threads, strict });
  const codec = open(isJpeg && !lenient);
  const critic = isJpeg && lenient ? open(true) : null;
  return {
    ...{ format, stream, codec, critic, strict: isJpeg && !lenient, info: videoInfo(av, path, stream) },
    announcedEnd: announcedEnd(av, format, stream),
    close() {
      critic?.freeContext();
      codec.freeContext();
      format.closeInputSync();
    },
  };
}

function openFormat(av: NodeAv, path: string, url = path): FormatContext {
  const format = new av.FormatContext();
  const opened = format.openInputSync(url);
  if (opened < 0) throw notAVideo(path, `FFmpeg says: ${av.FFmpegError.strerror(opened)}`);
  const found = format.findStreamInfoSync(null);
  if (found < 0) throw notAVideo(path, `FFmpeg says: ${av.FFmpegError.strerror(found)}`);
  return format;
}

function findStream(av: NodeAv, format: FormatContext, path: string): { stream: Stream; decoder: Codec } {
  const best = format.findBestStream(av.AVMEDIA_TYPE_VIDEO, -1, -1, true);
  const stream = format.streams[best.streamIndex];
  if (stream === undefined || best.decoder === null)
    throw notAVideo(path, 'it holds no video stream that can be decoded');
  return { stream, decoder: best.decoder };
}

function openCodec(
  av: NodeAv,
  stream: Stream,
  decoder: Codec,
  path: string,
  { threads, strict }: { threads: number; strict: boolean },
): CodecContext {
  const codec = new av.CodecContext();
  codec.allocContext3(decoder);
  codec.parametersToContext(stream.codecpar);
  codec.threadCount = threads;
  codec.pktTimebase = stream.timeBase;
  if (strict) codec.setOption('err_detect', 'explode');
  const opened = codec.open2Sync(decoder);
  if (opened < 0) throw notAVideo(path, `FFmpeg says: ${av.FFmpegError.strerror(opened)}`);
  return codec;
}

function videoInfo(av: NodeAv, path: string, stream: Stream): VideoInfo {
  const { width, height, codecId } = stream.codecpar;
  if (width <= 0 || height <= 0) throw notAVideo(path, 'its picture size is not known');
  const { nbFrames, avgFrameRate, rFrameRate } = stream;
  const codec = av.avGetCodecName(codecId) ?? 'unknown';
  return { path, width, height, ...rateAndCount(Number(nbFrames), avgFrameRate, rFrameRate), codec };
}

/** Matroska gives a stream's length as a tag, if at all, and that of the whole file, which another stream may outlast. */
function announcedEnd(av: NodeAv, format: FormatContext, stream: Stream): bigint {
  const { startTime, timeBase, duration } = stream;
  const origin = startTime === av.AV_NOPTS_VALUE ? 0n : startTime;
  if (duration > 0n) return origin + duration;
  const alone = format.streams.length === 1 && format.duration > 0n ? Number(format.duration) / 1e6 : 0;
  const seconds = secondsOf(stream.metadata?.get('DURATION') ?? '') ?? alone;
  return origin + BigInt(Math.round((seconds * timeBase.den) / timeBase.num));
}

/** `00:00:20.040000000` in seconds. */
function secondsOf(text: string): number | undefined {
  const [, hours, minutes, seconds] = /^(\d+):(\d+):(\d+(?:\.\d+)?)/.exec(text) ?? [];
  return seconds === undefined ? undefined : (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
}

// Opens a file with the FFmpeg binding: container, stream, decoder, and what the header says.
import type { CodecContext, FormatContext, Stream } from 'node-av/lib';
import type { NodeAv } from './node-av.ts';
import { notAVideo, rateAndCount, type OpenOptions, type VideoInfo } from './reader.ts';

/** One open file. */
export interface OpenFile {
  readonly format: FormatContext;
  readonly stream: Stream;
  readonly codec: CodecContext;
  readonly info: VideoInfo;
  /** Where the header says that the video ends, in ticks of the stream; 0 where it does not say. */
  readonly announcedEnd: bigint;
  close(): void;
}

/** @throws {SpatterError} NOT_A_VIDEO. */
export function openFile(av: NodeAv, path: string, { url, threads = 0 }: OpenOptions): OpenFile {
  const format = openFormat(av, path, url);
  const { stream, codec } = openCodec(av, format, path, threads);
  return {
    ...{ format, stream, codec, info: videoInfo(av, path, stream) },
    announcedEnd: announcedEnd(av, format, stream),
    close() {
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

function openCodec(av: NodeAv, format: FormatContext, path: string, threads: number) {
  const best = format.findBestStream(av.AVMEDIA_TYPE_VIDEO, -1, -1, true);
  const stream = format.streams[best.streamIndex];
  if (stream === undefined || best.decoder === null)
    throw notAVideo(path, 'it holds no video stream that can be decoded');
  const codec = new av.CodecContext();
  codec.allocContext3(best.decoder);
  codec.parametersToContext(stream.codecpar);
  codec.threadCount = threads;
  codec.pktTimebase = stream.timeBase;
  const opened = codec.open2Sync(best.decoder);
  if (opened < 0) throw notAVideo(path, `FFmpeg says: ${av.FFmpegError.strerror(opened)}`);
  return { stream, codec };
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

// Synchronous decoding with the FFmpeg binding: open, seek to an exact frame, deliver one after the other.
import type { CodecContext, FormatContext, Frame, Stream } from 'node-av/lib';
import type { NodeAv } from './node-av.ts';
import { addDamage, notAVideo, type Damage, type OpenOptions, type VideoInfo } from './reader.ts';

/** A key frame is sought this many frames before the wanted one, so that decoders with delay have settled. */
const SEEK_MARGIN = 16;
/** Consecutive complaints of the demuxer after which the rest of the file is given up. */
const MAX_READ_ERRORS = 16;

/**
 * Frames of one file in presentation order. The binding's asynchronous calls deliver nothing on Node 20,
 * so this blocks its thread: run it in a worker.
 */
export class NodeAvFrames {
  readonly info: VideoInfo;
  damage: Damage | null = null;
  /** Index of the frame that `next` delivers. */
  position = 0;
  readonly #av: NodeAv;
  readonly #format: FormatContext;
  readonly #codec: CodecContext;
  readonly #stream: Stream;
  /** The frame that `next` delivered last. */
  readonly frame: Frame;
  readonly #packet;
  #draining = false;
  #readErrors = 0;
  #packets = 0;
  /** A frame is decoded already (by a seek) and not delivered yet. */
  #pending = false;

  /** @throws {SpatterError} NOT_A_VIDEO. */
  constructor(av: NodeAv, path: string, options: OpenOptions) {
    this.#av = av;
    this.#format = openFormat(av, path, options.url);
    const { stream, codec } = openCodec(av, this.#format, path, options.threads ?? 0);
    this.#stream = stream;
    this.#codec = codec;
    this.info = videoInfo(av, path, stream);
    this.frame = new av.Frame();
    this.frame.alloc();
    this.#packet = new av.Packet();
    this.#packet.alloc();
    this.#startAt(options.startFrame ?? 0, options.url === undefined);
  }

  /** Decodes the next frame; false at the end. */
  next(): boolean {
    if (!this.#pending && !this.#decode()) {
      this.#checkLength();
      return false;
    }
    this.#pending = false;
    this.position++;
    return true;
  }

  close(): void {
    this.frame.free();
    this.#packet.free();
    this.#codec.freeContext();
    this.#format.closeInputSync();
  }

  #decode(): boolean {
    for (let failures = 0; failures < MAX_READ_ERRORS;) {
      const status = this.#codec.receiveFrameSync(this.frame);
      if (status === 0) {
        if (this.frame.decodeErrorFlags !== 0) this.#note('a frame was decoded with errors');
        return true;
      }
      if (status === this.#av.AVERROR_EOF) return false;
      if (status !== this.#av.AVERROR_EAGAIN) {
        failures++;
        this.#note(this.#av.FFmpegError.strerror(status));
      } else if (this.#draining) return false;
      else this.#feed();
    }
    return false;
  }

  /** Gives the decoder one packet, or tells it that there are no more. */
  #feed(): void {
    const status = this.#format.readFrameSync(this.#packet);
    if (status < 0) {
      if (status !== this.#av.AVERROR_EOF) this.#note(this.#av.FFmpegError.strerror(status));
      this.#draining = status === this.#av.AVERROR_EOF || ++this.#readErrors >= MAX_READ_ERRORS;
      if (this.#draining) this.#codec.sendPacketSync(null);
      return;
    }
    this.#readErrors = 0;
    if (this.#packet.streamIndex === this.#stream.index) this.#send();
    this.#packet.unref();
  }

  #send(): void {
    this.#packets++;
    if ((this.#packet.flags & this.#av.AV_PKT_FLAG_CORRUPT) !== 0) this.#note('a packet is incomplete');
    const status = this.#codec.sendPacketSync(this.#packet);
    if (status < 0) this.#note(this.#av.FFmpegError.strerror(status));
  }

  #note(message: string): void {
    this.damage = addDamage(this.damage, this.position, message);
  }

  /** Frames that the file holds or announces and that could not be decoded; known at the end. */
  get missing(): number {
    const held = Math.max(this.#packets, this.info.frameCount ?? 0);
    return this.damage === null ? 0 : Math.max(0, held - this.position);
  }

  /** A header that announces more than the file holds is the usual sign of a recording cut off. */
  #checkLength(): void {
    const expected = this.info.frameCount;
    const found = Math.max(this.#packets, this.position);
    if (expected === null || found >= expected) return;
    this.#note(`the header announces ${expected} frames, the file ends after ${found}`);
  }

  #startAt(start: number, canSeek: boolean): void {
    if (canSeek && start > 2 * SEEK_MARGIN && this.#seek(start)) return;
    while (this.position < start && this.#decode()) this.position++;
  }

  /** Jumps near `start` by time stamp and counts forward; false (and back at frame 0) when time stamps cannot be trusted. */
  #seek(start: number): boolean {
    if (this.#hasConstantRate() && this.#jump(start - SEEK_MARGIN)) {
      while (this.#decode()) {
        const index = this.#frameIndex();
        if (index === null || index > start) break;
        if (index < start) continue;
        this.position = start;
        this.#packets = start;
        this.#pending = true;
        return true;
      }
    }
    this.#jump(0);
    return false;
  }

  #hasConstantRate(): boolean {
    const { avgFrameRate: average, rFrameRate: real } = this.#stream;
    return average.num > 0 && average.num * real.den === real.num * average.den;
  }

  #jump(index: number): boolean {
    const { timeBase, startTime } = this.#stream;
    const seconds = index / this.info.fps;
    const ticks = BigInt(Math.floor((seconds * timeBase.den) / timeBase.num));
    const origin = startTime === this.#av.AV_NOPTS_VALUE ? 0n : startTime;
    const status = this.#format.seekFrameSync(
      this.#stream.index,
      origin + ticks,
      this.#av.AVSEEK_FLAG_BACKWARD,
    );
    this.#codec.flushBuffers();
    this.#draining = false;
    return status >= 0;
  }

  /** Index of the frame just decoded by its time stamp, or null when that is not near a whole number. */
  #frameIndex(): number | null {
    const stamp = this.frame.bestEffortTimestamp;
    const { timeBase, startTime } = this.#stream;
    if (stamp === this.#av.AV_NOPTS_VALUE || startTime === this.#av.AV_NOPTS_VALUE) return null;
    const exact = ((Number(stamp - startTime) * timeBase.num) / timeBase.den) * this.info.fps;
    return Math.abs(exact - Math.round(exact)) < 0.2 ? Math.round(exact) : null;
  }
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
  const { num, den } = stream.avgFrameRate;
  const frames = Number(stream.nbFrames);
  const codec = av.avGetCodecName(codecId) ?? 'unknown';
  return { path, width, height, fps: den > 0 ? num / den : 0, frameCount: frames > 0 ? frames : null, codec };
}

// Synchronous decoding with the FFmpeg binding: open, seek to an exact frame, deliver one after the other.
import type { Frame } from 'node-av/lib';
import { openFile, type OpenFile } from './node-av-open.ts';
import { FrameClock } from './frame-clock.ts';
import type { NodeAv } from './node-av.ts';
import { addDamage, type Damage, type OpenOptions, type VideoInfo } from './reader.ts';

/** A key frame is sought this many frames before the wanted one, so that decoders with delay have settled. */
const SEEK_MARGIN = 16;
/** Consecutive complaints of the demuxer after which the rest of the file is given up. */
const MAX_READ_ERRORS = 16;

/**
 * Frames of one file in presentation order. The binding's asynchronous calls deliver nothing on Node 20,
 * so this blocks its thread: run it in a worker.
 *
 * What FFmpeg paints where a picture is damaged depends on how many threads decode, and so would all that is made of it. At the
 * first sign of damage the file is opened once more and read by one thread from then on. So it is, too, where a strict decoder of Motion
 * JPEG gave nothing of a picture that FFmpeg otherwise paints in part.
 */
export class NodeAvFrames {
  readonly info: VideoInfo;
  damage: Damage | null = null;
  /** Index of the frame that `next` delivers. */
  position = 0;
  /** When the frame that `next` delivered last was to be seen; see {@link FrameClock}. */
  seconds: number | null = null;
  readonly #clock: FrameClock;
  readonly #av: NodeAv;
  readonly #path: string;
  readonly #options: OpenOptions;
  #file: OpenFile;
  /** The frame that `next` delivered last. */
  readonly frame: Frame;
  readonly #packet;
  /** What the critic decodes and nobody looks at. */
  readonly #spare: Frame;
  #draining = false;
  #readErrors = 0;
  #packets = 0;
  /** Where the latest packet ends, in ticks of the stream. */
  #end = 0n;
  /** A frame is decoded already (by a seek) and not delivered yet. */
  #pending = false;
  /** One thread decodes and leaves nothing out, or the file cannot be read twice. */
  #settled: boolean;

  /** @throws {SpatterError} NOT_A_VIDEO. */
  constructor(av: NodeAv, path: string, options: OpenOptions) {
    this.#av = av;
    this.#path = path;
    this.#options = options;
    const readOnce = options.url !== undefined;
    this.#file = openFile(av, path, options, readOnce);
    this.#settled = readOnce || (options.threads === 1 && !this.#file.strict);
    this.info = this.#file.info;
    this.#clock = this.#newClock();
    this.frame = new av.Frame();
    this.frame.alloc();
    this.#spare = new av.Frame();
    this.#spare.alloc();
    this.#packet = new av.Packet();
    this.#packet.alloc();
    this.#startAt(options.startFrame ?? 0);
  }

  /** Decodes the next frame; false at the end. */
  next(): boolean {
    let found = this.#found();
    if (this.damage !== null && !this.#settled) found = this.#readAgain();
    if (!found) {
      this.#checkLength();
      return false;
    }
    this.#pending = false;
    this.#pass();
    return true;
  }

  close(): void {
    this.frame.free();
    this.#spare.free();
    this.#packet.free();
    this.#file.close();
  }

  /** From the start, by one thread, up to the frame that comes next; false where there is none. */
  #readAgain(): boolean {
    const next = this.position;
    this.#settled = true;
    this.#file.close();
    this.#file = openFile(this.#av, this.#path, { ...this.#options, threads: 1 }, true);
    this.damage = null;
    this.#draining = this.#pending = false;
    this.#readErrors = this.#packets = this.position = 0;
    this.#end = 0n;
    this.#startAt(this.#options.startFrame ?? 0);
    let found = this.#found();
    while (found && this.position < next) {
      this.#pass();
      found = this.#decode();
    }
    return found;
  }

  /** There is a frame, decoded by a seek or now. */
  #found(): boolean {
    return this.#pending || this.#decode();
  }

  #decode(): boolean {
    for (let failures = 0; failures < MAX_READ_ERRORS;) {
      const status = this.#file.codec.receiveFrameSync(this.frame);
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
    const status = this.#file.format.readFrameSync(this.#packet);
    if (status < 0) {
      if (status !== this.#av.AVERROR_EOF) this.#note(this.#av.FFmpegError.strerror(status));
      this.#draining = status === this.#av.AVERROR_EOF || ++this.#readErrors >= MAX_READ_ERRORS;
      if (this.#draining) this.#file.codec.sendPacketSync(null);
      return;
    }
    this.#readErrors = 0;
    if (this.#packet.streamIndex === this.#file.stream.index) this.#send();
    this.#packet.unref();
  }

  #send(): void {
    const { pts, duration } = this.#packet;
    this.#packets++;
    if (pts !== this.#av.AV_NOPTS_VALUE && pts + duration > this.#end) this.#end = pts + duration;
    if ((this.#packet.flags & this.#av.AV_PKT_FLAG_CORRUPT) !== 0) this.#note('a packet is incomplete');
    const status = this.#file.codec.sendPacketSync(this.#packet);
    const judged = status < 0 ? status : this.#criticise();
    if (judged < 0) this.#note(this.#av.FFmpegError.strerror(judged));
  }

  /** What the critic, if there is one, says of the packet. */
  #criticise(): number {
    const { critic } = this.#file;
    if (critic === null) return 0;
    const status = critic.sendPacketSync(this.#packet);
    while (critic.receiveFrameSync(this.#spare) === 0);
    return status;
  }

  #note(message: string): void {
    this.damage = addDamage(this.damage, this.position, message);
  }

  /** Frames that the file holds or announces and that could not be decoded; known at the end. */
  get missing(): number {
    const held = Math.max(this.#packets, this.info.frameCount ?? this.#framesUntil(this.#announcedEnd));
    return this.damage === null ? 0 : Math.max(0, held - this.position);
  }

  /** A header that announces more than the file holds is the usual sign of a recording cut off. */
  #checkLength(): void {
    const { frameCount } = this.info;
    const expected = frameCount ?? this.#framesUntil(this.#announcedEnd);
    const found = frameCount === null ? this.#framesUntil(this.#end) : Math.max(this.#packets, this.position);
    // Not every program counts the last frame's own duration.
    if (found >= expected - (frameCount === null ? 1 : 0)) return;
    this.#note(`the header announces ${expected} frames, the file ends after ${found}`);
  }

  /** Where the header says that the video ends, where it counts no frames; at least where the latest packet does. */
  get #announcedEnd(): bigint {
    const { announcedEnd } = this.#file;
    return announcedEnd > this.#end ? announcedEnd : this.#end;
  }

  /** Frames that a constant rate puts before `end`, in ticks of the stream; 0 without such a rate. */
  #framesUntil(end: bigint): number {
    const { timeBase, startTime } = this.#file.stream;
    if (!this.#hasConstantRate() || startTime === this.#av.AV_NOPTS_VALUE) return 0;
    return Math.round(((Number(end - startTime) * timeBase.num) / timeBase.den) * this.info.fps);
  }

  #startAt(start: number): void {
    if (this.#options.url === undefined && start > 2 * SEEK_MARGIN && this.#seek(start)) return;
    while (this.position < start && this.#decode()) this.#pass();
  }

  /** The frame just decoded is that at `position`. */
  #pass(): void {
    const stamp = this.#stamp;
    this.seconds = this.#clock.at(this.position, stamp === null ? null : Number(stamp));
    this.position++;
  }

  #newClock(): FrameClock {
    const { timeBase, startTime } = this.#file.stream;
    const origin = startTime === this.#av.AV_NOPTS_VALUE ? null : Number(startTime);
    return new FrameClock(this.info.fps, timeBase.num / timeBase.den, origin);
  }

  /** Presentation time stamp of the frame just decoded, in ticks of the stream. What FFmpeg guesses where there is none is no such stamp. */
  get #stamp(): bigint | null {
    const { pts } = this.frame;
    return pts === this.#av.AV_NOPTS_VALUE ? null : pts;
  }

  /**
   * Jumps near `start` by time stamp and counts forward; false (and back at frame 0) when time stamps cannot be trusted to number the
   * frames. Those of a container that counts no frames cannot: its rate is a nominal one, whatever the camera left out.
   */
  #seek(start: number): boolean {
    if (this.info.frameCount === null || !this.#hasConstantRate()) return false;
    if (this.#jump(start - SEEK_MARGIN)) {
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
    this.#packets = 0;
    return false;
  }

  #hasConstantRate(): boolean {
    const { avgFrameRate: average, rFrameRate: real } = this.#file.stream;
    return average.num > 0 && average.num * real.den === real.num * average.den;
  }

  #jump(index: number): boolean {
    const { timeBase, startTime } = this.#file.stream;
    const seconds = index / this.info.fps;
    const ticks = BigInt(Math.floor((seconds * timeBase.den) / timeBase.num));
    const origin = startTime === this.#av.AV_NOPTS_VALUE ? 0n : startTime;
    const status = this.#file.format.seekFrameSync(
      this.#file.stream.index,
      origin + ticks,
      this.#av.AVSEEK_FLAG_BACKWARD,
    );
    this.#file.codec.flushBuffers();
    this.#draining = false;
    return status >= 0;
  }

  /** Index of the frame just decoded by its time stamp, or null when that is not near a whole number. */
  #frameIndex(): number | null {
    const stamp = this.#stamp;
    const { timeBase, startTime } = this.#file.stream;
    if (stamp === null || startTime === this.#av.AV_NOPTS_VALUE) return null;
    const exact = ((Number(stamp - startTime) * timeBase.num) / timeBase.den) * this.info.fps;
    return Math.abs(exact - Math.round(exact)) < 0.2 ? Math.round(exact) : null;
  }
}

// Keeps copies of the two frames decoded last, and turns rows of them into B G R.
import type { Frame, SoftwareScaleContext } from 'node-av/lib';
import type { DecodedPlanes } from './moving.ts';
import type { NodeAv } from './node-av.ts';

/** Extra bytes a frame's buffer needs behind the pixels: FFmpeg's vector code may write past the last row. */
export const FRAME_PADDING = 64;

/** Size of the pictures that are made. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/** A copy of a frame, whose memory stays where it is. */
interface Half {
  readonly frame: Frame;
  readonly width: number;
  readonly height: number;
  readonly format: Frame['format'];
  readonly planes: DecodedPlanes;
  /** Colours are made from one sample of each plane (see moving.ts). */
  readonly isPlain: boolean;
}

/**
 * Copies, because the binding reports the memory of every frame whose bytes are looked at to V8, which then collects garbage
 * without end; the memory of these is looked at again and again.
 */
export class HeldFrames {
  readonly #av: NodeAv;
  readonly #size: Size;
  readonly #halves: [Half | undefined, Half | undefined] = [undefined, undefined];
  readonly #scalers = new Map<string, SoftwareScaleContext>();

  constructor(av: NodeAv, size: Size) {
    this.#av = av;
    this.#size = size;
  }

  /** Copies `frame` into half `index & 1`. */
  hold(index: number, frame: Frame): void {
    const status = this.#fitting(index & 1, frame).copy(frame);
    if (status < 0)
      throw new Error(`FFmpeg could not copy a frame: ${this.#av.FFmpegError.strerror(status)}`);
  }

  #fitting(half: number, { width, height, format }: Frame): Frame {
    const old = this.#halves[half];
    if (old?.width === width && old.height === height && old.format === format) return old.frame;
    old?.frame.free();
    const frame = new this.#av.Frame();
    frame.alloc();
    Object.assign(frame, { width, height, format });
    const status = frame.getBuffer(0);
    if (status < 0)
      throw new Error(`FFmpeg found no memory for a frame: ${this.#av.FFmpegError.strerror(status)}`);
    const isPlain = this.#isPlain(frame);
    const count = isPlain ? 3 : undefined;
    const planes = {
      data: (frame.data ?? []).slice(0, count),
      strides: frame.linesize.slice(0, count),
      format,
    };
    this.#halves[half] = { frame, width, height, format, planes, isPlain };
    return frame;
  }

  #isPlain({ width, height, format, linesize }: Frame): boolean {
    const { AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P } = this.#av;
    const sampled = format === AV_PIX_FMT_YUV420P || format === AV_PIX_FMT_YUVJ420P;
    const even = width === this.#size.width && height === this.#size.height && (width | height) % 2 === 0;
    return sampled && even && linesize[1] === linesize[2];
  }

  /** The planes in half `index & 1`, or null where colours are not made from one sample of each plane (see moving.ts). */
  planes(index: number): DecodedPlanes | null {
    const { isPlain, planes } = this.#halves[index & 1]!;
    return isPlain ? planes : null;
  }

  /** Writes all rows of half `index & 1` into `into`, `height × width × 3` bytes B G R and FRAME_PADDING more. */
  paint(index: number, into: Buffer): void {
    const { width, height, format, planes } = this.#halves[index & 1]!;
    const scaler = this.#scaler({ width, format }, height, this.#size.height);
    scaler.scaleSync([...planes.data], [...planes.strides], 0, height, [into], [3 * this.#size.width]);
  }

  /**
   * Writes rows `from` ≤ y < `to`, both even, of a frame that has {@link planes}. Its colours do not look beyond a pair of rows,
   * so they are those of the whole picture. What lies behind the last row's end is overwritten: paint from the top down.
   */
  paintRows({ data, strides, format }: DecodedPlanes, into: Buffer, from: number, to: number): void {
    const { width } = this.#size;
    const scaler = this.#scaler({ width, format }, to - from, to - from);
    const rows = data.map((plane, i) => plane.subarray(strides[i]! * (i === 0 ? from : from / 2)));
    scaler.scaleSync(rows, [...strides], 0, to - from, [into.subarray(3 * width * from)], [3 * width]);
  }

  /** Bicubic without accurate rounding: exactly what OpenCV asks of FFmpeg, and its bytes depend on it. */
  #scaler(
    source: { width: number; format: number },
    height: number,
    outHeight: number,
  ): SoftwareScaleContext {
    const { width } = this.#size;
    const key = [source.width, height, source.format, outHeight].join();
    const known = this.#scalers.get(key);
    if (known !== undefined) return known;
    const av = this.#av;
    const context = new av.SoftwareScaleContext();
    const format = source.format as Parameters<SoftwareScaleContext['getContext']>[2];
    context.getContext(source.width, height, format, width, outHeight, av.AV_PIX_FMT_BGR24, av.SWS_BICUBIC);
    this.#scalers.set(key, context);
    return context;
  }

  close(): void {
    for (const scaler of this.#scalers.values()) scaler.freeContext();
    for (const half of this.#halves) half?.frame.free();
  }
}

// The contract between the extraction and whatever decodes the video.
import { SpatterError } from '../util/errors.ts';
import type { SharedMemory } from '../util/wasm.ts';
import type { MovingColumns } from './bands.ts';

/** Facts from the container's header. */
export interface VideoInfo {
  readonly path: string;
  /** Pixels; rotation metadata is not applied, as OpenCV's reading here does not apply it either. */
  readonly width: number;
  readonly height: number;
  /** Average frames per second; 0 when the container does not say. */
  readonly fps: number;
  /** Frames the header announces, or null. A damaged file holds fewer. */
  readonly frameCount: number | null;
  /** FFmpeg's name of the codec, such as `h264`. */
  readonly codec: string;
}

/** What went wrong while decoding; the frames read before and after it are good. */
export interface Damage {
  /** Index of the first frame that was to be read when trouble was noticed; about, where the ffmpeg program reads. */
  readonly atFrame: number;
  /** How many times the demuxer or the decoder complained. */
  readonly count: number;
  readonly message: string;
}

/** One open video, read from start to end by one consumer. */
export interface VideoReader {
  readonly info: VideoInfo;
  /** Index, in the whole video, of the frame that the next `read` delivers. */
  readonly position: number;
  readonly damage: Damage | null;
  /**
   * When the frame last read was to be seen, seconds from the video's start: its presentation time stamp, or its index over the
   * frame rate where the container stamps no frames; null where it tells neither.
   */
  readonly seconds?: number | null;
  /** Frames that the file holds or announces and that could not be decoded; known at the end. */
  readonly missing?: number;
  /**
   * With {@link OpenOptions.still}: where the frame last read may differ visibly from the one before it; null where that is not
   * known. Only rows within the rule's reach of what moves, before or after a frame, are filled; the others are left as they were.
   */
  readonly moving?: MovingColumns | null;
  /** Where {@link take} finds frames. Others may let it grow and use what is appended. */
  readonly memory?: SharedMemory;
  /**
   * The next frame as `read` gives it, where it lies in `memory`: it stays there until the second call from now. Null at the end.
   * Readers that have it are read by either method, not by both.
   */
  take?(): Promise<Uint8Array | null>;
  /** Fills `into` (`height × width × 3` bytes, row after row, B G R) with the next frame; false at the end. */
  read(into: Uint8Array): Promise<boolean>;
  /** Stops decoding and frees everything; safe to call twice. */
  close(): Promise<void>;
}

/** What a consumer compares neighbouring frames by: a gray difference above `threshold` in columns `left` ≤ x < `right`. */
export interface StillRule {
  readonly threshold: number;
  readonly left: number;
  readonly right: number;
  /** Rows above and below such a difference that the consumer looks at. */
  readonly reach: number;
}

export interface OpenOptions {
  /** Lets the decoder leave out pixels that nobody will look at; see {@link VideoReader.moving}. */
  readonly still?: StillRule;
  /** First frame to deliver, counted from 0; exact, whatever the codec's key frames. */
  readonly startFrame?: number;
  /** Threads node-av may decode an undamaged file with; 0 lets FFmpeg choose. Changes nothing but the time. */
  readonly threads?: number;
  /** What FFmpeg opens instead of the path, read from its first byte to its last: a file that grows (see follow.ts). */
  readonly url?: string;
}

export interface DecoderBackend {
  /** @throws {SpatterError} NOT_A_VIDEO, or DECODER_MISSING when this back-end is not installed. */
  open(path: string, options: OpenOptions): Promise<VideoReader>;
}

/** A fraction, as FFmpeg gives rates. */
interface Rational {
  readonly num: number;
  readonly den: number;
}

/**
 * Frames a second and in the file, 0 and null where the header does not say. AVI counts its empty chunks too, which only hold a
 * picture longer; the rate of the pictures (`real`) is a whole fraction of the chunks' (`average`) then.
 */
export function rateAndCount(count: number, average: Rational, real: Rational) {
  const chunks = (average.num * real.den) / (average.den * real.num);
  const each = Number.isInteger(chunks) && chunks > 1 ? chunks : 1;
  return {
    fps: average.den > 0 ? average.num / average.den / each : 0,
    frameCount: count > 0 ? Math.ceil(count / each) : null,
  };
}

/** Adds one complaint to what was noticed before. The first message is kept: later ones are mostly its echo. */
export function addDamage(before: Damage | null, atFrame: number, message: string): Damage {
  return before === null ? { atFrame, count: 1, message } : { ...before, count: before.count + 1 };
}

/** The error for a file in which `reason` keeps FFmpeg from finding a video. */
export function notAVideo(path: string, reason: string): SpatterError {
  return new SpatterError(
    'NOT_A_VIDEO',
    `${path}: expected a video that FFmpeg can read, but ${reason}`,
    'check the file, or convert it with another program first',
  );
}

/**
 * Spatter is what differs between two frames: a reader that gave fewer from `start` on means another mistake than a video
 * without spatter. FFmpeg reads a picture as a video of one frame.
 * @throws {SpatterError} NOT_A_VIDEO, or USAGE when the video ends before `start`.
 */
export function requireFrames({ info, position }: VideoReader, start: number): void {
  if (position > start + 1) return;
  if (position === 1) throw notAVideo(info.path, 'it holds a single picture');
  if (start === 0) throw notAVideo(info.path, 'no frame of it could be decoded');
  throw new SpatterError(
    'USAGE',
    `${info.path}: the start frame must lie within the video's ${info.frameCount ?? position} frames, got ${start}`,
    'choose a smaller --start-frame',
  );
}

// What stands beside a frame in the ring: 32-bit numbers, written by the decoding thread and read by the consumer.
import { bandsOf, type MovingColumns } from './bands.ts';

/** A frame's note. */
export interface FrameNote {
  /** Where it may differ from the frame before; null where that is not known. */
  readonly moving: MovingColumns | null;
  /** When it was to be seen, seconds from the video's start; null where the container does not say. */
  readonly seconds: number | null;
  /** Complaints of the decoder up to this frame. */
  readonly complaints: number;
  /** 1 for each band that is filled. */
  readonly painted: ArrayLike<number>;
}

/** A 64-bit number, NaN where it is not known: it takes the first two places. */
const COMPLAINTS = 2;
const IS_KNOWN = 3;
const RANGES = 4;

/** Numbers in the note of a picture `height` rows high. */
export function noteLength(height: number): number {
  return RANGES + 3 * bandsOf(height);
}

export function writeNote(into: Int32Array, { moving, seconds, complaints, painted }: FrameNote): void {
  clockOf(into)[0] = seconds ?? NaN;
  into[COMPLAINTS] = complaints;
  into[IS_KNOWN] = moving === null ? 0 : 1;
  if (moving !== null) into.set(moving, RANGES);
  into.set(painted, RANGES + 2 * painted.length);
}

/** Copies nothing of `painted`: read it before the frame is given back. */
export function readNote(from: Int32Array): FrameNote {
  const bands = (from.length - RANGES) / 3;
  const behind = RANGES + 2 * bands;
  const moving = from[IS_KNOWN] === 1 ? Uint16Array.from(from.subarray(RANGES, behind)) : null;
  const time = clockOf(from)[0]!;
  const seconds = Number.isNaN(time) ? null : time;
  return { moving, seconds, complaints: from[COMPLAINTS]!, painted: from.subarray(behind) };
}

function clockOf({ buffer, byteOffset }: Int32Array): Float64Array {
  return new Float64Array(buffer, byteOffset, 1);
}

// When a frame was to be seen: by the container's presentation time stamps where it gives them, else by its frame rate.

/** Stamps are rounded to ticks of their stream, and by some programs once more: what differs less from the frame rate agrees with it. */
const ROUNDING_SECONDS = 1e-4;
/** A stamp cut to whole ticks is off by less than one. */
const ROUNDING_TICKS = 1 - 1e-6;

/** Seconds of the frames of one video, asked in order. A camera that leaves frames out, or changes its rate, says so by its stamps. */
export class FrameClock {
  readonly #fps: number;
  readonly #tick: number;
  readonly #tolerance: number;
  #origin: number | null;
  /** Containers such as AVI with B-frames stamp some frames only, in the order of decoding: the first has none then. */
  #stamped: boolean | undefined;
  /** The latest frame with a stamp; frames without one count on from it. */
  #known = { index: 0, seconds: 0 };

  /**
   * @param fps    frames a second, 0 where the container does not say
   * @param tick   seconds between two stamps
   * @param origin stamp of the video's start; null takes that of the first frame
   */
  constructor(fps: number, tick: number, origin: number | null = null) {
    this.#fps = fps;
    this.#tick = tick;
    this.#tolerance = Math.max(tick * ROUNDING_TICKS, ROUNDING_SECONDS);
    this.#origin = origin;
  }

  /**
   * Seconds from the video's start to its `index`-th frame; exactly `index / fps` where the stamps agree with that or there are none.
   * Null where the container gives neither stamps nor a rate.
   * @param stamp in ticks; null where the frame has none
   */
  at(index: number, stamp: number | null): number | null {
    this.#stamped ??= stamp !== null;
    if (!this.#stamped) return this.#fps > 0 ? index / this.#fps : null;
    if (stamp === null) return this.#countOn(index);
    this.#origin ??= stamp;
    const seconds = this.#agreeing(index, (stamp - this.#origin) * this.#tick);
    this.#known = { index, seconds };
    return seconds;
  }

  #countOn(index: number): number {
    const { index: before, seconds } = this.#known;
    return this.#fps > 0 ? this.#agreeing(index, seconds + (index - before) / this.#fps) : seconds;
  }

  #agreeing(index: number, seconds: number): number {
    const regular = index / this.#fps;
    return Math.abs(seconds - regular) < this.#tolerance ? regular : seconds;
  }
}

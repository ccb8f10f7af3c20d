// Gathers images of many requests into batches: pure bookkeeping, without threads or clocks.

/** An image that waits. */
export interface Waiting<Result> {
  readonly image: Uint8Array;
  /** Milliseconds on the queue's clock when it came. */
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
  /** True once nobody waits for the answer any more. */
  readonly abandoned: () => boolean;
}

export class BatchQueue<Result> {
  readonly #largest: number;
  readonly #waitMs: number;
  #waiting: Waiting<Result>[] = [];

  /** @param waitMs how long the first image of a batch may wait for more, when a thread is free; 0: not at all. */
  constructor(largest: number, waitMs: number) {
    this.#largest = largest;
    this.#waitMs = waitMs;
  }

  get length(): number {
    return this.#waiting.length;
  }

  add(image: Waiting<Result>): void {
    this.#waiting.push(image);
  }

  /** Milliseconds until a batch is due at `now`: 0 when one is, Infinity when nothing waits. */
  dueIn(now: number): number {
    const first = this.#waiting[0];
    if (first === undefined) return Infinity;
    return this.#waiting.length >= this.#largest ? 0 : Math.max(0, first.since + this.#waitMs - now);
  }

  /** Removes and returns the next batch; what nobody waits for is dropped. */
  take(): Waiting<Result>[] {
    const wanted = this.#waiting.filter((each) => !each.abandoned());
    this.#waiting = wanted.slice(this.#largest);
    return wanted.slice(0, this.#largest);
  }

  /** Removes and returns everything. */
  drain(): Waiting<Result>[] {
    return this.#waiting.splice(0);
  }
}

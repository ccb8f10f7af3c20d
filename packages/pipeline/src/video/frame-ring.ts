// A ring of frame buffers in shared memory: the decoding thread fills slots, the consumer empties them in order.

const HEADER_BYTES = 64;
const CONSUMED = 0;
const STOPPED = 1;

/** One producer and one consumer in different threads. The producer announces filled slots by message; freed ones are counted here. */
export class FrameRing {
  readonly memory: SharedArrayBuffer;
  readonly slots: number;
  readonly #slotBytes: number;
  readonly #header: Int32Array;

  private constructor(memory: SharedArrayBuffer, slots: number) {
    this.memory = memory;
    this.slots = slots;
    this.#slotBytes = (memory.byteLength - HEADER_BYTES) / slots;
    this.#header = new Int32Array(memory, 0, HEADER_BYTES / 4);
  }

  /** `slotBytes` is rounded up, so that slots start at multiples of 64 bytes. */
  static create(slots: number, slotBytes: number): FrameRing {
    const rounded = Math.ceil(slotBytes / 64) * 64;
    return new FrameRing(new SharedArrayBuffer(HEADER_BYTES + slots * rounded), slots);
  }

  static attach(memory: SharedArrayBuffer, slots: number): FrameRing {
    return new FrameRing(memory, slots);
  }

  /** The slot of the `index`-th frame. */
  slot(index: number): Buffer {
    return Buffer.from(this.memory, HEADER_BYTES + (index % this.slots) * this.#slotBytes, this.#slotBytes);
  }

  /** Producer: blocks until the slot of the `index`-th frame is free; false when the consumer has stopped. */
  waitForFree(index: number): boolean {
    for (;;) {
      if (Atomics.load(this.#header, STOPPED) !== 0) return false;
      const consumed = Atomics.load(this.#header, CONSUMED);
      if (index - consumed < this.slots) return true;
      Atomics.wait(this.#header, CONSUMED, consumed);
    }
  }

  /** Consumer: gives the oldest slot back. */
  release(): void {
    Atomics.add(this.#header, CONSUMED, 1);
    Atomics.notify(this.#header, CONSUMED);
  }

  /** Consumer: tells the producer to end, also when it waits. */
  stop(): void {
    Atomics.store(this.#header, STOPPED, 1);
    // A changed count ends the wait even if it begins just after this notification.
    this.release();
  }
}

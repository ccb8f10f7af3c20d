// A ring of frame buffers in shared memory: the decoding thread fills slots, the consumer empties them in order.
import { createSharedMemory, type SharedMemory } from '../util/wasm.ts';

/** A module that works in the same memory keeps its constants below this address. */
const START = 1024;
const HEADER_BYTES = 64;
/** Frames that the consumer has given back, and that the producer has filled. */
const CONSUMED = 0;
const READY = 1;
const STOPPED = 2;
/** Whether the producer sleeps until slots are free, and whether the consumer wants to be told of frames. */
const BLOCKED = 3;
const HUNGRY = 4;

/** What a ring is made of; either side attaches to it. */
export interface RingShape {
  /** Nothing but the ring, until others let it grow. */
  readonly memory: SharedMemory;
  readonly slots: number;
  readonly slotBytes: number;
  /** 32-bit numbers kept beside each frame. */
  readonly notes: number;
}

/** One producer and one consumer in different threads. Neither wakes the other more often than it must: a wake costs as much as a frame. */
export class FrameRing {
  readonly shape: RingShape;
  readonly #noteBytes: number;
  readonly #header: Int32Array;

  private constructor(shape: RingShape) {
    this.shape = shape;
    this.#noteBytes = roundUp(4 * shape.notes);
    this.#header = new Int32Array(shape.memory.buffer, START, HEADER_BYTES / 4);
  }

  /** @param frameBytes of the pixels of a frame @param notes 32-bit numbers beside them */
  static create(slots: number, frameBytes: number, notes: number): FrameRing {
    const slotBytes = roundUp(4 * notes) + roundUp(frameBytes);
    const memory = createSharedMemory(START + HEADER_BYTES + slots * slotBytes);
    return new FrameRing({ memory, slots, slotBytes, notes });
  }

  static attach(shape: RingShape): FrameRing {
    return new FrameRing(shape);
  }

  /** The pixels of the `index`-th frame. */
  pixels(index: number): Buffer {
    const start = this.#start(index) + this.#noteBytes;
    return Buffer.from(this.shape.memory.buffer, start, this.shape.slotBytes - this.#noteBytes);
  }

  /** The numbers beside the `index`-th frame. */
  note(index: number): Int32Array {
    return new Int32Array(this.shape.memory.buffer, this.#start(index), this.shape.notes);
  }

  #start(index: number): number {
    return START + HEADER_BYTES + (index % this.shape.slots) * this.shape.slotBytes;
  }

  /** Frames that are filled so far. */
  get ready(): number {
    return Atomics.load(this.#header, READY);
  }

  /**
   * Producer: blocks until the slot of the `index`-th frame is free, and if it has to, until half of them are; false when the
   * consumer has stopped.
   */
  waitForFree(index: number): boolean {
    for (let most = this.shape.slots - 1; ; most = this.shape.slots >> 1) {
      if (Atomics.load(this.#header, STOPPED) !== 0) return false;
      const consumed = Atomics.load(this.#header, CONSUMED);
      if (index - consumed <= most) break;
      if (Atomics.exchange(this.#header, BLOCKED, 1) === 1) Atomics.wait(this.#header, CONSUMED, consumed);
    }
    Atomics.store(this.#header, BLOCKED, 0);
    return true;
  }

  /** Producer: the next frame is filled; returns whether the consumer wants to be told. */
  announce(): boolean {
    Atomics.add(this.#header, READY, 1);
    return Atomics.exchange(this.#header, HUNGRY, 0) === 1;
  }

  /** Consumer: asks to be told of the next frame; false when one beyond `taken` is ready already. */
  askForMore(taken: number): boolean {
    Atomics.store(this.#header, HUNGRY, 1);
    return this.ready === taken;
  }

  /**
   * Consumer: waits until a frame beyond `taken` is ready.
   * @param until waits for the producer's word, over and over, until the question is answered by yes. The producer is asked anew each
   * time: the word may be of a frame that was taken before it came, and the next one would then be filled without a word.
   */
  async waitForMore(taken: number, until: (isThere: () => boolean) => Promise<void>): Promise<void> {
    await until(() => !this.askForMore(taken));
  }

  /** Consumer: gives the oldest slot back. */
  release(): void {
    const consumed = Atomics.add(this.#header, CONSUMED, 1) + 1;
    const enough = this.ready - consumed <= this.shape.slots >> 1;
    if (enough && Atomics.load(this.#header, BLOCKED) === 1) Atomics.notify(this.#header, CONSUMED);
  }

  /** Consumer: tells the producer to end, also when it waits. */
  stop(): void {
    Atomics.store(this.#header, STOPPED, 1);
    // A changed count ends the wait even if it begins just after this notification.
    Atomics.add(this.#header, CONSUMED, 1);
    Atomics.notify(this.#header, CONSUMED);
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

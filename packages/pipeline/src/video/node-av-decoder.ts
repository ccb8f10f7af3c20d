// The node-av back-end: FFmpeg inside this process, in a thread of its own.
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { SpatterError } from '../util/errors.ts';
import type { SharedMemory } from '../util/wasm.ts';
import { workerUrl } from '../util/worker.ts';
import { markedRows, type MovingColumns } from './bands.ts';
import { readNote } from './frame-note.ts';
import { FrameRing } from './frame-ring.ts';
import type { DecodeMessage, DecodeRequest } from './node-av.worker.ts';
import type { Damage, DecoderBackend, VideoInfo, VideoReader } from './reader.ts';

/** Decoding runs at most this many frames ahead. */
const SLOTS = 8;
/** Frames that `take` leaves to its caller. */
const HELD = 2;

export const nodeAvDecoder: DecoderBackend = {
  async open(path, options) {
    const reader = new ThreadedReader({ path, options, slots: SLOTS });
    await reader.opened;
    return reader;
  },
};

class ThreadedReader implements VideoReader {
  info!: VideoInfo;
  memory!: SharedMemory;
  position = 0;
  damage: Damage | null = null;
  moving: MovingColumns | null = null;
  seconds: number | null = null;
  missing = 0;
  /** Settles when the file is open or could not be opened. */
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #ring: FrameRing | undefined;
  #taken = 0;
  /** Frames that `take` gave and that stay. */
  #held = 0;
  /** Frames taken since other work of this thread had its turn. */
  #unbroken = 0;
  /** The decoder's first complaint; it may be about a frame that is not taken yet. */
  #complaint: Damage | undefined;
  /** What the decoder said at its end. */
  #end: { readonly damage: Damage | null; readonly missing: number } | undefined;
  #ended = false;
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor(request: DecodeRequest) {
    this.#worker = new Worker(workerUrl(import.meta.url, './node-av.worker.ts'), { workerData: request });
    this.#worker.on('message', (message: DecodeMessage) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#ended = true;
        this.#wake();
        resolve();
      });
    });
    this.opened = this.#waitUntil(() => this.#ring !== undefined);
  }

  async read(into: Uint8Array): Promise<boolean> {
    const next = await this.#next();
    if (next === null) return false;
    const { width, height } = this.info;
    for (const [from, to] of markedRows(next.painted, height)) {
      into.set(next.pixels.subarray(3 * width * from, 3 * width * to), 3 * width * from);
    }
    this.#ring!.release();
    return true;
  }

  async take(): Promise<Uint8Array | null> {
    if (this.#held === HELD) this.#ring!.release();
    else this.#held++;
    const { width, height } = this.info;
    return (await this.#next())?.pixels.subarray(0, 3 * width * height) ?? null;
  }

  /** The next frame in the ring; whoever is done with it releases it. */
  async #next(): Promise<{ pixels: Uint8Array; painted: ArrayLike<number> } | null> {
    await this.#waitForFrame();
    const ring = this.#ring;
    if (ring === undefined || ring.ready === this.#taken) {
      if (this.#end !== undefined) [this.damage, this.missing] = [this.#end.damage, this.#end.missing];
      return null;
    }
    const { moving, seconds, complaints, painted } = readNote(ring.note(this.#taken));
    if (complaints > 0) await this.#noteDamage(complaints);
    [this.moving, this.seconds] = [moving, seconds];
    this.position++;
    return { pixels: ring.pixels(this.#taken++), painted };
  }

  async #waitForFrame(): Promise<void> {
    if (this.#ring?.ready !== this.#taken && ++this.#unbroken < SLOTS) return;
    this.#unbroken = 0;
    if (this.#ring?.askForMore(this.#taken) !== true) await setImmediate();
    else await this.#ring.waitForMore(this.#taken, (isThere) => this.#waitUntil(isThere));
  }

  /** What is known of damage up to the frame that is taken; what comes behind it may be known already, and is not told. */
  async #noteDamage(count: number): Promise<void> {
    await this.#waitUntil(() => this.#complaint !== undefined);
    if (this.#complaint !== undefined) this.damage = { ...this.#complaint, count };
  }

  async close(): Promise<void> {
    this.#ring?.stop();
    await this.#exited;
  }

  #receive(message: DecodeMessage): void {
    if (message.kind === 'open') {
      this.info = message.info;
      this.position = message.position;
      this.memory = message.ring.memory;
      this.#ring = FrameRing.attach(message.ring);
    } else if (message.kind === 'failed') {
      this.#fail(new SpatterError(message.code, message.message, message.hint));
    } else if (message.kind === 'damage') {
      this.#complaint = message.damage;
    } else if (message.kind === 'end') {
      this.#end = message;
      this.#ended = true;
    }
    this.#wake();
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#ended = true;
    this.#wake();
  }

  async #waitUntil(done: () => boolean): Promise<void> {
    while (!done() && this.#failure === undefined && !this.#ended) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}

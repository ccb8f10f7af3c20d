// The node-av back-end: FFmpeg inside this process, in a thread of its own.
import { Worker } from 'node:worker_threads';
import { SpatterError } from '../util/errors.ts';
import { workerUrl } from '../util/worker.ts';
import { FrameRing } from './frame-ring.ts';
import type { DecodeMessage, DecodeRequest } from './node-av.worker.ts';
import type { Damage, DecoderBackend, VideoInfo, VideoReader } from './reader.ts';

/** Decoding runs at most this many frames ahead. */
const SLOTS = 16;

export const nodeAvDecoder: DecoderBackend = {
  async open(path, options) {
    const reader = new ThreadedReader({ path, options, slots: SLOTS });
    await reader.opened;
    return reader;
  },
};

class ThreadedReader implements VideoReader {
  info!: VideoInfo;
  position = 0;
  damage: Damage | null = null;
  still = false;
  missing = 0;
  /** Settles when the file is open or could not be opened. */
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #ring: FrameRing | undefined;
  #ready = 0;
  /** What was said of frames that are ready and not taken yet. */
  readonly #notes: { readonly still: boolean; readonly painted: boolean }[] = [];
  #taken = 0;
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
    if (this.#taken === this.#ready) await this.#waitUntil(() => this.#taken < this.#ready || this.#ended);
    if (this.#taken === this.#ready || this.#ring === undefined) return false;
    const bytes = this.info.width * this.info.height * 3;
    const { still, painted } = this.#notes.shift()!;
    if (painted) into.set(this.#ring.slot(this.#taken).subarray(0, bytes));
    this.still = still;
    this.#ring.release();
    this.#taken++;
    this.position++;
    return true;
  }

  async close(): Promise<void> {
    this.#ring?.stop();
    await this.#exited;
  }

  #receive(message: DecodeMessage): void {
    if (message.kind === 'open') {
      this.info = message.info;
      this.position = message.position;
      this.#ring = FrameRing.attach(message.memory, message.slots);
    } else if (message.kind === 'failed') {
      this.#fail(new SpatterError(message.code, message.message, message.hint));
    } else {
      if (message.kind === 'frame') {
        this.#notes.push(message);
        this.#ready++;
      } else {
        this.#ended = true;
        this.missing = message.missing;
      }
      this.damage = message.damage;
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

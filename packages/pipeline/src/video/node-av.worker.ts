// The decoding thread: fills the ring with frames as fast as the consumer frees slots.
import { parentPort, workerData } from 'node:worker_threads';
import { SpatterError, type ErrorCode } from '../util/errors.ts';
import { bandsOf, bandsWithin, markedRows, type MovingColumns } from './bands.ts';
import { noteLength, writeNote, type FrameNote } from './frame-note.ts';
import { FrameRing, type RingShape } from './frame-ring.ts';
import { FRAME_PADDING, HeldFrames } from './held-frames.ts';
import { MotionWatch } from './moving.ts';
import { NodeAvFrames } from './node-av-frames.ts';
import { loadNodeAv, type NodeAv } from './node-av.ts';
import type { Damage, OpenOptions, VideoInfo } from './reader.ts';

export interface DecodeRequest {
  readonly path: string;
  readonly options: OpenOptions;
  readonly slots: number;
}

/** What the thread tells its owner: open, then any of frames and damage, then end; or failed. */
export type DecodeMessage =
  | { readonly kind: 'open'; readonly info: VideoInfo; readonly position: number; readonly ring: RingShape }
  /** There are frames, and the owner wanted to know. */
  | { readonly kind: 'frames' }
  /** The first complaint; how many there are stands beside each frame. */
  | { readonly kind: 'damage'; readonly damage: Damage }
  | { readonly kind: 'end'; readonly damage: Damage | null; readonly missing: number }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly hint: string };

/** Bytes of frames kept ready; more only costs memory. */
const RING_BYTES = 32 << 20;
/** Two that the consumer keeps, and two that alternate. */
const FEWEST_SLOTS = 4;

function send(message: DecodeMessage): void {
  parentPort?.postMessage(message);
}

async function decode(request: DecodeRequest): Promise<void> {
  const av = await loadNodeAv();
  const frames = new NodeAvFrames(av, request.path, request.options);
  const { info, position } = frames;
  const bytes = info.width * info.height * 3 + FRAME_PADDING;
  const slots = Math.min(request.slots, Math.max(FEWEST_SLOTS, Math.floor(RING_BYTES / bytes)));
  const ring = FrameRing.create(slots, bytes, noteLength(info.height));
  send({ kind: 'open', info, position, ring: ring.shape });
  new Delivery(av, frames, ring, request.options).run();
  send({ kind: 'end', damage: frames.damage, missing: frames.missing });
  frames.close();
}

/** A frame is coloured when the next one is decoded: only then it is known which of its rows will be looked at. */
class Delivery {
  readonly #frames: NodeAvFrames;
  readonly #ring: FrameRing;
  readonly #held: HeldFrames;
  readonly #watch: MotionWatch | undefined;
  readonly #reach: number;
  #complained = false;

  constructor(av: NodeAv, frames: NodeAvFrames, ring: FrameRing, { still }: OpenOptions) {
    const { width, height } = frames.info;
    this.#frames = frames;
    this.#ring = ring;
    this.#held = new HeldFrames(av, { width, height });
    this.#watch = still && new MotionWatch(width, height, still);
    this.#reach = still?.reach ?? 0;
  }

  run(): void {
    const nothing = this.#watch && new Uint16Array(2 * bandsOf(this.#frames.info.height));
    let before: MovingColumns | null = nothing ?? null;
    let [index, complaints, wanted] = [0, 0, true];
    let seconds: number | null = null;
    for (; wanted && this.#frames.next(); index++) {
      this.#held.hold(index, this.#frames.frame);
      const after = this.#watch?.next(() => this.#held.planes(index)) ?? null;
      if (index > 0) {
        wanted = this.#deliver(index - 1, { complaints, seconds }, before, after);
        before = after;
      }
      complaints = this.#frames.damage?.count ?? 0;
      seconds = this.#frames.seconds;
    }
    if (wanted && index > 0) this.#deliver(index - 1, { complaints, seconds }, before, nothing ?? null);
    this.#held.close();
  }

  /**
   * @param before, after  where the frame differs from its neighbours
   * @returns false when nobody wants more
   */
  #deliver(
    index: number,
    { complaints, seconds }: Pick<FrameNote, 'complaints' | 'seconds'>,
    before: MovingColumns | null,
    after: MovingColumns | null,
  ): boolean {
    if (!this.#ring.waitForFree(index)) return false;
    const painted = this.#paint(index, before, after);
    writeNote(this.#ring.note(index), { moving: before, seconds, complaints, painted });
    const { damage } = this.#frames;
    if (complaints > 0 && !this.#complained && damage !== null) send({ kind: 'damage', damage });
    this.#complained = complaints > 0;
    if (this.#ring.announce()) send({ kind: 'frames' });
    return true;
  }

  /** @returns 1 for each band that was filled */
  #paint(index: number, before: MovingColumns | null, after: MovingColumns | null): Uint8Array {
    const pixels = this.#ring.pixels(index);
    const { height } = this.#frames.info;
    const planes = before === null || after === null ? null : this.#held.planes(index);
    if (before === null || after === null || planes === null) {
      this.#held.paint(index, pixels);
      return new Uint8Array(bandsOf(height)).fill(1);
    }
    const later = bandsWithin(after, this.#reach);
    const marks = bandsWithin(before, this.#reach).map((mark, band) => mark | later[band]!);
    for (const [from, to] of markedRows(marks, height)) this.#held.paintRows(planes, pixels, from, to);
    return marks;
  }
}

try {
  await decode(workerData as DecodeRequest);
} catch (error) {
  if (!(error instanceof SpatterError)) throw error;
  send({ kind: 'failed', code: error.code, message: error.message, hint: error.hint });
}

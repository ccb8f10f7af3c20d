// The decoding thread: fills the ring with frames as fast as the consumer frees slots.
import { parentPort, workerData } from 'node:worker_threads';
import { SpatterError, type ErrorCode } from '../util/errors.ts';
import { FrameRing } from './frame-ring.ts';
import { FRAME_PADDING, NodeAvFrames } from './node-av-frames.ts';
import { loadNodeAv } from './node-av.ts';
import type { Damage, OpenOptions, StillRule, VideoInfo } from './reader.ts';
import { PlanePair } from './still.ts';

export interface DecodeRequest {
  readonly path: string;
  readonly options: OpenOptions;
  readonly slots: number;
}

/** What the thread tells its owner, in this order: open, frame…, end; or failed. */
export type DecodeMessage =
  | {
      readonly kind: 'open';
      readonly info: VideoInfo;
      readonly position: number;
      readonly memory: SharedArrayBuffer;
      readonly slots: number;
    }
  | {
      readonly kind: 'frame';
      readonly damage: Damage | null;
      readonly still: boolean;
      readonly painted: boolean;
    }
  | { readonly kind: 'end'; readonly damage: Damage | null; readonly missing: number }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string; readonly hint: string };

/** Bytes of frames kept ready; more only costs memory. */
const RING_BYTES = 32 << 20;

function send(message: DecodeMessage): void {
  parentPort?.postMessage(message);
}

async function decode(request: DecodeRequest): Promise<void> {
  const frames = new NodeAvFrames(await loadNodeAv(), request.path, request.options);
  const bytes = frames.info.width * frames.info.height * 3 + FRAME_PADDING;
  const slots = Math.min(request.slots, Math.max(2, Math.floor(RING_BYTES / bytes)));
  const ring = FrameRing.create(slots, bytes);
  send({ kind: 'open', info: frames.info, position: frames.position, memory: ring.memory, slots });
  const { still } = request.options;
  if (still === undefined) deliverAll(frames, ring);
  else deliverMoving(frames, ring, still);
  send({ kind: 'end', damage: frames.damage, missing: frames.missing });
  frames.close();
}

function deliverAll(frames: NodeAvFrames, ring: FrameRing): void {
  for (let index = 0; ring.waitForFree(index) && frames.next(); index++) {
    frames.paint(ring.slot(index));
    send({ kind: 'frame', damage: frames.damage, still: false, painted: true });
  }
}

/** Pairs left unexamined, at most, after one that moved. */
const LONGEST_PAUSE = 16;

/**
 * Paints a frame only if it may differ from one of its neighbours, so each is announced when the next one is decoded. Where
 * pairs move, looking costs more than it saves: after each, the next are taken as moving for a while that doubles.
 */
function deliverMoving(frames: NodeAvFrames, ring: FrameRing, rule: StillRule): void {
  const pair = new PlanePair(frames.info.width, frames.info.height, rule);
  let last: { still: boolean; painted: boolean } | undefined;
  let [pause, wait] = [0, 0];
  const announce = () => last && send({ kind: 'frame', damage: frames.damage, ...last });
  for (let index = 0; ring.waitForFree(index) && frames.next(); index++) {
    const held = pair.hold(index, wait-- > 0 ? null : frames.planes());
    const still = pair.still();
    if (pair.full) [pause, wait] = still ? [0, 0] : [Math.min(LONGEST_PAUSE, 2 * pause + 1), pause];
    if (!still && last?.painted === false) {
      frames.paint(ring.slot(index - 1), pair.planes(index - 1));
      last.painted = true;
    }
    announce();
    // A frame that is not held could not be painted later.
    const painted = !still && (index > 0 || !held);
    if (painted) frames.paint(ring.slot(index), held ? pair.planes(index) : undefined);
    last = { still, painted };
  }
  announce();
}

try {
  await decode(workerData as DecodeRequest);
} catch (error) {
  if (!(error instanceof SpatterError)) throw error;
  send({ kind: 'failed', code: error.code, message: error.message, hint: error.hint });
}

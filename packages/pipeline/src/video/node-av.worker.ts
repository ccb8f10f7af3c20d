// The decoding thread: fills the ring with frames as fast as the consumer frees slots.
import { parentPort, workerData } from 'node:worker_threads';
import { SpatterError, type ErrorCode } from '../util/errors.ts';
import { FrameRing } from './frame-ring.ts';
import { FRAME_PADDING, NodeAvFrames } from './node-av-frames.ts';
import { loadNodeAv } from './node-av.ts';
import type { Damage, OpenOptions, VideoInfo } from './reader.ts';

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
  | { readonly kind: 'frame'; readonly damage: Damage | null }
  | { readonly kind: 'end'; readonly damage: Damage | null }
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
  let index = 0;
  while (ring.waitForFree(index) && frames.next(ring.slot(index))) {
    index++;
    send({ kind: 'frame', damage: frames.damage });
  }
  send({ kind: 'end', damage: frames.damage });
  frames.close();
}

try {
  await decode(workerData as DecodeRequest);
} catch (error) {
  if (!(error instanceof SpatterError)) throw error;
  send({ kind: 'failed', code: error.code, message: error.message, hint: error.hint });
}

// Streams an uploaded video to a file, within bounds, after a look at its first bytes.
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Limits } from '../limits.ts';
import { Problem } from '../problem.ts';

type Bounds = Pick<Limits, 'videoBytes' | 'uploadMs' | 'uploadGapMs'>;

/** Bytes that tell a container. */
const HEAD = 12;

/**
 * Whether `head` begins an MP4 or MOV, AVI, Matroska or WebM, or MPEG transport stream. Nothing else reaches FFmpeg: it also
 * plays text files that name other files and addresses.
 */
export function isVideoContainer(head: Uint8Array): boolean {
  const text = (from: number, to: number) => Buffer.from(head.subarray(from, to)).toString('latin1');
  if (['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip'].includes(text(4, 8))) return true;
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'AVI ') return true;
  return text(0, 4) === '\u001aE\u00df\u00a3' || head[0] === 0x47;
}

/** Passes bytes on; fails on too many, on too long a gap, and on what is no video. */
function guard({ videoBytes, uploadGapMs }: Bounds, fail: (problem: Problem) => void): Transform {
  let length = 0;
  let head = Buffer.alloc(0);
  const gap = () =>
    fail(new Problem('body-too-slow', `${uploadGapMs / 1000} s passed without a byte of the video`));
  let timer = setTimeout(gap, uploadGapMs);
  const checkHead = (chunk: Buffer): Problem | null => {
    if (head.length >= HEAD) return null;
    head = Buffer.concat([head, chunk.subarray(0, HEAD)]);
    return head.length < HEAD || isVideoContainer(head) ? null : notAVideo();
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      clearTimeout(timer);
      timer = setTimeout(gap, uploadGapMs);
      length += chunk.length;
      const problem = length > videoBytes ? tooLarge(videoBytes) : checkHead(chunk);
      callback(problem, chunk);
    },
    flush(callback) {
      callback(head.length < HEAD ? notAVideo() : null);
    },
    destroy(error, callback) {
      clearTimeout(timer);
      callback(error);
    },
  });
}

const tooLarge = (most: number): Problem => new Problem('body-too-large', `a video may have ${most} bytes`);

const notAVideo = (): Problem =>
  new Problem('unsupported-media-type', 'the body must be an MP4, MOV, AVI, Matroska, WebM or MPEG-TS file');

/**
 * Writes the body to `path`; resolves to its length.
 * @throws {Problem} body-too-large, body-too-slow, unsupported-media-type, malformed-request when the client hangs up.
 */
export async function receiveVideo(request: Request, path: string, bounds: Bounds): Promise<number> {
  const abort = new AbortController();
  const fail = (problem: Problem) => abort.abort(problem);
  const whole = setTimeout(() => fail(tooSlow(bounds.uploadMs)), bounds.uploadMs);
  const file = createWriteStream(path, { flags: 'wx' });
  try {
    const body = request.body === null ? Readable.from([]) : Readable.fromWeb(request.body as never);
    await pipeline(body, guard(bounds, fail), file, { signal: abort.signal });
    return file.bytesWritten;
  } catch (error) {
    throw problemOf(error, abort.signal);
  } finally {
    clearTimeout(whole);
  }
}

const tooSlow = (ms: number): Problem =>
  new Problem('body-too-slow', `a video must arrive within ${ms / 1000} s`);

function problemOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof Problem || (error instanceof Error && 'syscall' in error)) return error;
  return new Problem('malformed-request', 'the video ended before it was whole', { connection: 'close' });
}

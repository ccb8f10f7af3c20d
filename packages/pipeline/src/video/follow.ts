// A video file that is still being written, given to the decoder through a socket that ends when the file has ceased to grow.
import { closeSync, mkdtempSync, openSync, read, readSync, rmSync, statSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fromSystemError, SpatterError } from '../util/errors.ts';

export interface FollowOptions {
  /** Milliseconds without a new byte after which the recording counts as ended. */
  readonly idleMs: number;
  /** Asked now and then; once true, nothing more is read. */
  readonly stopped: () => boolean;
}

export interface FollowedFile {
  /** What FFmpeg opens instead of the file; each time it is opened, it gives the file from its first byte on. */
  readonly url: string;
  /** Safe to call twice. */
  close(): void;
}

/** Bytes read at a time, and milliseconds between looks at a file that has not grown. */
const BLOCK = 1 << 18;
const LOOK_MS = 50;

/**
 * Serves `path` to this user's processes. The reader sees the end of the file when it has not grown for a while, or when it is told to stop.
 * @throws {SpatterError} FILE_NOT_FOUND; NOT_A_VIDEO for a file that no decoder can read before it is finished; USAGE on Windows.
 */
export async function followFile(path: string, options: FollowOptions): Promise<FollowedFile> {
  requireFollowable(path);
  const folder = mkdtempSync(join(tmpdir(), 'spatter-follow-'));
  const address = join(folder, 'video');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // A reader that goes away ends the tail by destroying the socket; there is nobody left to tell.
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    void tail(path, socket, options).catch((error: unknown) => socket.destroy(error as Error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(address, resolve);
  });
  const close = () => {
    process.off('exit', close);
    server.close();
    for (const socket of sockets) socket.destroy();
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', close);
  return { url: `unix:${address}`, close };
}

/** Copies `path` into `socket` as it grows. */
async function tail(path: string, socket: Socket, { idleMs, stopped }: FollowOptions): Promise<void> {
  const file = openSync(path, 'r');
  try {
    let position = 0;
    for (let idle = 0; idle < idleMs && !stopped() && !socket.destroyed;) {
      const block = await readBlock(file, position);
      position += block.length;
      if (block.length > 0) await send(socket, block);
      else await wait(LOOK_MS);
      idle = block.length > 0 ? 0 : idle + LOOK_MS;
    }
    socket.end();
  } finally {
    closeSync(file);
  }
}

async function readBlock(file: number, position: number): Promise<Buffer> {
  const { bytesRead, buffer } = await promisify(read)(file, Buffer.allocUnsafe(BLOCK), 0, BLOCK, position);
  return buffer.subarray(0, bytesRead);
}

/** Waits until there is room again, or nobody reads any more. */
async function send(socket: Socket, block: Buffer): Promise<void> {
  if (socket.write(block)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.once('drain', done).once('close', done);
  });
}

/** @throws {SpatterError} as {@link followFile}. */
function requireFollowable(path: string): void {
  if (process.platform === 'win32')
    throw new SpatterError(
      'USAGE',
      '--follow needs Linux or macOS',
      'judge the recording when it is finished',
    );
  if (!hasLateIndex(path)) return;
  const message = `${path} must be in a container that can be read while it grows, but this MP4 gets its index when it is finished`;
  throw new SpatterError('NOT_A_VIDEO', message, HINT);
}

const HINT =
  'record MPEG-TS, Matroska, AVI, FLV, raw H.264 or fragmented MP4 (-movflags frag_keyframe+empty_moov), or judge it when it is finished';

/** Whether `path` is an MP4 file (ISO/IEC 14496-12) whose frames come before their index. */
function hasLateIndex(path: string): boolean {
  const boxes = leadingBoxes(path);
  const [first, second] = [boxes.indexOf('mdat'), boxes.indexOf('moov')];
  return boxes[0] === 'ftyp' && first >= 0 && (second < 0 || first < second);
}

/** Types of the boxes at the top of `path` up to the first that holds frames or their index. */
function leadingBoxes(path: string): string[] {
  const types: string[] = [];
  try {
    const { size } = statSync(path);
    const file = openSync(path, 'r');
    const head = Buffer.alloc(8);
    for (let at = 0; at + 8 <= size && types.length < 16;) {
      readSync(file, head, 0, 8, at);
      types.push(head.toString('latin1', 4, 8));
      const length = head.readUInt32BE(0);
      if (length < 8 || ['mdat', 'moov', 'moof'].includes(types.at(-1)!)) break;
      at += length;
    }
    closeSync(file);
  } catch (error) {
    throw fromSystemError(error, path);
  }
  return types;
}

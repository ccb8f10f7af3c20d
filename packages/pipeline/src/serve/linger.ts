// Ends a connection whose client still sends without taking the answer from it. Closing a socket with unread bytes makes the system
// send a reset, and a reset throws away what the client has not read yet: so the end is announced first, and for a while what comes
// is read and thrown away ("lingering close", as nginx has it).
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface LingerBounds {
  /** In all, milliseconds. */
  readonly ms: number;
  /** Without a byte, milliseconds. */
  readonly gapMs: number;
  readonly bytes: number;
}

const last = new WeakMap<Socket, IncomingMessage>();
const lingering = new WeakSet<Socket>();

/** Remembers the request that `incoming`'s connection answers now. */
export function noteRequest(incoming: IncomingMessage): void {
  last.set(incoming.socket, incoming);
}

/** Whether the connection was answered for good: what still comes is nobody's business. */
export function isLingering(socket: Socket): boolean {
  return lingering.has(socket);
}

/**
 * Makes every connection of `server` that Node would close behind its last answer linger where the request has not come whole.
 * Node calls `destroySoon` for that.
 */
export function lingerBehindAnswers(server: Server, bounds: LingerBounds): void {
  server.on('connection', (socket: Socket) => {
    const close = socket.destroySoon.bind(socket);
    socket.destroySoon = () => {
      const incoming = last.get(socket);
      if (incoming === undefined || incoming.complete) {
        close();
        return;
      }
      incoming.resume();
      incoming.once('end', close);
      linger(socket, bounds);
    };
  });
}

/** Sends the end after what is written, reads on within `bounds`, then closes. */
export function linger(socket: Socket, { ms, gapMs, bytes }: LingerBounds): void {
  if (lingering.has(socket)) return;
  lingering.add(socket);
  socket.end();
  const begun = socket.bytesRead;
  let before = begun;
  let [passed, quiet] = [0, 0];
  const step = Math.min(gapMs, ms) / 4;
  const watch = setInterval(() => {
    const now = socket.bytesRead;
    quiet = now === before ? quiet + step : 0;
    before = now;
    passed += step;
    if (passed >= ms || quiet >= gapMs || now - begun > bytes) socket.destroy();
  }, step);
  socket.once('close', () => clearInterval(watch));
}

/**
 * Bounds what an answered request may still send on a connection that could go on: Node would throw it away to its end, which may
 * be terabytes off. What has not come `ms` after the answer is not waited for.
 */
export function closeUnlessRead(incoming: IncomingMessage, outgoing: ServerResponse, ms: number): void {
  if (incoming.complete) return;
  outgoing.once('finish', () => {
    const timer = setTimeout(() => {
      if (!incoming.complete) incoming.socket.destroySoon();
    }, ms);
    incoming.once('close', () => clearTimeout(timer));
  });
}

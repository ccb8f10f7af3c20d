// A closed-loop HTTP/1.1 client: each connection sends its next request when the answer came. Light, and the same for both sides.
import { connect, type Socket } from 'node:net';

export interface Load {
  readonly port: number;
  /** Whole requests, head and body, sent in turn. */
  readonly requests: readonly Uint8Array[];
  readonly connections: number;
  readonly seconds: number;
}

export interface Measured {
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly answers: number;
  /** Answers other than 200. */
  readonly failures: number;
}

/** A POST of `body` as a client that keeps its connection sends it. */
export function postRequest(path: string, type: string, body: Uint8Array): Uint8Array {
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Where the first answer in `data` ends, or 0 while it is not whole. */
function answerEnd(data: Buffer): number {
  const head = data.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const length = Number(/content-length: (\d+)/i.exec(data.toString('latin1', 0, head))?.[1] ?? 0);
  return data.length >= head + 4 + length ? head + 4 + length : 0;
}

/** Runs one connection until `until`; calls `done` with the milliseconds and status of every answer. */
function runConnection(load: Load, from: number, until: number, done: (ms: number, ok: boolean) => void) {
  return new Promise<void>((resolve, reject) => {
    const socket: Socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true });
    let [next, sent] = [from, 0];
    let pending = Buffer.alloc(0);
    const send = () => {
      sent = performance.now();
      socket.write(load.requests[next++ % load.requests.length]!);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (data) => {
      pending = pending.length === 0 ? data : Buffer.concat([pending, data]);
      const end = answerEnd(pending);
      if (end === 0) return;
      const now = performance.now();
      done(now - sent, pending.toString('latin1', 9, 12) === '200');
      pending = pending.subarray(end);
      if (now < until) send();
      else socket.end();
    });
  });
}

/** Loads the server for `seconds`. */
export async function loadServer(load: Load): Promise<Measured> {
  const times: number[] = [];
  let failures = 0;
  const begun = performance.now();
  const until = begun + load.seconds * 1000;
  await Promise.all(
    Array.from({ length: load.connections }, (_, i) =>
      runConnection(load, i * 17, until, (ms, ok) => {
        times.push(ms);
        if (!ok) failures++;
      }),
    ),
  );
  const seconds = (performance.now() - begun) / 1000;
  times.sort((a, b) => a - b);
  const at = (q: number) => times[Math.min(times.length - 1, Math.floor(q * times.length))]!;
  return { rate: times.length / seconds, p50: at(0.5), p99: at(0.99), answers: times.length, failures };
}

/** The body of one answer to `request`. */
export function askOnce(port: number, request: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(request));
    let pending = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('data', (data) => {
      pending = Buffer.concat([pending, data]);
      const end = answerEnd(pending);
      if (end === 0) return;
      socket.destroy();
      resolve(pending.toString('utf8', pending.indexOf('\r\n\r\n') + 4, end));
    });
  });
}

// The HTTP server around the app: limits that only a socket knows, and an end that lets requests under way finish.
import { createServer, STATUS_CODES, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { SpatterError } from '../util/errors.ts';
import type { DirectAnswer } from './direct.ts';
import { isLingering, linger, lingerBehindAnswers, noteRequest, type LingerBounds } from './linger.ts';
import type { Limits } from './limits.ts';
import { Problem, problemBody, type ProblemKind } from './problem.ts';

export interface Listening {
  /** Such as `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly port: number;
  /** Takes no more connections, lets requests under way finish for at most `graceMs`, then closes what is left. */
  readonly close: (graceMs: number) => Promise<void>;
}

export interface ListenOptions {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Asked before `fetch`. */
  readonly direct: DirectAnswer;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly limits: Limits;
}

/** @throws {SpatterError} PORT_TAKEN or IO. */
export async function listen({ fetch, direct, host, port, limits }: ListenOptions): Promise<Listening> {
  const byApp = getRequestListener(fetch);
  const server = createServer(serverOptions(limits), (incoming, outgoing) => {
    noteRequest(incoming);
    if (!direct(incoming, outgoing)) void byApp(incoming, outgoing);
  });
  server.maxConnections = limits.connections;
  const bounds = lingerBounds(limits);
  lingerBehindAnswers(server, bounds);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    answerClientError(error, socket, bounds),
  );
  await bind(server, host, port);
  const bound = (server.address() as AddressInfo).port;
  const shown = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${shown}:${bound}`, port: bound, close: (graceMs) => closeGently(server, graceMs) };
}

/** `requestTimeout` must allow the longest upload; the routes have their own, shorter times for bodies. */
function serverOptions(limits: Limits): ServerOptions {
  return {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.uploadMs + limits.headersMs,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: 1000,
  };
}

/** A client that sends a body of twice the limit still gets to read why it was refused. */
function lingerBounds({ bodyBytes, lingerMs, lingerGapMs }: Limits): LingerBounds {
  return { ms: lingerMs, gapMs: lingerGapMs, bytes: 8 * bodyBytes };
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen(port, host, resolve);
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): SpatterError {
  const hint =
    error.code === 'EADDRINUSE' ? 'choose another --port, or stop what uses it' : 'check --host and --port';
  return new SpatterError('CANNOT_LISTEN', `cannot listen on ${host}:${port}: ${error.message}`, hint);
}

const CLIENT_ERRORS: Record<string, readonly [ProblemKind, string]> = {
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'the headers exceed what the server takes'],
  ERR_HTTP_REQUEST_TIMEOUT: ['body-too-slow', 'the request did not arrive in time'],
};

/** What is no HTTP gets an answer where the socket still takes one, and then the end of the connection. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket, bounds: LingerBounds): void {
  if (isLingering(socket)) return;
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [kind, detail] = CLIENT_ERRORS[error.code ?? ''] ?? [
    'malformed-request',
    'what arrived is not HTTP/1.1',
  ];
  const problem = new Problem(kind, detail);
  const body = JSON.stringify(problemBody(problem));
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  linger(socket, bounds);
}

async function closeGently(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const force = setTimeout(() => server.closeAllConnections(), graceMs);
  // A keep-alive connection that finishes a request while we wait is idle then.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  await closed;
  clearTimeout(force);
  clearInterval(sweep);
}

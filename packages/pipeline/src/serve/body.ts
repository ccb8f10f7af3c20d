// Reads a request's body within bounds of size and time, from Hono's request or from Node's.
import type { IncomingMessage } from 'node:http';
import { inTime } from './deadline.ts';
import { Problem } from './problem.ts';

export interface BodyBounds {
  readonly bytes: number;
  readonly ms: number;
}

/** The value of a header by its name in lower case; null where the request has none. */
export type HeaderOf = (name: string) => string | null;

export function headersOf({ headers }: Request): HeaderOf {
  return (name) => headers.get(name);
}

/** The length that the request declares, or null for one sent in chunks. @throws {Problem} body-too-large, unsupported-media-type. */
export function declaredLength(header: HeaderOf, most: number): number | null {
  const encoding = header('content-encoding');
  if (encoding !== null && encoding !== 'identity') {
    throw new Problem(
      'unsupported-media-type',
      `the body must not be compressed, got content-encoding ${encoding}`,
    );
  }
  const text = header('content-length');
  if (text === null) return null;
  const length = Number(text);
  if (length > most) throw tooLarge(most, `${text} bytes`);
  return length;
}

const tooLarge = (most: number, got: string): Problem =>
  new Problem('body-too-large', `the body may have ${most} bytes, got ${got}`);

/**
 * The whole body.
 * @throws {Problem} body-too-large, body-too-slow, malformed-request when the client hangs up in the middle.
 */
export function readBody(request: Request, bounds: BodyBounds): Promise<Uint8Array> {
  const declared = declaredLength(headersOf(request), bounds.bytes);
  return within(bounds.ms, () =>
    declared === null ? readChunks(request, bounds.bytes) : readWhole(request),
  );
}

/** {@link readBody} of Node's request. */
export function readIncoming(incoming: IncomingMessage, bounds: BodyBounds): Promise<Uint8Array> {
  return within(bounds.ms, () => collect(incoming, bounds.bytes));
}

async function readWhole(request: Request): Promise<Uint8Array> {
  return new Uint8Array(await request.arrayBuffer());
}

async function readChunks({ body }: Request, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > most) throw tooLarge(most, 'more');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Rejects as soon as it is too large; what still comes is left to the connection. */
function collect(incoming: IncomingMessage, most: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= most) chunks.push(chunk);
      else reject(tooLarge(most, 'more'));
    });
    incoming.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    incoming.on('error', reject);
    incoming.on('close', () => {
      if (!incoming.complete) reject(new Error('the connection ended'));
    });
  });
}

/** A failure to read means that the client went away. */
async function within(ms: number, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await inTime(ms, () => tooSlow(ms), read);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('malformed-request', 'the body ended before it was whole', { connection: 'close' });
  }
}

const tooSlow = (ms: number): Problem =>
  new Problem('body-too-slow', `the body must arrive within ${ms / 1000} s`);

// Reads a request's body within bounds of size and time.
import { Problem } from './problem.ts';

export interface BodyBounds {
  readonly bytes: number;
  readonly ms: number;
}

/** The length that the request declares, or null for one sent in chunks. @throws {Problem} body-too-large, unsupported-media-type. */
export function declaredLength(request: Request, most: number): number | null {
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity') {
    throw new Problem(
      'unsupported-media-type',
      `the body must not be compressed, got content-encoding ${encoding}`,
    );
  }
  const header = request.headers.get('content-length');
  if (header === null) return null;
  const length = Number(header);
  if (length > most) throw tooLarge(most, `${header} bytes`);
  return length;
}

const tooLarge = (most: number, got: string): Problem =>
  new Problem('body-too-large', `the body may have ${most} bytes, got ${got}`);

/**
 * The whole body.
 * @throws {Problem} body-too-large, body-too-slow, malformed-request when the client hangs up in the middle.
 */
export async function readBody(request: Request, bounds: BodyBounds): Promise<Uint8Array> {
  const declared = declaredLength(request, bounds.bytes);
  const reading = declared === null ? readChunks(request, bounds.bytes) : readWhole(request);
  return await within(reading, bounds.ms);
}

async function readWhole(request: Request): Promise<Uint8Array> {
  return new Uint8Array(await request.arrayBuffer());
}

/** What is too large is read on for a while and thrown away: a client that still sends would not see the answer. */
const LINGER = 2;

async function readChunks({ body }: Request, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length <= most) chunks.push(chunk);
    else chunks.length = 0;
    if (length > LINGER * most) break;
  }
  if (length > most) throw tooLarge(most, 'more');
  return Buffer.concat(chunks);
}

/** `reading`, or body-too-slow after `ms`; a failure to read means that the client went away. */
async function within(reading: Promise<Uint8Array>, ms: number): Promise<Uint8Array> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const problem = new Problem('body-too-slow', `the body must arrive within ${ms / 1000} s`);
    timer = setTimeout(() => reject(problem), ms);
  });
  try {
    return await Promise.race([reading, late]);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('malformed-request', 'the body ended before it was whole', { connection: 'close' });
  } finally {
    clearTimeout(timer);
  }
}

// Parses a multipart/form-data body that is in memory already (RFC 7578, RFC 2046 section 5.1).
import { Problem } from './problem.ts';

export interface Part {
  readonly name: string;
  /** Null for a field that is no file. */
  readonly fileName: string | null;
  readonly data: Uint8Array;
}

/** Longest header block of one part, bytes. */
const MAX_HEADER = 4096;

/** @throws {Problem} malformed-request; body-too-large for more than `most` parts. */
export function parseMultipart(body: Uint8Array, contentType: string, most: number): Part[] {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const boundary = boundaryOf(contentType);
  const parts: Part[] = [];
  for (let at = firstPart(buffer, boundary); at !== null;) {
    if (parts.length === most) throw new Problem('body-too-large', `a form may have ${most} parts, got more`);
    const end = buffer.indexOf(`\r\n--${boundary}`, at, 'latin1');
    if (end < 0) throw malformed('its last boundary is missing');
    parts.push(parsePart(buffer.subarray(at, end)));
    at = nextPart(buffer, end + 4 + boundary.length);
  }
  return parts;
}

const malformed = (what: string): Problem =>
  new Problem(
    'malformed-request',
    `the body must be multipart/form-data as its content-type says, but ${what}`,
  );

function boundaryOf(contentType: string): string {
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;",]{1,70}))\s*(?:;|$)/i.exec(contentType);
  if (match === null) throw malformed('the content-type names no boundary');
  return (match[1] ?? match[2])!;
}

/** Position behind the first boundary line, or null where the form is empty. What stands before it is ignored. */
function firstPart(buffer: Buffer, boundary: string): number | null {
  const delimiter = `--${boundary}`;
  if (buffer.indexOf(delimiter, 0, 'latin1') === 0) return nextPart(buffer, delimiter.length);
  const at = buffer.indexOf(`\r\n${delimiter}`, 0, 'latin1');
  if (at < 0) throw malformed('it does not hold its boundary');
  return nextPart(buffer, at + 2 + delimiter.length);
}

/** Behind a boundary: a line end begins a part, `--` ends the form. */
function nextPart(buffer: Buffer, at: number): number | null {
  if (buffer.toString('latin1', at, at + 2) === '--') return null;
  const line = /^[ \t]*\r\n/.exec(buffer.toString('latin1', at, at + 64));
  if (line === null) throw malformed('a boundary is followed by neither a line end nor --');
  return at + line[0].length;
}

function parsePart(part: Buffer): Part {
  // A part without headers begins with the empty line.
  const end = part.indexOf('\r\n\r\n', 0, 'latin1');
  if (end < 0 || end > MAX_HEADER) throw malformed('a part has no end of its headers');
  const disposition = /^content-disposition:[ \t]*form-data(;.*)$/im.exec(part.toString('utf8', 0, end));
  const name = disposition === null ? undefined : parameter(disposition[1]!, 'name');
  if (name === undefined) throw malformed('a part has no name');
  return { name, fileName: parameter(disposition![1]!, 'filename') ?? null, data: part.subarray(end + 4) };
}

function parameter(text: string, name: string): string | undefined {
  return new RegExp(`;\\s*${name}="((?:[^"\\\\]|\\\\.)*)"`, 'i').exec(text)?.[1];
}

// Bearer tokens: made at random, kept only as SHA-256, compared in constant time.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { SpatterError } from '../util/errors.ts';
import { readText } from '../util/read-file.ts';

/** What a token may do: `predict`, or also reload the model. */
export type Scope = 'predict' | 'admin';

export interface TokenEntry {
  readonly name: string;
  readonly scope: Scope;
  readonly sha256: Buffer;
}

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

/**
 * A new token of 256 random bits and its line for the token file. So many bits cannot be guessed from their hash, so no slow
 * hash is needed.
 * @throws {SpatterError} USAGE for a name that would not fit into the line.
 */
export function makeToken(name: string, scope: Scope): { readonly token: string; readonly line: string } {
  if (!/^[\w.-]{1,64}$/.test(name)) {
    const message = `a token's name must be 1 to 64 letters, digits, dots or dashes, got ${JSON.stringify(name)}`;
    throw new SpatterError('USAGE', message, 'choose another name');
  }
  const token = `spt_${randomBytes(32).toString('base64url')}`;
  return { token, line: `${name} ${scope} sha256:${digest(token).toString('hex')}` };
}

/** @throws {SpatterError} FILE_NOT_FOUND or IO, TOKENS_INVALID. */
export function readTokenFile(path: string): TokenEntry[] {
  const lines = readText(path)
    .split('\n')
    .map((line, i) => [line.trim(), i + 1] as const);
  const entries = lines.flatMap(([line, at]) => (/^(#|$)/.test(line) ? [] : [parseLine(line, path, at)]));
  const twice = entries.find(({ name }, i) => entries.findIndex((other) => other.name === name) < i);
  if (twice !== undefined) throw invalid(path, `names must differ, but ${twice.name} stands twice`);
  return entries;
}

function parseLine(line: string, path: string, at: number): TokenEntry {
  const match = /^([\w.-]{1,64}) (predict|admin) sha256:([0-9a-f]{64})$/.exec(line);
  if (match === null) {
    throw invalid(path, `line ${at} must be "NAME predict|admin sha256:HEX", got ${JSON.stringify(line)}`);
  }
  return { name: match[1]!, scope: match[2] as Scope, sha256: Buffer.from(match[3]!, 'hex') };
}

function invalid(path: string, what: string): SpatterError {
  return new SpatterError('TOKENS_INVALID', `${path}: ${what}`, 'make lines with `spatter token`');
}

/** The entry of `token`, or undefined. Looks at every entry, each in constant time. */
export function findToken(entries: readonly TokenEntry[], token: string): TokenEntry | undefined {
  const hash = digest(token);
  let found: TokenEntry | undefined;
  for (const entry of entries) if (timingSafeEqual(entry.sha256, hash)) found = entry;
  return found;
}

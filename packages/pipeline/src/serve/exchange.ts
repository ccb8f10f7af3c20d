// What every request gets, whichever way it is answered: an id, a check of its token, its line in the log and its metrics.
import { SpatterError } from '../util/errors.ts';
import type { Services } from './app-context.ts';
import { Problem } from './problem.ts';
import { findToken, type Scope } from './tokens.ts';

const REQUEST_ID = /^[\w.:-]{1,64}$/;

/** The client's `X-Request-Id` where it is plain, else a new one. */
export function requestIdOf(given: string | null | undefined, newId: () => string): string {
  return given !== undefined && given !== null && REQUEST_ID.test(given) ? given : newId();
}

/** Who asks: the name of a token, null where none is needed, and what it may do. */
export interface Asker {
  readonly client: string | null;
  readonly scope: Scope;
}

export const ANYBODY: Asker = { client: null, scope: 'admin' };

/** Requires a known bearer token, where the server has tokens. @throws {Problem} unauthorized. */
export function authenticated(
  { tokens }: Pick<Services, 'tokens'>,
  authorization: string | undefined,
): Asker {
  if (tokens === null) return ANYBODY;
  const bearer = /^Bearer ([\w.~+/=-]+)$/i.exec(authorization ?? '')?.[1];
  const entry = bearer === undefined ? undefined : findToken(tokens, bearer);
  if (entry === undefined) throw unauthorized(bearer !== undefined);
  return { client: entry.name, scope: entry.scope };
}

const unauthorized = (sent: boolean): Problem =>
  new Problem('unauthorized', sent ? 'the bearer token is not known' : 'send `Authorization: Bearer TOKEN`', {
    'www-authenticate': `Bearer realm="spatter"${sent ? ', error="invalid_token"' : ''}`,
  });

/** An answered request. */
export interface Answered {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** The route's pattern: one label, whatever addresses are tried. */
  readonly route: string;
  readonly status: number;
  readonly client: string | null;
  /** `performance.now()` when its headers had come. */
  readonly begun: number;
}

/** Logs and counts. */
export function record({ log, metrics }: Pick<Services, 'log' | 'metrics'>, answered: Answered): void {
  const { id, method, path, route, status, client, begun } = answered;
  const seconds = (performance.now() - begun) / 1000;
  metrics.request(method, route, status, seconds);
  if (!log.writes('info')) return;
  const ms = Math.round(seconds * 1e5) / 100;
  log.info('request', { request_id: id, method, path, status, ms, client: client ?? undefined });
}

/** What a handler threw as a problem; faults of the server are logged, never shown. */
export function problemOf(error: Error, id: string, { log }: Pick<Services, 'log'>): Problem {
  if (error instanceof Problem) return error;
  log.error('request failed', { request_id: id, error: error.stack ?? String(error) });
  const code = error instanceof SpatterError ? ` (${error.code})` : '';
  return new Problem('internal', `a fault of the server${code}; its log has the details`);
}

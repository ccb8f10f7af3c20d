// Around every request: its id, its line in the log, its metrics, its problem when it fails, and who may ask.
import type { Context, MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { SpatterError } from '../util/errors.ts';
import type { Env, Services } from './app-context.ts';
import { Problem, problemResponse } from './problem.ts';
import { findToken } from './tokens.ts';

const REQUEST_ID = /^[\w.:-]{1,64}$/;

/** Takes the client's `X-Request-Id` where it is plain, else makes one; answers with it; logs and counts the request. */
export function observe({ log, metrics, newId, draining }: Services): MiddlewareHandler<Env> {
  return async (c, next) => {
    const begun = performance.now();
    const given = c.req.header('x-request-id');
    const id = given !== undefined && REQUEST_ID.test(given) ? given : newId();
    c.set('requestId', id);
    c.set('client', null);
    c.set('scope', 'admin');
    await next();
    c.header('x-request-id', id);
    c.header('x-content-type-options', 'nosniff');
    if (draining()) c.header('connection', 'close');
    const { status } = c.res;
    const seconds = (performance.now() - begun) / 1000;
    const route = routeOf(c);
    metrics.request(c.req.method, route, status, seconds);
    if (log.writes('info')) log.info('request', requestFields(c, id, status, seconds));
  };
}

const NO_ROUTE = 'none';

/** The matched pattern: one label per route, whatever addresses are tried. */
function routeOf(c: Context<Env>): string {
  const path = routePath(c, -1);
  return path === '/*' || path === '*' ? NO_ROUTE : path;
}

function requestFields(c: Context<Env>, id: string, status: number, seconds: number) {
  return {
    request_id: id,
    method: c.req.method,
    path: c.req.path,
    status,
    ms: Math.round(seconds * 1e5) / 100,
    client: c.get('client') ?? undefined,
  };
}

/** Requires a known bearer token, where the server has tokens. @throws {Problem} unauthorized. */
export function authenticate({ tokens }: Services): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (tokens !== null) {
      const bearer = /^Bearer ([\w.~+/=-]+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
      const entry = bearer === undefined ? undefined : findToken(tokens, bearer);
      if (entry === undefined) throw unauthorized(bearer !== undefined);
      c.set('client', entry.name);
      c.set('scope', entry.scope);
    }
    await next();
  };
}

const unauthorized = (sent: boolean): Problem =>
  new Problem('unauthorized', sent ? 'the bearer token is not known' : 'send `Authorization: Bearer TOKEN`', {
    'www-authenticate': `Bearer realm="spatter"${sent ? ', error="invalid_token"' : ''}`,
  });

/** @throws {Problem} forbidden. */
export function requireAdmin(c: Context<Env>): void {
  if (c.get('scope') !== 'admin') throw new Problem('forbidden', 'this takes a token with the scope admin');
}

/** Turns what a handler throws into problem details; faults of the server are logged, never shown. */
export function answerError({ log }: Services): (error: Error, c: Context<Env>) => Response {
  return (error, c) => {
    const id = c.get('requestId');
    if (error instanceof Problem) return problemResponse(error, id);
    log.error('request failed', { request_id: id, error: error.stack ?? String(error) });
    const code = error instanceof SpatterError ? ` (${error.code})` : '';
    return problemResponse(
      new Problem('internal', `a fault of the server${code}; its log has the details`),
      id,
    );
  };
}

// Around every request to the app: its id, its line in the log, its metrics, its problem when it fails, and who may ask.
import type { Context, MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Env, Services } from './app-context.ts';
import { ANYBODY, authenticated, problemOf, record, requestIdOf } from './exchange.ts';
import { Problem, problemResponse } from './problem.ts';

/** Takes the client's `X-Request-Id` where it is plain, else makes one; answers with it; logs and counts the request. */
export function observe(services: Services): MiddlewareHandler<Env> {
  const { newId, draining } = services;
  return async (c, next) => {
    const begun = performance.now();
    const id = requestIdOf(c.req.header('x-request-id'), newId);
    c.set('requestId', id);
    c.set('client', ANYBODY.client);
    c.set('scope', ANYBODY.scope);
    await next();
    c.header('x-request-id', id);
    c.header('x-content-type-options', 'nosniff');
    if (draining()) c.header('connection', 'close');
    const { method, path } = c.req;
    record(services, {
      ...{ id, method, path, begun },
      route: routeOf(c),
      status: c.res.status,
      client: c.get('client'),
    });
  };
}

const NO_ROUTE = 'none';

/** The matched pattern: one label per route, whatever addresses are tried. */
function routeOf(c: Context<Env>): string {
  const path = routePath(c, -1);
  return path === '/*' || path === '*' ? NO_ROUTE : path;
}

/** Requires a known bearer token, where the server has tokens. @throws {Problem} unauthorized. */
export function authenticate(services: Services): MiddlewareHandler<Env> {
  return async (c, next) => {
    const { client, scope } = authenticated(services, c.req.header('authorization'));
    c.set('client', client);
    c.set('scope', scope);
    await next();
  };
}

/** @throws {Problem} forbidden. */
export function requireAdmin(c: Context<Env>): void {
  if (c.get('scope') !== 'admin') throw new Problem('forbidden', 'this takes a token with the scope admin');
}

/** Turns what a handler throws into problem details. */
export function answerError(services: Services): (error: Error, c: Context<Env>) => Response {
  return (error, c) => {
    const id = c.get('requestId');
    return problemResponse(problemOf(error, id, services), id);
  };
}

// Adds a route to the app and to its OpenAPI document in one step, with the answers that all routes share.
import type { RouteConfig, z } from '@hono/zod-openapi';
import type { Handler } from 'hono';
import type { App, Env } from '../app-context.ts';
import { PROBLEMS, type ProblemKind } from '../problem.ts';
import { problemSchema } from '../schemas.ts';

export interface Documented extends Pick<RouteConfig, 'summary' | 'description' | 'request' | 'tags'> {
  readonly method: 'get' | 'post' | 'delete';
  /** In Hono's form, such as `/v1/jobs/:id`. */
  readonly path: string;
  readonly responses: RouteConfig['responses'];
  /** Problems that the route may answer with, besides those of every route. */
  readonly problems?: readonly ProblemKind[];
  /** No token is needed. */
  readonly open?: boolean;
}

/** Registers `route` with its handler. */
export function addRoute(app: App, route: Documented, handler: Handler<Env>): void {
  const { method, path, open = false, problems = [], responses, ...rest } = route;
  const kinds: ProblemKind[] = [...(open ? [] : (['unauthorized'] as const)), ...problems];
  app.openAPIRegistry.registerPath({
    ...rest,
    method,
    path: path.replaceAll(/:(\w+)/g, '{$1}'),
    security: open ? [] : [{ bearer: [] }],
    responses: { ...responses, ...problemResponses(kinds) },
  });
  app.on(method.toUpperCase(), path, handler);
}

function problemResponses(kinds: readonly ProblemKind[]): RouteConfig['responses'] {
  const statuses = [...new Set(kinds.map((kind) => PROBLEMS[kind][0]))].sort();
  const describe = (status: number) =>
    kinds
      .filter((kind) => PROBLEMS[kind][0] === status)
      .map((kind) => `${PROBLEMS[kind][1]}: ${PROBLEMS[kind][2]}`)
      .join(' ');
  const content = { 'application/problem+json': { schema: problemSchema } };
  return Object.fromEntries(statuses.map((status) => [status, { description: describe(status), content }]));
}

/** An answer in JSON. */
export function json(description: string, schema: z.ZodType) {
  return { description, content: { 'application/json': { schema } } };
}

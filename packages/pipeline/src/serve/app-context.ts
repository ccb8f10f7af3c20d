// What the routes share: the services of one server, and what a request carries from the middleware to its handler.
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Admission } from './admission.ts';
import type { JobQueue } from './jobs/job-queue.ts';
import type { JobStore } from './jobs/job-store.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { ModelHost } from './model-host.ts';
import type { Scope, TokenEntry } from './tokens.ts';

export interface Services {
  readonly host: ModelHost;
  /** Loads the model anew; resolves to whether it is another one. */
  readonly reload: () => Promise<boolean>;
  readonly admission: Admission;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly limits: Limits;
  /** Null where no folder for video jobs was given. */
  readonly jobs: { readonly store: JobStore; readonly queue: JobQueue } | null;
  /** Null: everybody may do everything. */
  readonly tokens: readonly TokenEntry[] | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A new identifier, 36 characters. */
  readonly newId: () => string;
  /** True once the server is about to stop. */
  readonly draining: () => boolean;
}

export interface RequestVariables {
  requestId: string;
  /** Name of the token; null where none is needed. */
  client: string | null;
  scope: Scope;
  /** The route's pattern, for logs and metrics. */
  route: string;
}

export interface Env {
  Variables: RequestVariables;
}

export type App = OpenAPIHono<Env>;

// `/healthz`, `/readyz`, `/metrics`: for orchestrators and Prometheus.
import type { App, Services } from '../app-context.ts';
import { retryLater } from '../problem.ts';
import { healthSchema } from '../schemas.ts';
import { addRoute, json } from './documented.ts';

export function addHealthRoutes(app: App, { host, draining, metrics }: Services): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/healthz',
      tags: ['Operation'],
      open: true,
      summary: 'The process lives',
      responses: { 200: json('It does.', healthSchema) },
    },
    (c) => c.json({ status: 'ok' }),
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/readyz',
      tags: ['Operation'],
      open: true,
      summary: 'A checked model is loaded and the server takes work',
      responses: { 200: json('It does.', healthSchema) },
      problems: ['not-ready'],
    },
    (c) => {
      if (draining()) throw retryLater('not-ready', 'the server is shutting down');
      host.requireReady();
      return c.json({ status: 'ready' });
    },
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/metrics',
      tags: ['Operation'],
      summary: 'Metrics for Prometheus',
      responses: {
        200: { description: 'Text format.', content: { 'text/plain': { schema: { type: 'string' } } } },
      },
    },
    async (c) =>
      c.body(await metrics.registry.metrics(), 200, { 'content-type': metrics.registry.contentType }),
  );
}

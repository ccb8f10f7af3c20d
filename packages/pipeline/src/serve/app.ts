// The HTTP interface as one Hono app: routes, middleware, documents. Runs without a port, so tests call it directly.
import { OpenAPIHono } from '@hono/zod-openapi';
import { cors } from 'hono/cors';
import type { App, Env, Services } from './app-context.ts';
import { docsPage, type OpenApiDocument } from './docs-page.ts';
import { answerError, authenticate, observe } from './middleware.ts';
import { Problem } from './problem.ts';
import { addHealthRoutes } from './routes/health.ts';
import { addModelRoutes } from './routes/models.ts';
import { addPredictRoute } from './routes/predict.ts';
import { addVideoRoutes } from './routes/video.ts';

export interface AppOptions {
  /** Pages of these origins may call the API; none by default. */
  readonly corsOrigins: readonly string[];
}

const INFO: Parameters<App['getOpenAPI31Document']>[0] = {
  openapi: '3.1.0',
  info: {
    title: 'spatter',
    version: '1',
    description:
      'From images and video of a laser powder bed fusion build to a verdict on its shielding gas.',
    license: { name: 'MIT' },
  },
  servers: [{ url: '/' }],
};

const DOCS_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:";

export function createApp(services: Services, { corsOrigins }: AppOptions): App {
  const app: App = new OpenAPIHono<Env>();
  app.use(observe(services));
  if (corsOrigins.length > 0) app.use(cors({ origin: [...corsOrigins], exposeHeaders: ['x-request-id'] }));
  app.onError(answerError(services));
  app.notFound((c) =>
    answerError(services)(new Problem('not-found', `there is nothing at ${c.req.path}`), c),
  );
  addDocuments(app);
  app.use('/v1/*', authenticate(services));
  app.use('/metrics', authenticate(services));
  addHealthRoutes(app, services);
  addModelRoutes(app, services);
  addPredictRoute(app, services);
  if (services.jobs !== null) addVideoRoutes(app, { ...services, jobs: services.jobs });
  refuseOtherMethods(app);
  return app;
}

/** The OpenAPI 3.1 document of `app`. */
export function openApiDocument(app: App): OpenApiDocument {
  return app.getOpenAPI31Document(INFO) as unknown as OpenApiDocument;
}

function addDocuments(app: App): void {
  const description = 'Made with `spatter token`; needed where the server was started with tokens.';
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description,
  });
  app.get('/openapi.json', (c) => c.json(openApiDocument(app)));
  app.get('/docs', (c) =>
    c.html(docsPage(openApiDocument(app)), 200, { 'content-security-policy': DOCS_POLICY }),
  );
  app.get('/', (c) => c.redirect('/docs'));
}

/** A known address with another method is 405, not 404. */
function refuseOtherMethods(app: App): void {
  const paths = new Set(app.routes.map(({ path }) => path).filter((path) => !path.includes('*')));
  for (const path of paths) {
    const methods = app.routes.filter((route) => route.path === path).map(({ method }) => method);
    const allow = [...new Set(methods)].filter((method) => method !== 'ALL').join(', ');
    app.all(path, (c) => {
      throw new Problem('method-not-allowed', `${c.req.path} takes ${allow}, got ${c.req.method}`, { allow });
    });
  }
}

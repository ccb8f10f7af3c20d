// `/v1/models`: what is served, and the exchange of it.
import type { ModelCard } from '../../export/exported-model.ts';
import type { App, Services } from '../app-context.ts';
import { requireAdmin } from '../middleware.ts';
import { Problem } from '../problem.ts';
import type { HostedModel } from '../model-host.ts';
import { modelsSchema, reloadSchema } from '../schemas.ts';
import { addRoute, json } from './documented.ts';

export function addModelRoutes(app: App, services: Services): void {
  const { host, reload } = services;
  addRoute(
    app,
    {
      method: 'get',
      path: '/v1/models',
      tags: ['Models'],
      summary: 'The model that answers',
      description: 'With its preprocessing, threshold, labels, and the results it was measured with.',
      responses: { 200: json('The models.', modelsSchema) },
      problems: ['not-ready'],
    },
    (c) => c.json({ models: [modelView(host.current)] }),
  );
  addRoute(
    app,
    {
      method: 'post',
      path: '/v1/models/reload',
      tags: ['Models'],
      summary: 'Load the model anew',
      description:
        'Opens and checks the model that the server was started with once more, and puts it in the place of the old one without a failed request. Where the new one does not pass, the old one stays. Takes a token with the scope admin, where tokens are used.',
      responses: { 200: json('What answers now.', reloadSchema) },
      problems: ['forbidden', 'model-refused'],
    },
    async (c) => {
      requireAdmin(c);
      const changed = await reload().catch((error: unknown) => {
        throw new Problem('model-refused', error instanceof Error ? error.message : String(error));
      });
      return c.json({ changed, model: nameOf(host.current.engine.model.card) });
    },
  );
}

const nameOf = ({ name, onnx_sha256 }: ModelCard) => ({ name, onnx_sha256 });

function modelView({ engine, loadedAt, reference, version }: HostedModel) {
  const { card } = engine.model;
  return {
    ...nameOf(card),
    reference,
    version,
    labels: card.labels,
    threshold: card.threshold,
    preprocessing: card.preprocessing,
    judges_videos: card.extraction !== null,
    calibration: card.calibration,
    licence: card.licence,
    dataset_hash: card.dataset_hash,
    evaluation: card.evaluation,
    measured: card.measured,
    loaded_at: new Date(loadedAt).toISOString(),
    batches: engine.batches,
  };
}

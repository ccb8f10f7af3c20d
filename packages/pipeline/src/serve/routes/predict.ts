// `POST /v1/predict`: images in, a probability for each out.
import type { Context } from 'hono';
import { argmax } from '../../metrics/accuracy.ts';
import type { ModelCard } from '../../export/exported-model.ts';
import type { App, Env, Services } from '../app-context.ts';
import { declaredLength, readBody } from '../body.ts';
import type { Engine } from '../engine.ts';
import type { ImageResult } from '../inference.ts';
import { Problem, retryLater } from '../problem.ts';
import { base64Images, checkImages, imageParser, unusable } from '../request-images.ts';
import { predictionsSchema, type Prediction } from '../schemas.ts';
import { addRoute, json } from './documented.ts';

const binary = { schema: { type: 'string', format: 'binary' } } as const;

const DESCRIPTION = `The body is one JPEG or PNG, several as the files of a form (\`multipart/form-data\`), or JSON with base64.
Images are crops as \`spatter extract\` cuts them; the model's own preprocessing follows. Images of requests that arrive
together run together; the answer is the same to the bit as for each alone.`;

export function addPredictRoute(app: App, services: Services): void {
  addRoute(
    app,
    {
      method: 'post',
      path: '/v1/predict',
      tags: ['Prediction'],
      summary: 'Judge images',
      description: DESCRIPTION,
      request: {
        body: {
          required: true,
          content: {
            'image/jpeg': binary,
            'image/png': binary,
            'multipart/form-data': {
              schema: { type: 'object', additionalProperties: { type: 'string', format: 'binary' } },
            },
            'application/json': { schema: base64Images },
          },
        },
      },
      responses: { 200: json('A prediction for each image.', predictionsSchema) },
      problems: [
        'malformed-request',
        'body-too-slow',
        'body-too-large',
        'unsupported-media-type',
        'image-unusable',
        'request-invalid',
        'too-many-requests',
        'overloaded',
        'not-ready',
      ],
    },
    (c) => predict(c, services),
  );
}

async function predict(c: Context<Env>, services: Services): Promise<Response> {
  const { host, admission, limits, metrics } = services;
  const { raw } = c.req;
  const parse = imageParser(raw.headers.get('content-type'), limits.images);
  const expected = declaredLength(raw, limits.bodyBytes) ?? limits.bodyBytes;
  host.requireReady();
  const leave = admission.enter(c.get('client'), expected);
  try {
    const images = parse(await readBody(raw, { bytes: limits.bodyBytes, ms: limits.bodyMs }));
    checkImages(images, limits);
    const { engine } = host.current;
    const results = await classifyInTime(engine, images, limits.answerMs);
    const { card } = engine.model;
    const predictions = results.map((result, i) => toPrediction(result, i, results.length, card));
    for (const { label } of predictions) metrics.prediction(label);
    return c.json({ model: { name: card.name, onnx_sha256: card.onnx_sha256 }, predictions });
  } finally {
    leave();
  }
}

async function classifyInTime(engine: Engine, images: readonly Uint8Array[], ms: number) {
  const abort = new AbortController();
  const late = retryLater('overloaded', `no answer within ${ms / 1000} s`);
  const timer = setTimeout(() => abort.abort(late), ms);
  try {
    return await engine.classify(images, abort.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws {Problem} image-unusable. */
function toPrediction(result: ImageResult, index: number, count: number, card: ModelCard): Prediction {
  if ('problem' in result) throw unusable(index, count, result.problem);
  const { probabilities } = result;
  if (probabilities.some((p) => !Number.isFinite(p))) {
    throw new Problem('internal', 'the model gave a probability that is not a number');
  }
  const binaryDecision = probabilities.length === 2 ? Number(probabilities[1]! > card.threshold) : null;
  const decided = binaryDecision ?? argmax(probabilities, probabilities.length)[0]!;
  return {
    class: decided,
    label: card.labels[decided] ?? String(decided),
    probability: binaryDecision === null ? null : probabilities[1]!,
    probabilities: [...probabilities],
    outlying: result.outlying,
  };
}

// `POST /v1/predict`: images in, a probability for each out.
import type { App, Services } from '../app-context.ts';
import { headersOf, readBody, type BodyBounds } from '../body.ts';
import { predict } from '../prediction.ts';
import { base64Images } from '../request-images.ts';
import { predictionsSchema } from '../schemas.ts';
import { addRoute, json } from './documented.ts';

export const PREDICT_PATH = '/v1/predict';

const binary = { schema: { type: 'string', format: 'binary' } } as const;

const DESCRIPTION = `The body is one JPEG or PNG, several as the files of a form (\`multipart/form-data\`), or JSON with base64.
Images are crops as \`spatter extract\` cuts them; the model's own preprocessing follows. Images of requests that arrive
together run together; the answer is the same to the bit as for each alone.`;

export function addPredictRoute(app: App, services: Services): void {
  addRoute(
    app,
    {
      method: 'post',
      path: PREDICT_PATH,
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
    async (c) => {
      const { raw } = c.req;
      const request = {
        header: headersOf(raw),
        client: c.get('client'),
        read: (bounds: BodyBounds) => readBody(raw, bounds),
      };
      return c.json(await predict(request, services));
    },
  );
}

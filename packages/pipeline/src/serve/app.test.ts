// The HTTP interface without a port: answers, problems, limits, tokens, documents.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeJpeg } from '../store/jpeg.ts';
import { openModel } from '../infer/open-model.ts';
import { tinyModel } from '../infer/testing/tiny-model.ts';
import { openApiDocument } from './app.ts';
import { PROBLEMS, type ProblemBody } from './problem.ts';
import { post, testJpeg, testOptions, testService, type Body } from './testing/service.ts';
import { createService, type Service } from './serve.ts';
import { makeToken, type TokenEntry } from './tokens.ts';

interface Predictions {
  readonly predictions: readonly { probability: number; label: string; class: number }[];
}

const ask = async (service: Service, path: string, init?: RequestInit) => service.app.request(path, init);
const predict = (service: Service, body: Body, type?: string, headers?: Record<string, string>) =>
  ask(service, '/v1/predict', post(body, type, headers));
const problemOf = async (response: Response) => (await response.json()) as ProblemBody;

/** Width and height of a JPEG's frame header, overwritten. */
function announcing(width: number, height: number): Uint8Array<ArrayBuffer> {
  const jpeg = testJpeg();
  const at = Buffer.from(jpeg).indexOf(Buffer.from([0xff, 0xc0]));
  new DataView(jpeg.buffer).setUint16(at + 5, height);
  new DataView(jpeg.buffer).setUint16(at + 7, width);
  return jpeg;
}

describe('POST /v1/predict', () => {
  it('gives the probability of `spatter predict`, however the image is sent', async () => {
    const { service, folder } = await testService();
    const classifier = await openModel(join(folder, 'model'), { registry: '', threads: 1 });
    const jpegs = [testJpeg(0), testJpeg(1)];
    const expected = await classifier.classify(await Promise.all(jpegs.map((jpeg) => decodeJpeg(jpeg))));
    await classifier.close();
    const probabilities = async (response: Response) => {
      expect(response.status).toBe(200);
      return ((await response.json()) as Predictions).predictions.map(({ probability }) => probability);
    };
    expect(await probabilities(await predict(service, jpegs[0]!, 'image/jpeg'))).toEqual([expected[0]]);
    const form = new FormData();
    for (const jpeg of jpegs) form.append('images', new Blob([jpeg]), 'crop.jpg');
    expect(await probabilities(await predict(service, form))).toEqual([...expected]);
    const images = jpegs.map((jpeg) => Buffer.from(jpeg).toString('base64'));
    const json = JSON.stringify({ images });
    expect(await probabilities(await predict(service, json, 'application/json'))).toEqual([...expected]);
  });

  it('gives every request of a crowd the bits that it gets alone', async () => {
    const { service } = await testService({
      engine: { workers: 2, operatorThreads: 1, batchSize: 8, batchWaitMs: 5 },
    });
    const jpegs = Array.from({ length: 24 }, (_, i) => testJpeg(i));
    const one = async (jpeg: Uint8Array<ArrayBuffer>) => (await predict(service, jpeg, 'image/jpeg')).text();
    const crowd = await Promise.all(jpegs.map(one));
    const alone: string[] = [];
    for (const jpeg of jpegs) alone.push(await one(jpeg));
    expect(crowd).toEqual(alone);
    const batches = await (await ask(service, '/metrics')).text();
    const count = Number(/spatter_batch_images_count (\d+)/.exec(batches)![1]);
    expect(count).toBeLessThan(2 * jpegs.length);
  });

  it('judges a PNG as the JPEG that extraction would have made of it', async () => {
    const { service } = await testService();
    const png = await sharp(testJpeg()).png().toBuffer();
    expect((await predict(service, new Uint8Array(png), 'image/png')).status).toBe(200);
  });

  const jpegType = 'image/jpeg';
  const bad: [what: string, status: number, body: () => Body, type: string | undefined, detail?: RegExp][] = [
    ['no body', 422, () => new Uint8Array(), jpegType, /0 bytes/],
    ['bytes that are no image', 422, () => 'hello', jpegType, /JPEG or a PNG/],
    ['a JPEG cut short', 422, () => testJpeg().slice(0, 700), jpegType],
    ['a JPEG cut in its header', 422, () => testJpeg().slice(0, 30), jpegType, /header/],
    ['a JPEG that announces 65500 × 65500', 422, () => announcing(65500, 65500), jpegType, /65500×65500/],
    ['a JPEG of 0 pixels', 422, () => announcing(0, 10), jpegType, /0×10/],
    ['another type', 415, () => testJpeg(), 'image/tiff', /image\/jpeg.*"image\/tiff"/],
    ['no type', 415, () => testJpeg(), undefined, /none/],
    ['a type of Object', 415, () => testJpeg(), 'constructor'],
    ['broken JSON', 400, () => '{"images":', 'application/json', /JSON/],
    ['JSON of another shape', 422, () => '{"image":"aGVsbG8="}', 'application/json'],
    ['bad base64', 422, () => '{"images":["****"]}', 'application/json', /images\.0/],
    ['base64 of no image', 422, () => '{"images":["aGVsbG8="]}', 'application/json'],
    ['no images', 422, () => '{"images":[]}', 'application/json'],
    ['a form without boundary', 400, () => 'x', 'multipart/form-data', /boundary/],
    ['a form with another boundary', 400, () => '--a\r\n\r\n\r\n--a--', 'multipart/form-data; boundary=b'],
    ['too large a body', 413, () => new Uint8Array(2_000_000), jpegType, /1000000/],
  ];
  it('refuses what it cannot judge, and says why', async () => {
    const { service } = await testService({}, { bodyBytes: 1_000_000 });
    for (const [what, status, body, type, detail = /./] of bad) {
      const response = await predict(service, body(), type);
      expect(response.headers.get('content-type'), what).toBe('application/problem+json');
      const problem = await problemOf(response);
      expect(problem, what).toMatchObject({ status, type: expect.stringMatching(/^\/docs#/) as unknown });
      expect(problem.detail, what).toMatch(detail);
      expect(problem.request_id).toBe(response.headers.get('x-request-id'));
    }
  });

  it('names the image of several that is bad', async () => {
    const { service } = await testService();
    const images = [testJpeg(), testJpeg().slice(0, 700)].map((each) => Buffer.from(each).toString('base64'));
    const response = await predict(service, JSON.stringify({ images }), 'application/json');
    expect((await problemOf(response)).detail).toMatch(/^image 1: /);
  });

  it('bounds a body that is sent in chunks, and the time it takes', async () => {
    const { service } = await testService({}, { bodyBytes: 1000, bodyMs: 100 });
    const chunked = (pull: (controller: ReadableStreamDefaultController) => void) =>
      ({ ...post(new ReadableStream({ pull }), jpegType), duplex: 'half' }) as RequestInit;
    const endless = chunked((controller) => controller.enqueue(new Uint8Array(600)));
    expect((await ask(service, '/v1/predict', endless)).status).toBe(413);
    const silent = chunked(() => new Promise(() => undefined) as never);
    const slow = await ask(service, '/v1/predict', silent);
    expect([slow.status, slow.headers.get('connection')]).toEqual([408, 'close']);
  });

  it('refuses more requests than it takes, with a time to retry, and recovers', async () => {
    const { service } = await testService({}, { requests: 2 });
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) => predict(service, testJpeg(i), jpegType)),
    );
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.map((each) => each.headers.get('retry-after'))).toEqual(refused.map(() => '1'));
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(2);
    expect((await predict(service, testJpeg(), jpegType)).status).toBe(200);
  });
});

describe('the model', () => {
  it('is not ready before it was loaded, and refuses to load when it was touched', async () => {
    const { options, folder } = await testOptions();
    const service = createService(options);
    expect((await ask(service, '/readyz')).status).toBe(503);
    expect((await predict(service, testJpeg(), 'image/jpeg')).status).toBe(503);
    expect((await ask(service, '/healthz')).status).toBe(200);
    await tinyModel(join(folder, 'model'), 1, { threshold: 0.25 });
    await service.start();
    expect((await ask(service, '/readyz')).status).toBe(200);
    service.drain();
    expect((await ask(service, '/readyz')).status).toBe(503);
    expect((await predict(service, testJpeg(), 'image/jpeg')).headers.get('connection')).toBe('close');
    await service.close();
  });

  it('is exchanged on demand; a bad one leaves the old one answering', async () => {
    const { service, folder, lines } = await testService();
    const shown = async () => {
      const { models } = (await (await ask(service, '/v1/models')).json()) as {
        models: { onnx_sha256: string; threshold: number; reference: string; batches: boolean }[];
      };
      return models[0]!;
    };
    const reload = () => ask(service, '/v1/models/reload', { method: 'POST' });
    const before = await shown();
    expect(before).toMatchObject({ threshold: 0.5, reference: 'model', batches: true });
    expect(await (await reload()).json()).toMatchObject({ changed: false });
    await tinyModel(join(folder, 'model'), 2);
    expect(await (await reload()).json()).toMatchObject({ changed: true });
    const after = await shown();
    expect(after.onnx_sha256).not.toBe(before.onnx_sha256);
    const other = await tinyModel(join(folder, 'other'), 3);
    writeFileSync(join(folder, 'model', 'model.onnx'), other.onnx);
    const refused = await reload();
    expect(refused.status).toBe(500);
    expect((await problemOf(refused)).detail).toMatch(/weights were touched/);
    expect((await shown()).onnx_sha256).toBe(after.onnx_sha256);
    expect(lines.join('')).toMatch(/"message":"model not loaded"/);
  });
});

describe('tokens', () => {
  const tokenOf = (name: string, scope: 'predict' | 'admin'): [string, TokenEntry] => {
    const { token, line } = makeToken(name, scope);
    return [token, { name, scope, sha256: Buffer.from(line.split('sha256:')[1]!, 'hex') }];
  };

  it('are asked for where the server has them, and admin for reloading', async () => {
    const [plain, plainEntry] = tokenOf('line', 'predict');
    const [admin, adminEntry] = tokenOf('ops', 'admin');
    const { service, lines } = await testService({ tokens: [plainEntry, adminEntry] });
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const statuses = async (path: string, method: string) => {
      const headers = [{}, bearer('wrong'), bearer(plain), bearer(admin)];
      const answers = await Promise.all(headers.map((each) => ask(service, path, { method, headers: each })));
      return answers.map(({ status }) => status);
    };
    expect(await statuses('/v1/models', 'GET')).toEqual([401, 401, 200, 200]);
    expect(await statuses('/metrics', 'GET')).toEqual([401, 401, 200, 200]);
    expect(await statuses('/v1/models/reload', 'POST')).toEqual([401, 401, 403, 200]);
    expect(await statuses('/readyz', 'GET')).toEqual([200, 200, 200, 200]);
    const none = await ask(service, '/v1/models');
    expect(none.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(lines.join('')).not.toContain(plain);
  });

  it('may have no more than their share of requests under way', async () => {
    const [token, entry] = tokenOf('line', 'predict');
    const { service } = await testService({ tokens: [entry] }, { requestsPerToken: 1 });
    const headers = { authorization: `Bearer ${token}` };
    const answers = await Promise.all(
      [0, 1, 2].map((i) => predict(service, testJpeg(i), 'image/jpeg', headers)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 429, 429]);
  });
});

describe('every answer', () => {
  it('carries an id: the client’s where it is plain, else a new one', async () => {
    const { service, lines } = await testService();
    const withId = (id: string) => ask(service, '/healthz', { headers: { 'x-request-id': id } });
    expect((await withId('abc-1')).headers.get('x-request-id')).toBe('abc-1');
    expect((await withId('a b"')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(logged).toContainEqual(
      expect.objectContaining({ message: 'request', request_id: 'abc-1', path: '/healthz', status: 200 }),
    );
  });

  it('is a problem for unknown addresses and methods', async () => {
    const { service } = await testService();
    expect((await ask(service, '/v2/x')).status).toBe(404);
    const wrong = await ask(service, '/v1/predict');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('hides faults of the server', async () => {
    const { options, lines } = await testOptions();
    const service = createService({
      ...options,
      newId: () => 'one',
      read: () => {
        throw new Error('secret path');
      },
    });
    await expect(service.start()).rejects.toThrow('secret path');
    const { app } = service;
    app.get('/boom', () => {
      throw new Error('secret');
    });
    const response = await ask(service, '/boom');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(lines.join('')).toContain('secret');
  });

  it('lets pages of other origins read it only where told', async () => {
    const origin = 'https://line.example';
    const closed = await testService();
    const open = await testService({ corsOrigins: [origin] });
    const header = async ({ service }: { service: Service }, from: string) =>
      (await ask(service, '/healthz', { headers: { origin: from } })).headers.get(
        'access-control-allow-origin',
      );
    expect(await header(closed, origin)).toBeNull();
    expect(await header(open, origin)).toBe(origin);
    expect(await header(open, 'https://other.example')).toBeNull();
  });
});

describe('documents', () => {
  it('are an OpenAPI 3.1 document and a page that needs nothing from outside', async () => {
    const { options, folder } = await testOptions();
    const service = createService({ ...options, jobs: join(folder, 'jobs') });
    const document = openApiDocument(service.app);
    expect(document).toMatchObject({ openapi: '3.1.0' });
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/v1/predict', '/v1/predict/video/{id}', '/metrics']),
    );
    const page = await (await ask(service, '/docs')).text();
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
    for (const kind of Object.keys(PROBLEMS)) expect(page).toContain(`id="${kind}"`);
    expect((await ask(service, '/openapi.json')).status).toBe(200);
  });

  it('list only metrics that Prometheus can read', async () => {
    const { service } = await testService();
    await predict(service, testJpeg(), 'image/jpeg');
    const text = await (await ask(service, '/metrics')).text();
    for (const line of text.split('\n').filter((each) => !/^(#|$)/.test(each))) {
      expect(line).toMatch(/^[a-z_][a-z0-9_]*(\{[^{}]*\})? (-?[\d.e+-]+|Nan)$/i);
    }
    expect(text).toContain('spatter_predictions_total{label=');
    expect(text).toContain('route="/v1/predict",status="200"');
  });
});

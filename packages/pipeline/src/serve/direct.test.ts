// Predictions answered on Node's own request and response against the app's: the same answers, headers, logs and metrics.
import { request as ask, type IncomingHttpHeaders } from 'node:http';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Limits } from './limits.ts';
import { serve, type Running, type ServeOptions } from './serve.ts';
import { testJpeg, testOptions } from './testing/service.ts';
import { makeToken } from './tokens.ts';

interface Seen {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

async function running(changes: Partial<ServeOptions> = {}, limits: Partial<Limits> = {}) {
  const { options, lines } = await testOptions({ newId: () => 'new-id', ...changes }, limits);
  const server = await serve(options, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.stop({ delayMs: 0, graceMs: 0 }).catch(() => undefined));
  return { server, lines };
}

/** Posts to the server's socket. */
function post({ port }: Running, headers: Record<string, string>, body: Uint8Array | string): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const sent = ask({ port, host: '127.0.0.1', method: 'POST', path: '/v1/predict', headers, agent: false });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.on('data', (data: Buffer) => (text += data.toString()));
      response.on('end', () => {
        const headers = { ...response.headers };
        delete headers.date;
        resolve({ status: response.statusCode, headers, body: JSON.parse(text) as unknown });
      });
    });
    sent.end(body);
  });
}

/** A request that the app answers: it leaves those of pages to it. */
const fromPage = (headers: Record<string, string>) => ({ ...headers, origin: 'https://line.example' });

const jpeg = { 'content-type': 'image/jpeg' };
const [a, b] = [testJpeg(0), testJpeg(1)];
const form = Buffer.concat([
  ...[a, b].flatMap((each) => [
    Buffer.from('--B\r\ncontent-disposition: form-data; name="i"; filename="i.jpg"\r\n\r\n'),
    each,
    Buffer.from('\r\n'),
  ]),
  Buffer.from('--B--'),
]);

const CASES: readonly [what: string, headers: Record<string, string>, body: Uint8Array | string][] = [
  ['an image', jpeg, a],
  ['an image in chunks', { ...jpeg, 'transfer-encoding': 'chunked' }, a],
  ['an id of the client', { ...jpeg, 'x-request-id': 'abc-1' }, a],
  ['an id that is not plain', { ...jpeg, 'x-request-id': 'a b' }, a],
  ['a form', { 'content-type': 'multipart/form-data; boundary=B' }, form],
  [
    'base64',
    { 'content-type': 'application/json' },
    JSON.stringify({ images: [Buffer.from(a).toString('base64')] }),
  ],
  ['a damaged image', jpeg, a.slice(0, 700)],
  ['no image', jpeg, 'hello'],
  ['nothing', jpeg, ''],
  ['no type', {}, a],
  ['another type', { 'content-type': 'image/tiff' }, a],
  ['a compressed body', { ...jpeg, 'content-encoding': 'gzip' }, a],
  ['too large a body', jpeg, new Uint8Array(300_000)],
  ['too large a body in chunks', { ...jpeg, 'transfer-encoding': 'chunked' }, new Uint8Array(300_000)],
];

it('answers as the app does', async () => {
  const { server, lines } = await running({}, { bodyBytes: 200_000 });
  const app = vi.spyOn(server.service.app, 'fetch');
  for (const [what, headers, body] of CASES) {
    const [direct, byApp] = [await post(server, headers, body), await post(server, fromPage(headers), body)];
    expect(direct, what).toEqual(byApp);
  }
  expect(app).toHaveBeenCalledTimes(CASES.length);
  const logged = lines.flatMap((line) => {
    const { message, ...fields } = JSON.parse(line) as Record<string, unknown>;
    return message === 'request' ? [{ ...fields, time: null, ms: null }] : [];
  });
  expect(logged.filter((_, i) => i % 2 === 0)).toEqual(logged.filter((_, i) => i % 2 === 1));
  const metrics = await (await server.service.app.request('/metrics')).text();
  expect(metrics).toMatch(/requests_total\{method="POST",route="\/v1\/predict",status="200"\} 12/);
});

it('asks for tokens, and takes its share of requests, as the app does', async () => {
  const { token, line } = makeToken('line', 'predict');
  const entry = {
    name: 'line',
    scope: 'predict',
    sha256: Buffer.from(line.split('sha256:')[1]!, 'hex'),
  } as const;
  const { server, lines } = await running({ tokens: [entry] }, { requestsPerToken: 1 });
  const bearer = { ...jpeg, authorization: `Bearer ${token}` };
  for (const headers of [jpeg, { ...jpeg, authorization: 'Bearer wrong' }, bearer]) {
    expect(await post(server, headers, a)).toEqual(await post(server, fromPage(headers), a));
  }
  const answers = await Promise.all([0, 1, 2].map(() => post(server, bearer, a)));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.map(({ headers }) => headers['retry-after'])).toEqual(refused.map(() => '1'));
  expect(lines.join('')).toContain('"client":"line"');
  expect(lines.join('')).not.toContain(token);
});

it('says that it is about to end, and hides faults of the server', async () => {
  const { server, lines } = await running();
  vi.spyOn(server.service.host, 'requireReady').mockImplementationOnce(() => {
    throw new Error('secret');
  });
  const failed = await post(server, jpeg, a);
  expect(failed.status).toBe(500);
  expect(JSON.stringify(failed.body)).not.toContain('secret');
  expect(lines.join('')).toContain('secret');
  server.service.drain();
  expect((await post(server, jpeg, a)).headers.connection).toBe('close');
});

it('gives up a body that does not come, and an answer that takes too long', async () => {
  const { server } = await running({}, { bodyMs: 50, answerMs: 50 });
  const slow = await post(server, { ...jpeg, 'content-length': '5000' }, 'x').catch(
    (error: unknown) => error,
  );
  expect(slow).toMatchObject({ status: 408, headers: { connection: 'close' } });
  vi.spyOn(server.service.host.current.engine, 'classify').mockReturnValueOnce(new Promise(() => undefined));
  expect(await post(server, jpeg, a)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  expect((await post(server, jpeg, a)).status).toBe(200);
});

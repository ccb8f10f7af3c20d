// The server on a real socket: exchange of the model under load, a gentle end, what is no HTTP, slow headers.
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { tinyModel } from '../infer/testing/tiny-model.ts';
import type { Limits } from './limits.ts';
import { serve, type Running } from './serve.ts';
import { post, testJpeg, testOptions } from './testing/service.ts';

const PLACE = { host: '127.0.0.1', port: 0 };
const AT_ONCE = { delayMs: 0, graceMs: 10_000 };

async function running(limits: Partial<Limits> = {}): Promise<{ server: Running; folder: string }> {
  const { options, folder } = await testOptions({}, limits);
  const server = await serve(options, PLACE);
  onTestFinished(() => server.stop({ delayMs: 0, graceMs: 0 }).catch(() => undefined));
  return { server, folder };
}

const predict = ({ url }: Running, i = 0) => fetch(`${url}/v1/predict`, post(testJpeg(i), 'image/jpeg'));

/** Sends `text` as it is; resolves to everything that came back until the end. */
function raw({ port }: Running, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

it('exchanges the model under load without a failed request', async () => {
  const { server, folder } = await running();
  const seen = new Set<string>();
  let asking = true;
  const client = async () => {
    const statuses: number[] = [];
    for (let i = 0; asking; i++) {
      const response = await predict(server, i % 4);
      statuses.push(response.status);
      seen.add(((await response.json()) as { model: { onnx_sha256: string } }).model.onnx_sha256);
    }
    return statuses;
  };
  const clients = [client(), client(), client()];
  for (const seed of [2, 3, 4]) {
    await tinyModel(join(folder, 'model'), seed);
    expect(await server.service.reload()).toBe(true);
    await predict(server);
  }
  writeFileSync(join(folder, 'model', 'model.json'), '{}');
  await expect(server.service.reload()).rejects.toThrow(/model\.json/);
  await predict(server);
  asking = false;
  const statuses = (await Promise.all(clients)).flat();
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(seen.size).toBeGreaterThanOrEqual(3);
});

it('answers what is under way before it ends, and takes nothing after', async () => {
  const { server } = await running();
  const under = Array.from({ length: 12 }, (_, i) => predict(server, i));
  await predict(server);
  const stopped = server.stop(AT_ONCE);
  expect((await Promise.all(under)).map(({ status }) => status)).toEqual(under.map(() => 200));
  await stopped;
  await expect(predict(server)).rejects.toThrow();
});

it('answers what is no HTTP, and headers that are too large, with a problem', async () => {
  const { server } = await running();
  expect(await raw(server, 'hello\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 400 [^]*problem\+json[^]*malformed-request/,
  );
  const huge = `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`;
  expect(await raw(server, huge)).toMatch(/^HTTP\/1\.1 431 [^]*headers-too-large/);
  expect((await predict(server)).status).toBe(200);
});

it('ends connections whose headers or body do not come', async () => {
  const { server } = await running({ headersMs: 200, bodyMs: 200 });
  expect(await raw(server, 'GET /healthz HTTP/1.1\r\nhost')).toMatch(/^HTTP\/1\.1 408 /);
  const head =
    'POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-type: image/jpeg\r\ncontent-length: 99\r\n\r\nabc';
  expect(await raw(server, head)).toMatch(/^HTTP\/1\.1 408 [^]*body-too-slow/);
  expect((await predict(server)).status).toBe(200);
});

/**
 * Sends `head`, then `count` chunks of 64 KiB, whatever comes back in between, as a client does that reads the answer only when all
 * is sent. Resolves to the answer and to how the connection ended.
 */
function sendAll(
  { port }: Running,
  head: string,
  count: number,
  framing: (chunk: Buffer) => Buffer = (c) => c,
) {
  return new Promise<{ answer: string; error: string | undefined }>((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => void send());
    const chunk = framing(Buffer.alloc(65_536, 1));
    let [answer, error]: [string, string | undefined] = ['', undefined];
    const send = async () => {
      socket.write(head);
      for (let i = 0; i < count && !socket.destroyed; i++) {
        await new Promise((sent) => socket.write(chunk, sent));
        await new Promise((turn) => setTimeout(turn, 2));
      }
      socket.end();
    };
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => (error = code));
    socket.on('close', () => resolve({ answer, error }));
  });
}

const head = (path: string, ...headers: string[]) =>
  [`POST ${path} HTTP/1.1`, 'host: x', 'content-type: image/jpeg', ...headers, '', ''].join('\r\n');
const inChunks = (chunk: Buffer) =>
  Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]);

it('lets a client that still sends read why its body was refused', async () => {
  const { server } = await running({ bodyBytes: 200_000 });
  const declared = head('/v1/predict', `content-length: ${50 * 65_536}`);
  const chunked = head('/v1/predict', 'transfer-encoding: chunked');
  const huge = head('/v1/predict', `x: ${'y'.repeat(20_000)}`, 'content-length: 1000000');
  const cases = [
    ['declared', 413, await sendAll(server, declared, 20)],
    ['in chunks', 413, await sendAll(server, chunked, 20, inChunks)],
    [
      'by the app',
      413,
      await sendAll(server, declared.replace('host: x', 'host: x\r\norigin: http://a'), 20),
    ],
    ['headers', 431, await sendAll(server, huge, 20)],
  ] as const;
  for (const [what, status, { answer, error }] of cases) {
    expect(error, what).toBeUndefined();
    expect(answer, what).toMatch(
      new RegExp(`^HTTP/1.1 ${status} [^]*connection: close[^]*"status":${status}`, 'i'),
    );
  }
  expect((await predict(server)).status).toBe(200);
});

it('reads on for a refused client only within bounds', async () => {
  const { server } = await running({ bodyBytes: 1000, lingerMs: 200, lingerGapMs: 100 });
  const silent = await raw(server, head('/v1/predict', 'content-length: 9000000'));
  expect(silent).toMatch(/^HTTP\/1\.1 413 /);
  const endless = head('/v1/predict', `content-length: ${2 ** 40}`);
  expect((await sendAll(server, endless, Infinity)).error).toMatch(/ECONNRESET|EPIPE/);
  const { answer, error } = await sendAll(server, endless.replace('image/jpeg', 'image/tiff'), Infinity);
  expect(answer).toMatch(/^HTTP\/1\.1 415 /);
  expect(error).toMatch(/ECONNRESET|EPIPE/);
  expect((await predict(server)).status).toBe(200);
});

it('says when a port is taken', async () => {
  const { server } = await running();
  const { options } = await testOptions();
  await expect(serve(options, { ...PLACE, port: server.port })).rejects.toMatchObject({
    code: 'CANNOT_LISTEN',
  });
});

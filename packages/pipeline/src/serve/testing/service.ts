// A service for tests: a tiny model in a folder of its own, small limits, logs that are kept.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { noiseCrop } from '../../data/transforms/testing/noise-crops.ts';
import { readModel } from '../../infer/open-model.ts';
import { tinyModel } from '../../infer/testing/tiny-model.ts';
import { encodeJpegSync } from '../../store/jpeg.ts';
import { DEFAULT_LIMITS, type Limits } from '../limits.ts';
import { createLog } from '../log.ts';
import { createService, type ServeOptions, type Service } from '../serve.ts';

export interface TestOptions {
  readonly folder: string;
  readonly options: ServeOptions;
  readonly lines: string[];
}

/** Options of a server whose model lies in `folder/model`, which goes when the test ends. */
export async function testOptions(
  changes: Partial<ServeOptions> = {},
  limits: Partial<Limits> = {},
): Promise<TestOptions> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-serve-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  await tinyModel(join(folder, 'model'));
  const lines: string[] = [];
  const options: ServeOptions = {
    read: () => ({ model: readModel(join(folder, 'model'), ''), reference: 'model', version: null }),
    watchMs: 0,
    engine: { workers: 1, operatorThreads: 1, batchSize: 32, batchWaitMs: 0 },
    limits: { ...DEFAULT_LIMITS, ...limits },
    jobs: null,
    tokens: null,
    corsOrigins: [],
    log: createLog('info', (line) => lines.push(line), Date.now),
    now: Date.now,
    newId: randomUUID,
    ...changes,
  };
  return { folder, options, lines };
}

/** A started service without a socket; it stops when the test ends. */
export async function testService(
  changes: Partial<ServeOptions> = {},
  limits: Partial<Limits> = {},
): Promise<TestOptions & { readonly service: Service }> {
  const made = await testOptions(changes, limits);
  const service = createService(made.options);
  onTestFinished(() => service.close());
  await service.start();
  return { ...made, service };
}

/** JPEG `index` of a fixed series. */
export function testJpeg(index = 0): Uint8Array<ArrayBuffer> {
  const { bgr, width, height } = noiseCrop(100 + index);
  return new Uint8Array(encodeJpegSync(bgr, width, height));
}

export type Body = NonNullable<RequestInit['body']>;

/** A request that posts `body`. */
export function post(body: Body, contentType?: string, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    body,
    headers: { ...(contentType === undefined ? {} : { 'content-type': contentType }), ...headers },
  };
}

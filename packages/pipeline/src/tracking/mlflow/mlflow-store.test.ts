// The server back-end against a small MLflow: the contract, failures on the way, credentials.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newId } from '../run-id.ts';
import { storeContract } from '../testing/contract.ts';
import { FakeMlflow } from '../testing/fake-mlflow.ts';
import type { ServerAccess } from './connection.ts';
import { openMlflowStore } from './mlflow-store.ts';

const QUICK = { pauses: [1, 1, 1, 1] };

storeContract('mlflow', async (folder) => {
  const server = await FakeMlflow.start(folder);
  const store = openMlflowStore(server.address, QUICK);
  const close = async () => {
    await store.close();
    await server.stop();
  };
  return { writer: store, reader: () => Promise.resolve(openMlflowStore(server.address, QUICK)), close };
});

async function serve(access: ServerAccess = QUICK, address = (server: FakeMlflow) => server.address) {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-mlflow-'));
  const server = await FakeMlflow.start(folder);
  const store = openMlflowStore(address(server), access);
  onTestFinished(async () => {
    await store.close();
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  return { server, store };
}
const start = () => ({ id: newId(), experiment: 'flow', name: 'r', startTime: 1, tags: {} });

describe('a server with troubles', () => {
  it('is asked again after answers that may pass, and after a lost one', async () => {
    const { server, store } = await serve();
    const run = start();
    server.failures.push(503, 429, 'lost');
    await store.createRun(run);
    server.failures.push('lost', 502);
    await store.logBatch(run.id, { metrics: [{ key: 'a', value: 1, step: 1, time: 1 }] });
    const [found, ...more] = await server.runs();
    expect(more).toEqual([]);
    expect(found!.metrics['a']!.value).toBe(1);
  });

  it('gets no second run when the answer to its creation is lost', async () => {
    const { server, store } = await serve();
    await store.createRun(start());
    server.failures.push('none', 'lost');
    await store.createRun(start());
    expect(server.asked.filter((path) => path === 'mlflow/runs/create')).toHaveLength(2);
    expect(await server.runs()).toHaveLength(2);
  });

  it('is given up after some attempts', async () => {
    const { server, store } = await serve();
    server.failures.push(...Array<number>(9).fill(500));
    await expect(store.createRun(start())).rejects.toMatchObject({ code: 'TRACKING_UNREACHABLE' });
    expect(server.asked).toHaveLength(5);
  });

  it('is not bothered again with what it refuses', async () => {
    const { server, store } = await serve();
    server.failures.push(400);
    await expect(store.createRun(start())).rejects.toMatchObject({ code: 'TRACKING_REFUSED' });
    expect(server.asked).toHaveLength(1);
  });
});

describe('credentials', () => {
  const basic = `Basic ${Buffer.from('ann:s:c').toString('base64')}`;
  const cases: [string, ServerAccess, string, string | undefined][] = [
    ['a token', { token: 't' }, '', 'Bearer t'],
    ['name and password before a token', { username: 'ann', password: 's:c', token: 't' }, '', basic],
    ['those of the address', {}, 'ann:s%3Ac@', basic],
    ['none', {}, '', undefined],
  ];
  it.each(cases)('%s', async (_, access, inAddress, expected) => {
    const { server, store } = await serve(access, ({ address }) => address.replace('//', `//${inAddress}`));
    await store.createRun(start());
    expect(new Set(server.credentials)).toEqual(new Set([expected]));
    expect(store.address).toBe(server.address);
  });

  it('that are wrong are named, and not tried again', async () => {
    const { server, store } = await serve();
    server.failures.push(401);
    const wrong = {
      code: 'TRACKING_UNREACHABLE',
      hint: expect.stringContaining('MLFLOW_TRACKING_TOKEN') as string,
    };
    await expect(store.createRun(start())).rejects.toMatchObject(wrong);
    expect(server.asked).toHaveLength(1);
  });
});

// The tracker never throws: it orders and batches what is logged, and says once when a store fails.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SpatterError } from '../util/errors.ts';
import { openTracker, serverAccess } from './index.ts';
import type { TrackingStore } from './store.ts';
import { Tracker } from './tracker.ts';

/** A store that notes the calls it gets; `failing` makes a method throw. */
function noting(failing: Partial<Record<keyof TrackingStore, Error>> = {}) {
  const calls: [string, ...unknown[]][] = [];
  const store = new Proxy({} as TrackingStore, {
    get: (_, method: keyof TrackingStore) => {
      if (method === 'address') return 'memory';
      return (...args: unknown[]) => {
        calls.push([method, ...args]);
        const error = failing[method];
        return error === undefined ? Promise.resolve() : Promise.reject(error);
      };
    },
  });
  return { store, calls };
}

function track(failing?: Parameters<typeof noting>[0]) {
  const { store, calls } = noting(failing);
  const lines: string[] = [];
  const clock = { now: 0 };
  const options = {
    now: () => clock.now,
    newId: () => 'id',
    onTrouble: (line: string) => void lines.push(line),
  };
  return { tracker: new Tracker(store, options), calls, lines, clock };
}
const START = { experiment: 'e', name: 'n' };

describe('a tracker', () => {
  it('batches metrics until enough time or other news came, in order', async () => {
    const { tracker, calls, clock } = track();
    const run = tracker.startRun({ ...START, parent: 'p' });
    for (let step = 0; step < 3; step++) run.logMetrics({ loss: step }, step);
    run.setTags({ a: 'b' });
    run.logMetrics({ loss: 3 }, 3);
    clock.now = 5000;
    run.logMetrics({ loss: 4 }, 4);
    run.logParams({ lr: 0.1, none: null, list: [1, 'a'], text: 't', flag: true });
    await run.end('FINISHED');
    await tracker.close();
    expect(calls.map(([method]) => method)).toEqual([
      'createRun',
      'logBatch',
      'logBatch',
      'logBatch',
      'logBatch',
      'updateRun',
      'close',
    ]);
    expect(calls[0]![1]).toMatchObject({ id: 'id', parent: 'p', startTime: 0 });
    expect(calls[1]![2]).toMatchObject({ metrics: [{ step: 0 }, { step: 1 }, { step: 2, time: 0 }] });
    expect(calls[3]![2]).toMatchObject({ metrics: [{ step: 3 }, { step: 4, time: 5000 }] });
    expect(calls[4]![2]).toEqual({
      params: { lr: '0.1', none: 'null', list: '[1,"a"]', text: 't', flag: 'true' },
    });
    expect(calls[5]).toEqual(['updateRun', 'id', 'FINISHED', 5000]);
  });

  it('says once what is refused and goes on with the rest', async () => {
    const { tracker, calls, lines } = track({ logBatch: new SpatterError('TRACKING_REFUSED', 'no', 'do') });
    const run = tracker.startRun(START);
    for (let i = 0; i < 3; i++) run.setTags({ a: 'b' });
    await run.end('FAILED');
    expect(lines).toEqual(['tracking: no; do (the work itself goes on)']);
    expect(calls.at(-1)![0]).toBe('updateRun');
  });

  it('leaves a store that went away alone', async () => {
    const { tracker, calls, lines } = track({
      createRun: new SpatterError('TRACKING_UNREACHABLE', 'away', 'wait'),
    });
    const run = tracker.startRun(START);
    run.logMetrics({ a: 1 }, 1);
    await run.end('FINISHED');
    expect(calls).toHaveLength(1);
    expect(lines).toHaveLength(1);
  });

  it('logs nowhere when nothing is given or the store cannot be opened', async () => {
    const lines: string[] = [];
    const options = { now: () => 0, onTrouble: (line: string) => void lines.push(line) };
    for (const uri of [null, 'ftp://nowhere']) {
      const tracker = await openTracker(uri, options);
      const run = tracker.startRun(START);
      run.logMetrics({ a: 1 }, 1);
      run.logArtifacts('no such file');
      await run.end('FINISHED');
      expect(tracker.address).toBeNull();
    }
    expect(lines).toHaveLength(1);
  });

  it('asks how to reach a server only for a server, and is not stopped by a wrong answer', async () => {
    const lines: string[] = [];
    const access = () => serverAccess({ MLFLOW_HTTP_REQUEST_TIMEOUT: 'soon' }, 'no such home');
    const options = { now: () => 0, access, onTrouble: (line: string) => void lines.push(line) };
    expect((await openTracker('http://127.0.0.1:9', options)).address).toBeNull();
    expect(lines).toEqual([expect.stringContaining('MLFLOW_HTTP_REQUEST_TIMEOUT must be a number')]);
    const folder = mkdtempSync(join(tmpdir(), 'spatter-tracker-'));
    const tracker = await openTracker(`sqlite:///${folder}/mlflow.db`, options);
    await tracker.close();
    expect(tracker.address).not.toBeNull();
    expect(lines).toHaveLength(1);
    rmSync(folder, { recursive: true });
  });

  it('logs a folder with all it holds, and passes over what is not there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spatter-tracker-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const tracker = await openTracker(`sqlite:///${folder}/mlflow.db`, {
      now: () => 0,
      onTrouble: (line) => expect.fail(line),
    });
    writeFileSync(join(folder, 'a.txt'), 'a');
    const run = tracker.startRun(START);
    run.logArtifacts(join(folder, 'a.txt'), 'sub');
    run.logArtifacts(join(folder, 'missing'));
    run.logMetrics({ loss: 1, other: 1 }, 4);
    await run.end('KILLED');
    const again = (await tracker.continueRun(run.id, 'RUNNING'))!;
    for (const step of [3, 4, 5]) again.logMetrics({ loss: 10 + step }, step);
    await again.flush();
    await tracker.close();
    const { openStore } = await import('./open.ts');
    const store = await openStore(`sqlite:///${folder}/mlflow.db`, { now: () => 0 });
    expect(await store.artifacts(run.id)).toEqual(['sub/a.txt']);
    expect((await store.history(run.id, 'loss')).map(({ value }) => value)).toEqual([1, 15]);
    expect((await store.run(run.id))!.status).toBe('RUNNING');
    await store.close();
  });
});

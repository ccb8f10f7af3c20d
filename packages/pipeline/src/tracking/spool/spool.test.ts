// The spool: the contract after a replay, replays that were interrupted, and a server that is away while training logs.
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SpatterError } from '../../util/errors.ts';
import { openTracker } from '../index.ts';
import { openLocalStore } from '../local/local-store.ts';
import type { TrackingStore } from '../store.ts';
import { storeContract } from '../testing/contract.ts';
import { FakeMlflow } from '../testing/fake-mlflow.ts';
import { openSpoolStore } from './spool-store.ts';
import { syncSpool } from './sync.ts';

storeContract('spool, replayed', async (folder) => {
  const spool = join(folder, 'spool');
  const target = await openLocalStore(join(folder, 'mlflow.db'), 1);
  const reader = async () => {
    const { refused } = await syncSpool(spool, target);
    if (refused.length > 0) throw new SpatterError('TRACKING_REFUSED', refused[0]!, '');
    return target;
  };
  return { writer: openSpoolStore(spool), reader, close: () => target.close() };
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-spool-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

const RUN = { experiment: 'e', name: 'n', startTime: 1, tags: {} };
const [PARENT, CHILD] = ['a'.repeat(32), '0'.repeat(32)];

/** A spool with a run and its part, which stands first in the alphabet. */
async function filled(folder: string): Promise<string> {
  const spool = join(folder, 'spool');
  const store = openSpoolStore(spool);
  await store.createRun({ ...RUN, id: PARENT });
  await store.createRun({ ...RUN, id: CHILD, parent: PARENT });
  const file = join(folder, 'file.txt');
  for (const [i, id] of [CHILD, PARENT].entries()) {
    await store.logBatch(id, {
      params: { i: String(i) },
      metrics: [{ key: 'm', value: NaN, step: i, time: i }],
    });
    writeFileSync(file, id);
    await store.logArtifact(id, file, 'file.txt');
    await store.updateRun(id, 'FINISHED', 9);
  }
  return spool;
}

describe('a replay', () => {
  it('sends everything once, parents first, and empties the spool', async () => {
    const folder = temporary();
    const spool = await filled(folder);
    const server = await FakeMlflow.start(folder);
    onTestFinished(() => server.stop());
    const { openStore } = await import('../open.ts');
    const store = await openStore(server.address, { now: () => 1 });
    expect(await syncSpool(spool, store)).toEqual({ runs: 2, entries: 8, refused: [], busy: 0 });
    expect(await syncSpool(spool, store)).toEqual({ runs: 0, entries: 0, refused: [], busy: 0 });
    expect(existsSync(spool)).toBe(false);
    const child = (await store.run(CHILD))!;
    expect(child).toMatchObject({ status: 'FINISHED', parent: PARENT, params: { i: '0' } });
    expect(child.metrics['m']!.value).toBeNaN();
    expect((await store.readArtifact(CHILD, 'file.txt')).toString()).toBe(CHILD);
    await store.close();
  });

  it('ends the same however often and wherever it is interrupted', async () => {
    const folder = temporary();
    const spool = await filled(folder);
    const target = await openLocalStore(join(folder, 'mlflow.db'), 1);
    for (let calls = 0; calls < 12; calls++) {
      await syncSpool(spool, failingAfter(target, calls)).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'TRACKING_UNREACHABLE' });
      });
    }
    await syncSpool(spool, target);
    const runs = await target.runs({ limit: 9 });
    expect(runs.map(({ id, status, params }) => [id, status, params])).toEqual([
      [CHILD, 'FINISHED', { i: '0' }],
      [PARENT, 'FINISHED', { i: '1' }],
    ]);
    expect(await target.history(CHILD, 'm')).toHaveLength(1);
    expect(existsSync(spool)).toBe(false);
    await target.close();
  });

  it('passes over a line that a killed process left unfinished', async () => {
    const folder = temporary();
    const spool = await filled(folder);
    const journal = join(spool, PARENT, 'journal.jsonl');
    appendFileSync(journal, '{"op":"logBatch","ba');
    await openSpoolStore(spool).logBatch(PARENT, { tags: { later: 'yes' } });
    const target = await openLocalStore(join(folder, 'mlflow.db'), 1);
    await syncSpool(spool, target);
    expect((await target.run(PARENT))!.tags['later']).toBe('yes');
    await target.close();
  });

  it('leaves alone a run that another process is sending', async () => {
    const folder = temporary();
    const spool = await filled(folder);
    writeFileSync(join(spool, PARENT, 'lock'), String(process.ppid));
    writeFileSync(join(spool, CHILD, 'lock'), '999999999');
    const target = await openLocalStore(join(folder, 'mlflow.db'), 1);
    expect(await syncSpool(spool, target)).toMatchObject({ runs: 1, busy: 1 });
    await target.close();
  });
});

/** Does `calls` calls, each of which reaches the store, then fails one after it reached it. */
function failingAfter(store: TrackingStore, calls: number): TrackingStore {
  let left = calls % 3;
  return new Proxy(store, {
    get: (target, name) => {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]): Promise<unknown> => {
        const result = (await Reflect.apply(method, target, args)) as unknown;
        if (left-- <= 0) throw new SpatterError('TRACKING_UNREACHABLE', 'away', '');
        return result;
      };
    },
  });
}

describe('a tracker on a server', () => {
  const options = (folder: string, lines: string[]) => ({
    now: () => 5,
    onTrouble: (line: string) => void lines.push(line),
    access: () => ({ pauses: [1] }),
    spool: join(folder, 'spool'),
  });

  it('sends as it goes and leaves nothing behind, also after the run ended', async () => {
    const folder = temporary();
    const server = await FakeMlflow.start(folder);
    onTestFinished(() => server.stop());
    const lines: string[] = [];
    const tracker = await openTracker(server.address, options(folder, lines));
    const run = tracker.startRun({ experiment: 'e', name: 'n' });
    run.logMetrics({ loss: 1 }, 1);
    await run.end('FINISHED');
    const again = (await tracker.continueRun(run.id))!;
    again.logMetrics({ test: 2 }, 0);
    await tracker.close();
    expect(lines).toEqual([]);
    expect((await server.runs())[0]).toMatchObject({
      name: 'n',
      metrics: { loss: { value: 1 }, test: { value: 2 } },
    });
    expect(existsSync(join(folder, 'spool'))).toBe(false);
  });

  it('goes on while the server is away, says so once, and is sent later', async () => {
    const folder = temporary();
    const lines: string[] = [];
    const tracker = await openTracker('http://127.0.0.1:9', options(folder, lines));
    const run = tracker.startRun({ experiment: 'e', name: 'n' });
    for (let step = 0; step < 3; step++) run.logMetrics({ loss: step }, step);
    await run.end('FINISHED');
    expect(await tracker.continueRun(run.id)).not.toBeNull();
    await tracker.close();
    expect(lines).toEqual([
      expect.stringMatching(
        /does not answer.*wait in .*spool.*spatter tracking sync --uri http:\/\/127\.0\.0\.1:9 --spool \S+spool$/,
      ),
    ]);
    const target = await openLocalStore(join(folder, 'mlflow.db'), 1);
    await syncSpool(join(folder, 'spool'), target);
    expect(await target.history(run.id, 'loss')).toHaveLength(3);
    await target.close();
  });
});

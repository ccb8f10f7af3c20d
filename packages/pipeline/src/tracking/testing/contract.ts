// What every tracking store must do; each back-end's test file runs it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../limits.ts';
import { newId } from '../run-id.ts';
import type { MetricPoint, NewRun, TrackingStore } from '../store.ts';

/** A store to write to, and what reads back what was written: usually the same, or another that it was replayed into. */
export interface StoreUnderTest {
  readonly writer: TrackingStore;
  readonly reader: () => Promise<TrackingStore>;
  readonly close: () => Promise<void>;
}

const point = (key: string, value: number, step: number, time = 1000 + step): MetricPoint => ({
  key,
  value,
  step,
  time,
});

/** @param open opens a fresh, empty store; files may be put into `folder`. */
export function storeContract(name: string, open: (folder: string) => Promise<StoreUnderTest>): void {
  describe(`tracking store: ${name}`, () => {
    let folder: string;
    let store: StoreUnderTest;
    const run: NewRun = { id: newId(), experiment: 'flow', name: 'first', startTime: 1000, tags: { a: '1' } };

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'spatter-store-'));
      store = await open(folder);
      await store.writer.createRun(run);
    });
    afterEach(async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    });
    const record = async (id = run.id) => (await (await store.reader()).run(id))!;

    it('begins a run once, and ends it', async () => {
      await store.writer.createRun(run);
      expect(await record()).toMatchObject({
        ...run,
        tags: { a: '1' },
        status: 'RUNNING',
        endTime: null,
        parent: null,
      });
      for (let i = 0; i < 2; i++) await store.writer.updateRun(run.id, 'FINISHED', 5000);
      expect(await record()).toMatchObject({ status: 'FINISHED', endTime: 5000 });
      await store.writer.updateRun(run.id, 'RUNNING', null);
      expect(await record()).toMatchObject({ status: 'RUNNING', endTime: null });
      expect(await (await store.reader()).runs({ experiment: 'flow', limit: 9 })).toHaveLength(1);
    });

    it('knows the parts of a run, newest first', async () => {
      const parts = [1, 2, 3].map((n) => ({
        ...run,
        id: newId(),
        name: `part ${n}`,
        startTime: 1000 + n,
        parent: run.id,
      }));
      for (const part of parts) await store.writer.createRun(part);
      const reader = await store.reader();
      const found = await reader.runs({ parent: run.id, limit: 2 });
      expect(found.map(({ name }) => name)).toEqual(['part 3', 'part 2']);
      expect(found.map(({ parent }) => parent)).toEqual([run.id, run.id]);
      expect(await reader.runs({ experiment: 'other', limit: 9 })).toEqual([]);
      expect(await reader.run(newId())).toBeUndefined();
    });

    it('keeps params, and refuses to change one', async () => {
      const params = {
        'training.optimizer.lr': '0.001',
        'experiment.notes': 'null',
        'experiment.tags': '["a","b"]',
      };
      for (let i = 0; i < 2; i++) await store.writer.logBatch(run.id, { params });
      expect((await record()).params).toEqual(params);
      const change = async () => {
        await store.writer.logBatch(run.id, { params: { 'training.optimizer.lr': '0.1' } });
        await store.reader();
      };
      await expect(change()).rejects.toMatchObject({ code: 'TRACKING_REFUSED' });
    });

    it('keeps the last value of a tag', async () => {
      for (const b of ['1', '2'])
        await store.writer.logBatch(run.id, { tags: { b, 'mlflow.runName': `name ${b}` } });
      expect(await record()).toMatchObject({ name: 'name 2', tags: { a: '1', b: '2' } });
    });

    it('keeps every point of a metric once, and the latest', async () => {
      const points = [
        point('loss', 0.5, 1),
        point('loss', 0.25, 2),
        point('loss', 0.75, 2, 1001),
        point('accuracy', 1, 7),
      ];
      for (let i = 0; i < 2; i++) await store.writer.logBatch(run.id, { metrics: points });
      await store.writer.logBatch(run.id, { metrics: [point('loss', 9, 0)] });
      const reader = await store.reader();
      const history = await reader.history(run.id, 'loss');
      expect(history).toEqual([point('loss', 9, 0), points[0], points[2], points[1]]);
      expect((await record()).metrics).toEqual({ loss: points[1], accuracy: points[3] });
    });

    it('keeps values that are not finite', async () => {
      const values = { nan: NaN, up: Infinity, down: -Infinity, tiny: 5e-324, large: 1e308 };
      const metrics = Object.entries(values).map(([key, value]) => point(key, value, 0));
      await store.writer.logBatch(run.id, { metrics });
      const { metrics: latest } = await record();
      for (const [key, value] of Object.entries(values)) expect(latest[key]!.value, key).toBe(value);
    });

    it('makes what is too long or oddly named fit', async () => {
      const params = { ['k'.repeat(300)]: 'v', long: 'x'.repeat(7000), 'a=b, c': '1' };
      await store.writer.logBatch(run.id, { params, tags: { long: 'y'.repeat(9000) } });
      const { params: kept, tags } = await record();
      expect(Object.keys(kept).sort()).toEqual(['a_b_ c', 'k'.repeat(250), 'long']);
      expect([kept['long']!.length, tags['long']!.length]).toEqual([LIMITS.param, LIMITS.tag]);
    });

    it('takes more than fits one request', async () => {
      const metrics = Array.from({ length: 2500 }, (_, step) => point('loss', step / 7, step));
      const params = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`p${i}`, String(i)]));
      await store.writer.logBatch(run.id, { metrics, params, tags: params });
      const reader = await store.reader();
      expect(await reader.history(run.id, 'loss')).toEqual(metrics);
      const { params: kept, tags } = await record();
      expect(kept).toEqual(params);
      expect(tags).toMatchObject(params);
    });

    it('keeps files under their names, and replaces them', async () => {
      const file = join(folder, 'plot.svg');
      writeFileSync(file, 'old');
      await store.writer.logArtifact(run.id, file, 'plots/a b.svg');
      writeFileSync(file, 'new');
      for (let i = 0; i < 2; i++) await store.writer.logArtifact(run.id, file, 'plots/a b.svg');
      await store.writer.logArtifact(run.id, file, 'top.svg');
      const reader = await store.reader();
      expect(await reader.artifacts(run.id)).toEqual(['plots/a b.svg', 'top.svg']);
      expect((await reader.readArtifact(run.id, 'plots/a b.svg')).toString()).toBe('new');
    });

    it('takes the data that a run reads', async () => {
      const dataset = {
        name: 'data',
        digest: 'a'.repeat(36),
        source: 'data',
        profile: { crops: 7 },
        context: 'training',
      };
      for (let i = 0; i < 2; i++)
        await store.writer.logDataset(run.id, { ...dataset, tags: { split: 'recording' } });
      expect((await record()).datasets).toEqual([
        { name: 'data', digest: 'a'.repeat(36), context: 'training' },
      ]);
    });
  });
}

// What every storage must do: the same suite runs against each of them.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { categoricalDistribution, floatDistribution, intDistribution } from '../../distributions.ts';
import type { FrozenTrial, TrialTemplate } from '../../trial-record.ts';
import type { Storage } from '../storage.ts';

const x = floatDistribution(0, 1);
const n = intDistribution(1, 64, { log: true });
const kind = categoricalDistribution(['sgd', 'adam', null, true]);

/** A trial with something in every field. */
export const FULL_TRIAL: TrialTemplate = {
  state: 'COMPLETE',
  values: [Infinity],
  startedAt: new Date('2026-01-02T03:04:05.678Z'),
  completedAt: new Date('2026-01-02T03:05:06.789Z'),
  params: { x: 0.25, n: 8, kind: null },
  distributions: { x, n, kind },
  userAttrs: { note: 'größer', nested: { list: [1, NaN, -Infinity] } },
  systemAttrs: { fixed_params: { x: 0.25 } },
  intermediateValues: new Map([
    [0, 0.5],
    [1, NaN],
    [7, -Infinity],
  ]),
};

const withoutIds = (trial: FrozenTrial): TrialTemplate => {
  const { id, number, ...rest } = trial;
  expect(id + number).toBeGreaterThanOrEqual(0);
  return rest;
};

/** Runs the suite. `open` gives an empty storage; `reopen`, where the storage outlives its process, opens the same again. */
export function describeStorage(
  name: string,
  open: () => Promise<Storage>,
  reopen?: () => Promise<Storage>,
): void {
  describe(`${name} storage`, () => {
    let storage: Storage;
    let study: number;
    beforeEach(async () => {
      storage = await open();
      study = await storage.createStudy('s', ['minimize']);
    });
    afterEach(() => storage.close());
    const only = async (): Promise<FrozenTrial> => (await storage.trials(study))[0]!;

    it('keeps studies apart by name', async () => {
      const other = await storage.createStudy('other', ['maximize', 'minimize']);
      await storage.setStudyAttr(other, 'user', 'key', { a: [1, null] });
      await storage.setStudyAttr(other, 'user', 'key', 'replaced');
      await storage.setStudyAttr(other, 'system', 'key', NaN);
      const attrs = { userAttrs: { key: 'replaced' }, systemAttrs: { key: NaN } };
      const expected = { id: other, name: 'other', directions: ['maximize', 'minimize'], ...attrs };
      expect(await storage.findStudy('other')).toEqual(expected);
      expect((await storage.studies()).map((s) => s.name)).toEqual(['s', 'other']);
      expect(await storage.findStudy('none')).toBeUndefined();
      await expect(storage.createStudy('s', ['minimize'])).rejects.toMatchObject({ code: 'STUDY_EXISTS' });
    });

    it('deletes a study with its trials', async () => {
      await storage.createTrial(study, FULL_TRIAL);
      await storage.deleteStudy(study);
      expect(await storage.studies()).toEqual([]);
      await expect(storage.trials(study)).rejects.toMatchObject({ code: 'STUDY_NOT_FOUND' });
      await expect(storage.deleteStudy(study)).rejects.toMatchObject({ code: 'STUDY_NOT_FOUND' });
    });

    it('gives a template back unchanged', async () => {
      const trial = await storage.createTrial(study, FULL_TRIAL);
      expect(withoutIds(trial)).toEqual(FULL_TRIAL);
      expect(withoutIds(await only())).toEqual(FULL_TRIAL);
    });

    it('starts empty trials with the next number', async () => {
      const before = Date.now() - 1;
      const other = await storage.createStudy('other', ['minimize']);
      const trials = [
        await storage.startTrial(study),
        await storage.startTrial(other),
        await storage.startTrial(study),
      ];
      expect(trials.map((trial) => trial.number)).toEqual([0, 0, 1]);
      expect(new Set(trials.map((trial) => trial.id)).size).toBe(3);
      expect(trials[0]).toMatchObject({
        state: 'RUNNING',
        values: undefined,
        params: {},
        completedAt: undefined,
      });
      expect(trials[0]!.startedAt!.getTime()).toBeGreaterThanOrEqual(before);
    });

    it('takes waiting trials in order, each once', async () => {
      for (const q of [0, 1]) await storage.createTrial(study, { state: 'WAITING', systemAttrs: { q } });
      const started = await Promise.all([1, 2, 3].map(() => storage.startTrial(study)));
      expect(started.map((trial) => trial.systemAttrs['q']).sort()).toEqual([0, 1, undefined]);
      expect(started.map((trial) => trial.state)).toEqual(['RUNNING', 'RUNNING', 'RUNNING']);
      expect(started.every((trial) => trial.startedAt !== undefined)).toBe(true);
    });

    it('stores every part of an update and leaves the rest', async () => {
      const { id } = await storage.startTrial(study);
      await storage.updateTrial(id, {
        params: { x: { internal: 0.5, distribution: x } },
        userAttrs: { a: 1 },
      });
      const params = { kind: { internal: 2, distribution: kind }, n: { internal: 4, distribution: n } };
      await storage.updateTrial(id, { params, userAttrs: { a: 2, b: 'ü' }, systemAttrs: { c: [true] } });
      await storage.updateTrial(id, {
        intermediateValues: new Map([
          [0, NaN],
          [3, 1.5],
        ]),
      });
      await storage.updateTrial(id, { state: 'COMPLETE', values: [-Infinity] });
      const trial = await only();
      expect(trial).toMatchObject({
        state: 'COMPLETE',
        values: [-Infinity],
        userAttrs: { a: 2, b: 'ü' },
        systemAttrs: { c: [true] },
      });
      expect(trial.params).toEqual({ x: 0.5, kind: null, n: 4 });
      expect(trial.distributions).toEqual({ x, kind, n });
      expect(trial.intermediateValues).toEqual(
        new Map([
          [0, NaN],
          [3, 1.5],
        ]),
      );
      expect(trial.completedAt!.getTime()).toBeGreaterThanOrEqual(trial.startedAt!.getTime());
    });

    it('never changes what has ended, nor what it has handed out', async () => {
      const { id } = await storage.startTrial(study);
      const before = await only();
      await storage.updateTrial(id, { state: 'FAIL', userAttrs: { a: 1 } });
      expect(before).toMatchObject({ state: 'RUNNING', userAttrs: {} });
      await expect(storage.updateTrial(id, { userAttrs: { a: 2 } })).rejects.toMatchObject({
        code: 'TRIAL_FINISHED',
      });
      expect((await only()).userAttrs).toEqual({ a: 1 });
      await expect(storage.updateTrial(12345, {})).rejects.toMatchObject({ code: 'TRIAL_NOT_FOUND' });
      await expect(storage.startTrial(12345)).rejects.toMatchObject({ code: 'STUDY_NOT_FOUND' });
    });

    it('numbers trials without gaps when many start at once', async () => {
      const trials = await Promise.all(Array.from({ length: 20 }, () => storage.startTrial(study)));
      expect(trials.map((trial) => trial.number).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, i) => i),
      );
      expect((await storage.trials(study)).map((trial) => trial.number)).toEqual(
        Array.from({ length: 20 }, (_, i) => i),
      );
    });

    it('fails a trial and queues its replacement once', async () => {
      const { id } = await storage.startTrial(study);
      const fail = () => storage.failTrial(id, { state: 'WAITING', systemAttrs: { failed_trial: 0 } });
      expect((await Promise.all([fail(), fail(), fail()])).sort()).toEqual([false, false, true]);
      expect((await storage.trials(study)).map((trial) => trial.state)).toEqual(['FAIL', 'WAITING']);
      expect(await storage.failTrial((await storage.startTrial(study)).id)).toBe(true);
      expect(await storage.trials(study)).toHaveLength(2);
      await expect(storage.failTrial(12345)).rejects.toMatchObject({ code: 'TRIAL_NOT_FOUND' });
    });

    it('starts no more new trials than the limit, but waiting ones and retries', async () => {
      const within = async (limit = 3) => (await storage.startTrialWithin(study, limit))?.trial;
      await storage.createTrial(study, { state: 'WAITING' });
      const started = await Promise.all(Array.from({ length: 5 }, () => within()));
      expect(started.flatMap((trial) => trial?.number ?? []).sort()).toEqual([0, 1, 2]);
      const retry: TrialTemplate = { state: 'WAITING', systemAttrs: { retry_history: [1] } };
      await storage.failTrial(started.find((trial) => trial?.number === 1)!.id, retry);
      expect([(await within())?.number, await within()]).toEqual([3, undefined]);
      expect(await within(4)).toMatchObject({ number: 4 });
    });

    it('gives the trials of the moment with the one that it starts', async () => {
      await storage.createTrial(study, { state: 'COMPLETE', values: [1] });
      await storage.createTrial(study, { state: 'WAITING' });
      for (const number of [1, 2]) {
        const { trial, trials } = (await storage.startTrialWithin(study, Infinity))!;
        expect(trial).toMatchObject({ number, state: 'RUNNING' });
        expect(trials).toEqual(await storage.trials(study));
        expect(trials[number]).toEqual(trial);
      }
    });

    it('names silent trials only', async () => {
      const { heartbeats } = storage;
      if (heartbeats === undefined) return;
      const [silent, quiet] = [
        await storage.startTrial(study, { sign: true }),
        await storage.startTrial(study),
      ];
      expect(await heartbeats.stale(study, 60)).toEqual([]);
      expect(await heartbeats.stale(study, -60)).toEqual([silent.id]);
      expect(await heartbeats.stale(study, 60, 60)).toEqual([]);
      expect(await heartbeats.stale(study, 60, -60)).toEqual([quiet.id]);
      await heartbeats.record(silent.id);
      expect(await heartbeats.stale(study, 60)).toEqual([]);
      await storage.updateTrial(silent.id, { state: 'FAIL' });
      expect(await heartbeats.stale(study, -60)).toEqual([]);
      expect((await storage.trials(study))[quiet.number]!.state).toBe('RUNNING');
    });

    if (reopen === undefined) return;
    it('keeps everything for the next process, and shows what others change', async () => {
      await storage.createTrial(study, FULL_TRIAL);
      await storage.startTrial(study);
      const other = await reopen();
      expect(await other.trials(study)).toEqual(await storage.trials(study));
      const { id } = await other.startTrial(study);
      await other.updateTrial(id, { state: 'COMPLETE', values: [1] });
      await other.updateTrial((await other.trials(study))[1]!.id, { state: 'PRUNED' });
      const seen = (await storage.trials(study)).map((trial) => [trial.number, trial.state]);
      expect(seen).toEqual([
        [0, 'COMPLETE'],
        [1, 'PRUNED'],
        [2, 'COMPLETE'],
      ]);
      await other.close();
    });
  });
}

// Studies: asking and telling, the loop, the queue, constraints, dead workers.
import { describe, expect, it } from 'vitest';
import { floatDistribution, intDistribution } from '../distributions.ts';
import { noPruner } from '../pruners/none.ts';
import type { PruningContext } from '../pruners/pruner.ts';
import { thresholdPruner } from '../pruners/threshold.ts';
import { randomSampler } from '../samplers/random.ts';
import { MemoryStorage } from '../storages/memory.ts';
import { openSqlite } from '../storages/sqlite.ts';
import { createStudy, deleteStudy, loadStudy } from './open.ts';
import type { Objective } from './optimize.ts';
import { TrialPruned, type Trial } from './trial.ts';

const square = (trial: Trial): number => trial.suggestFloat('x', -1, 1) ** 2;

describe('ask and tell', () => {
  it('ends a trial with its value', async () => {
    const study = await createStudy({ seed: 1 });
    const trial = await study.ask({ x: floatDistribution(0, 1) });
    expect(await study.tell(trial, 0.5)).toMatchObject({
      number: 0,
      state: 'COMPLETE',
      values: [0.5],
      params: trial.params,
    });
    expect(await study.tell((await study.ask()).number, [2])).toMatchObject({ number: 1, values: [2] });
    expect((await study.bestTrial()).number).toBe(0);
  });

  it('fails a trial whose value cannot be used, and says why a wrong state cannot be told', async () => {
    const study = await createStudy({ directions: ['minimize', 'maximize'] });
    for (const told of [NaN, 1, undefined, [1, NaN]])
      expect((await study.tell(await study.ask(), told)).state).toBe('FAIL');
    expect((await study.tell(await study.ask(), [1, Infinity])).state).toBe('COMPLETE');
    await expect(study.tell(await study.ask(), NaN, { state: 'COMPLETE' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(study.tell(await study.ask(), [1, 1], { state: 'FAIL' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('tells a trial once', async () => {
    const study = await createStudy();
    const trial = await study.ask();
    await study.tell(trial, 1);
    await expect(study.tell(trial, 2)).rejects.toMatchObject({ code: 'TRIAL_FINISHED' });
    await expect(study.tell(0, 2)).rejects.toMatchObject({ code: 'TRIAL_FINISHED' });
    expect((await study.tell(0, 2, { skipIfFinished: true })).values).toEqual([1]);
    await expect(study.tell(9, 2)).rejects.toMatchObject({ code: 'TRIAL_NOT_FOUND' });
  });

  it('gives a pruned trial its last report', async () => {
    const study = await createStudy();
    const trial = await study.ask();
    trial.report(3, 0);
    trial.report(4, 5);
    trial.report(9, 5);
    expect(await study.tell(trial, undefined, { state: 'PRUNED' })).toMatchObject({
      state: 'PRUNED',
      values: [4],
    });
    expect((await study.tell(await study.ask(), undefined, { state: 'PRUNED' })).values).toBeUndefined();
  });

  it('gives the same value for the same name, and refuses another kind', async () => {
    const study = await createStudy();
    const trial = await study.ask();
    expect(trial.suggestFloat('x', 0, 1)).toBe(trial.suggestFloat('x', 0, 2));
    expect(() => trial.suggestInt('x', 0, 1)).toThrow(
      expect.objectContaining({ code: 'INCOMPATIBLE_DISTRIBUTION' }),
    );
    await trial.flush();
    const next = await study.ask();
    expect(() => next.suggestFloat('x', 1, 2, { log: true })).toThrow(
      expect.objectContaining({ code: 'INCOMPATIBLE_DISTRIBUTION' }),
    );
    expect(next.suggestInt('one', 4, 4)).toBe(4);
    expect(() => next.report(1, -1)).toThrow('step');
  });
});

describe('optimize', () => {
  it('stops after its trials, its time, a signal or a call', async () => {
    const study = await createStudy({ sampler: randomSampler() });
    const count = async () => (await study.trials()).length;
    await study.optimize(square, { trials: 5, concurrency: 3 });
    expect(await count()).toBe(5);
    await study.optimize(square, { timeoutSeconds: 0 });
    const abort = new AbortController();
    await study.optimize(square, {
      signal: abort.signal,
      callbacks: [(_, trial) => (trial.number === 7 ? abort.abort() : undefined)],
    });
    expect(await count()).toBe(8);
    await study.optimize(square, { callbacks: [(s, trial) => (trial.number === 9 ? s.stop() : undefined)] });
    expect(await count()).toBe(10);
    await Promise.all([1, 2].map(() => study.optimize(square, { studyTrials: 13, concurrency: 2 })));
    expect(await count()).toBe(13);
  });

  it('fails a trial that throws; only listed errors let it go on', async () => {
    const study = await createStudy({ sampler: randomSampler() });
    const objective: Objective = (trial) => {
      square(trial);
      if (trial.number === 1) throw new RangeError('listed');
      if (trial.number === 3) throw new TypeError('not listed');
      return 0;
    };
    await expect(study.optimize(objective, { trials: 9, catch: [RangeError] })).rejects.toThrow('not listed');
    expect((await study.trials()).map((trial) => trial.state)).toEqual([
      'COMPLETE',
      'FAIL',
      'COMPLETE',
      'FAIL',
    ]);
    expect((await study.trials())[1]!.params).toHaveProperty('x');
  });

  it('prunes', async () => {
    const study = await createStudy({ pruner: thresholdPruner({ upper: 10 }), sampler: randomSampler() });
    await study.optimize(
      async (trial) => {
        for (let step = 0; step < 5; step++) {
          trial.report(trial.number * step, step);
          if (await trial.shouldPrune()) throw new TrialPruned();
        }
        return 0;
      },
      { trials: 5 },
    );
    const trials = await study.trials();
    expect(trials.map((trial) => trial.state)).toEqual([
      'COMPLETE',
      'COMPLETE',
      'COMPLETE',
      'PRUNED',
      'PRUNED',
    ]);
    expect(trials.map((trial) => trial.intermediateValues.size)).toEqual([5, 5, 5, 5, 4]);
  });

  it('finds a minimum better than chance does', async () => {
    const best = async (sampler?: ReturnType<typeof randomSampler>) => {
      const study = await createStudy({ seed: 4, ...(sampler && { sampler }) });
      await study.optimize((t) => square(t) + t.suggestFloat('y', -1, 1) ** 2, { trials: 60 });
      return (await study.bestTrial()).values![0]!;
    };
    expect(await best()).toBeLessThan(await best(randomSampler()));
  });

  it('goes on when another worker has ended its trial', async () => {
    const study = await createStudy({ sampler: randomSampler() });
    await study.optimize(
      async (trial) => {
        if (trial.number === 0) await study.tell(0, undefined, { state: 'FAIL' });
        return square(trial);
      },
      { trials: 2 },
    );
    expect((await study.trials()).map((trial) => trial.state)).toEqual(['FAIL', 'COMPLETE']);
  });
});

describe('the queue', () => {
  it('tries enqueued parameters first and samples the rest', async () => {
    const study = await createStudy({ seed: 1, warn: () => undefined });
    expect(await study.enqueue({ x: 0.125 }, { userAttrs: { why: 'known' } })).toBe(true);
    await study.enqueue({ x: 5, y: 0.5 });
    await study.optimize((trial) => square(trial) + trial.suggestFloat('y', 0, 1), { trials: 3 });
    const [first, second, third] = await study.trials();
    expect(first).toMatchObject({ params: { x: 0.125 }, userAttrs: { why: 'known' } });
    expect(second!.params).toEqual({ x: 5, y: 0.5 });
    expect(third!.systemAttrs['fixed_params']).toBeUndefined();
  });

  it('skips repetitions if asked to', async () => {
    const study = await createStudy();
    await study.enqueue({ x: 1, kind: 'a' });
    expect(await study.enqueue({ kind: 'a', x: 1 + 1e-9 }, { skipIfExists: true })).toBe(false);
    expect(await study.enqueue({ x: 1, kind: 'b' }, { skipIfExists: true })).toBe(true);
    expect(await study.enqueue({ x: 1 }, { skipIfExists: true })).toBe(true);
  });

  it('warns of values out of range', async () => {
    const warnings: string[] = [];
    const study = await createStudy({ warn: (message) => warnings.push(message) });
    await study.enqueue({ x: 7 });
    expect((await study.ask()).suggestFloat('x', 0, 1)).toBe(7);
    expect(warnings).toHaveLength(1);
  });
});

describe('a study', () => {
  it('is created once and loaded by name', async () => {
    const storage = new MemoryStorage();
    const study = await createStudy({ storage, name: 's', direction: 'maximize' });
    await study.setUserAttr('a', 1);
    await study.setMetricNames(['accuracy']);
    await expect(createStudy({ storage, name: 's' })).rejects.toMatchObject({ code: 'STUDY_EXISTS' });
    const same = await createStudy({ storage, name: 's', loadIfExists: true });
    expect(same.directions).toEqual(['maximize']);
    expect(await (await loadStudy({ storage, name: 's' })).attributes()).toEqual({
      user: { a: 1 },
      system: { 'study:metric_names': ['accuracy'] },
    });
    await deleteStudy({ storage, name: 's' });
    await expect(loadStudy({ storage, name: 's' })).rejects.toMatchObject({ code: 'STUDY_NOT_FOUND' });
    await expect(deleteStudy({ storage, name: 's' })).rejects.toMatchObject({ code: 'STUDY_NOT_FOUND' });
  });

  it('has a best trial among the feasible ones, or a front', async () => {
    const study = await createStudy();
    await expect(study.bestTrial()).rejects.toMatchObject({ code: 'NO_BEST_TRIAL' });
    await study.optimize(
      (trial) => {
        trial.setConstraint('limit', 2 - trial.number);
        trial.setConstraint('limit', 99);
        return trial.suggestInt('n', 0, 0) + trial.number;
      },
      { trials: 5 },
    );
    expect((await study.bestTrial()).number).toBe(2);
    const several = await createStudy({ directions: ['minimize', 'maximize'] });
    for (const values of [
      [1, 1],
      [2, 2],
      [2, 1],
      [1, 1],
    ])
      await several.addTrial({ values });
    expect((await several.bestTrials()).map((trial) => trial.number)).toEqual([0, 1, 3]);
    await expect(several.bestTrial()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const trial = await several.ask();
    expect(() => trial.report(1, 0)).toThrow('one objective');
    await expect(trial.shouldPrune()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('takes only trials that could be its own', async () => {
    const study = await createStudy();
    const n = intDistribution(1, 3);
    expect(await study.addTrial({ values: [1], params: { n: 2 }, distributions: { n } })).toMatchObject({
      state: 'COMPLETE',
      number: 0,
    });
    const wrong = [
      { values: [1, 2] },
      { values: [NaN] },
      {},
      { values: [1], params: { n: 2 } },
      { values: [1], params: { n: 9 }, distributions: { n } },
    ];
    for (const template of wrong)
      await expect(study.addTrial(template)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('learns only from a bracket of Hyperband, and never with several objectives', async () => {
    const seen: number[] = [];
    const sampler = {
      sampleOne: (context: { trials: readonly unknown[] }) => seen.push(context.trials.length) && 0.5,
    };
    const pruner = {
      ...noPruner(),
      peers: (context: PruningContext) => context.trials.slice(0, 1),
    };
    for (const directions of [['minimize'], ['minimize', 'minimize']] as const) {
      const study = await createStudy({ sampler, pruner, directions });
      for (let i = 0; i < 3; i++) (await study.ask()).suggestFloat('x', 0, 1);
    }
    expect(seen).toEqual([1, 1, 1, 1, 2, 3]);
  });
});

describe('dead workers', () => {
  it('lose their trials, which are tried again up to a limit', async () => {
    const storage = await openSqlite(':memory:');
    const heartbeat = { intervalSeconds: 100, graceSeconds: -1, retry: { max: 1 } };
    const study = await createStudy({ storage, heartbeat, seed: 1 });
    const die = async () => {
      const trial = await study.ask();
      const x = trial.suggestFloat('x', 0, 1);
      trial.setUserAttr('a', 1);
      await trial.flush();
      await storage.heartbeats.record(trial.id);
      return x;
    };
    const x = await die();
    expect(await study.failStaleTrials()).toEqual([0]);
    expect((await study.trials())[1]).toMatchObject({
      state: 'WAITING',
      params: { x },
      userAttrs: { a: 1 },
      systemAttrs: { failed_trial: 0, retry_history: [0] },
    });
    expect(await die()).toBe(x);
    expect(await study.failStaleTrials()).toEqual([1]);
    expect((await study.trials()).map((trial) => trial.state)).toEqual(['FAIL', 'FAIL']);
    expect(await study.failStaleTrials()).toEqual([]);
    await storage.close();
  });

  it('are told from living ones by their heartbeats', async () => {
    const storage = await openSqlite(':memory:');
    const study = await createStudy({ storage, heartbeat: { intervalSeconds: 60 } });
    await study.ask();
    await study.optimize(async (trial) => (await study.failStaleTrials()).length + square(trial), {
      trials: 2,
    });
    expect((await study.trials()).map((trial) => trial.state)).toEqual(['RUNNING', 'COMPLETE', 'COMPLETE']);
    await expect(createStudy({ heartbeat: { intervalSeconds: 1 } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await storage.close();
  });
});

// Search spaces, plans and what is chosen: all that a sweep decides before and after training.
import { describe, expect, it } from 'vitest';
import { composeConfig } from '../config/index.ts';
import { readObjectives } from './objectives.ts';
import { composePlan, parsePlan, planDigest, withoutPassword } from './plan.ts';
import { samplerOf } from './sampler.ts';
import { isSearch, parseSearch } from './search-grammar.ts';
import { applies, divideOverrides, mergeSpaces, overrideLine, readSpace } from './search-space.ts';
import { chooseFromFront } from './summary.ts';
import { isAbandoned, workerIdentity } from './worker-identity.ts';
import type { FrozenTrial } from '@spatter/hpo';

describe('the sweep grammar', () => {
  it.each([
    ['interval(1, 5)', { name: 'FloatDistribution', low: 1, high: 5, log: false, step: null }],
    ['interval(start=1,end=5)', { low: 1, high: 5 }],
    ['int(interval(1, 5))', { name: 'IntDistribution', low: 1, high: 5 }],
    ['tag(log, interval(1e-5, 1e-1))', { name: 'FloatDistribution', low: 1e-5, high: 0.1, log: true }],
    ['tag(log, int(interval(8, 64)))', { name: 'IntDistribution', log: true }],
    ['int(tag(log, interval(8, 64)))', { name: 'IntDistribution', log: true }],
    ['range(3)', { name: 'IntDistribution', low: 0, high: 2, step: 1 }],
    ['range(1, 10, 3)', { low: 1, high: 7, step: 3 }],
    ['range(start=1,stop=3,step=2)', { low: 1, high: 1 }],
    ['range(0, 0.5, 0.1)', { name: 'FloatDistribution', low: 0, high: 0.4, step: 0.1 }],
    ["choice(a, 1, 0.5, true, null, 'b c')", { choices: ['a', 1, 0.5, true, null, 'b c'] }],
    ['a,b', { choices: ['a', 'b'] }],
    ['choice([0.9,0.99],[0.8,0.9])', { choices: ['[0.9,0.99]', '[0.8,0.9]'] }],
  ])('reads %s', (text, distribution) => {
    expect(isSearch(text)).toBe(true);
    expect(parseSearch(text)).toMatchObject(distribution);
  });

  it('takes whole numbers where the key does', () => {
    expect(parseSearch('interval(1, 5)', true)).toMatchObject({ name: 'IntDistribution' });
    expect(parseSearch('float(interval(1, 5))', true)).toMatchObject({ name: 'FloatDistribution' });
  });

  it('leaves settings alone', () => {
    for (const text of ['5', 'adam', '[1,2]', '{a: 1, b: 2}', "'a,b'", 'int(3.5)', ''])
      expect(isSearch(text)).toBe(false);
  });

  it.each([
    ['interval(1)', 'a start and an end'],
    ['interval(5, 1)', 'low <= high'],
    ['interval(a, b)', 'takes numbers'],
    ['range(5, 1)', 'below its stop'],
    ['tag(best, interval(1, 2))', 'best is no known tag'],
    ['tag(log, interval(0, 1))', 'low > 0'],
  ])('refuses %s', (text, message) => {
    expect(() => parseSearch(text)).toThrow(message);
  });
});

describe('a search space', () => {
  const shipped = readSpace({
    model: 'choice(lenet5, cnn)',
    'model=cnn': { 'model.architecture.depth': 'range(2, 5)' },
    'training.batch_size': [32, 64],
    'training.epochs': 3,
  });

  it('knows what is fixed, and what is searched under a condition only', () => {
    expect(shipped.fixed).toEqual(['training.epochs=3']);
    const [model, depth, batch] = shipped.searched;
    expect(batch!.distribution).toMatchObject({ choices: [32, 64] });
    expect([
      applies(depth!, { model: 'cnn' }),
      applies(depth!, { model: 'lenet5' }),
      applies(depth!, {}),
    ]).toEqual([true, false, false]);
    expect(applies(model!, {})).toBe(true);
  });

  it('gives way to the command line', () => {
    const keys = (...lines: string[]) =>
      mergeSpaces(shipped, divideOverrides(lines)).searched.map(({ key }) => key);
    expect(keys()).toEqual(['model', 'model.architecture.depth', 'training.batch_size']);
    expect(keys('model=lenet5')).toEqual(['training.batch_size']);
    expect(keys('training.batch_size=16', 'seed=1,2')).toEqual(['model', 'model.architecture.depth', 'seed']);
    const merged = mergeSpaces(shipped, divideOverrides(['model=cnn', 'training.epochs=9']));
    expect(merged.searched.map(({ key, when }) => [key, when])).toEqual([
      ['model.architecture.depth', null],
      ['training.batch_size', null],
    ]);
    expect(merged.fixed).toEqual(['model=cnn', 'training.epochs=9']);
  });

  it('says which key cannot be read', () => {
    expect(() => readSpace({ 'a.b': 'interval(2, 1)' })).toThrow('a.b=interval(2, 1)');
    expect(() => readSpace({ a: { b: 1 } })).toThrow('a map must stand below KEY=VALUE');
    expect(() => divideOverrides(['a=range()'])).toThrow('a=range()');
  });

  it('writes values as overrides that give them back', () => {
    const values = [1e-7, 5, true, null, 'adam', "it's, here", 'a b', 'true', "\\'", 'C:\\'];
    for (const value of values) {
      const line = overrideLine('experiment.notes', value);
      if (typeof value === 'string')
        expect(composeConfig({ overrides: [line] }).config.experiment.notes).toBe(value);
      else expect(line).toBe(`experiment.notes=${String(value)}`);
    }
    expect(overrideLine('training.optimizer.betas', '[0.8,0.9]')).toBe('training.optimizer.betas=[0.8,0.9]');
  });
});

describe('a plan', () => {
  const plan = (...overrides: string[]) =>
    composePlan({ study: 's', storage: null, overrides, configDirs: [], env: {} });

  it.each(['default', 'architecture', 'augmentation', 'pareto', 'everything'])(
    'ships the search %s',
    (name) => {
      const { searched, settings } = plan(`hpo=${name}`);
      expect(searched.length).toBeGreaterThan(2);
      expect(readObjectives(settings.objectives).length).toBe(name === 'pareto' ? 2 : 1);
      const { overrides } = plan(`hpo=${name}`, 'hpo.sampler.name=random');
      expect(() => composeConfig({ overrides })).not.toThrow();
    },
  );

  it('takes spaces, objectives and keys from the command line', () => {
    const { searched, settings, overrides } = plan(
      'hpo/space=[cnn,augmentation]',
      'hpo.objectives=[val_loss,params:maximize]',
      'hpo.trials=7',
      'seed=1,2',
      'device=cpu',
    );
    expect(searched.map(({ key }) => key)).toContain('model.architecture.depth');
    expect(searched.at(-1)).toMatchObject({ key: 'seed' });
    expect(settings.trials).toBe(7);
    expect(readObjectives(settings.objectives)).toEqual([
      { name: 'val_loss', direction: 'minimize' },
      { name: 'params', direction: 'maximize' },
    ]);
    expect(overrides).toEqual(expect.arrayContaining(['model=cnn', 'device=cpu']));
  });

  it('refuses what cannot be searched', () => {
    const code = (...overrides: string[]) => expect(() => plan(...overrides));
    code('hpo.objectives=[accuracy]').toThrow('an objective must be a name');
    code('hpo.objectives=[]').toThrow('one objective or more');
    code('hpo/space=[]').toThrow('must search one key or more');
    code('hpo.sampler.name=tbe').toThrow('hpo.sampler.name must be one of');
    code('hpo.trails=3').toThrow('hpo.trails: unknown key');
    const { settings, searched } = plan('hpo.sampler.name=grid');
    expect(() => samplerOf({ settings, searched, objectives: 1 })).toThrow('cannot be searched by');
  });

  it('is the same search wherever the data lie and however long it goes on', () => {
    const digest = (...overrides: string[]) => planDigest(plan(...overrides));
    expect(digest('paths.data_root=/a', 'hpo.trials=9', 'device=cpu')).toBe(digest());
    expect(digest('seed=3')).not.toBe(digest());
    expect(digest('hpo.sampler.name=random')).not.toBe(digest());
    expect(parsePlan(JSON.stringify(plan()), 'here')).toEqual(plan());
    expect(() => parsePlan('{}', 'here')).toThrow('here must hold the plan');
  });

  it('never writes a password down', () => {
    expect(withoutPassword('postgresql://me:secret@db:5432/x')).toBe('postgresql://me@db:5432/x');
    expect(withoutPassword('sqlite:///a:b@c.db')).toBe('sqlite:///a:b@c.db');
  });
});

describe('what is chosen of a front', () => {
  it('is the point nearest to the ideal, in units of the front', () => {
    const front = [
      [0.99, 10],
      [0.98, 2],
      [0.6, 1],
    ];
    expect(chooseFromFront(front, ['maximize', 'minimize'])).toBe(1);
    expect(chooseFromFront([[0.5]], ['maximize'])).toBe(0);
    expect(chooseFromFront([], ['maximize'])).toBeUndefined();
  });
});

describe('a dead worker', () => {
  const trial = (worker: object, state = 'RUNNING'): FrozenTrial =>
    ({ number: 3, state, userAttrs: { worker: { trial: 3, ...worker } } }) as unknown as FrozenTrial;
  const me = { ...workerIdentity(undefined), pid: process.pid };

  it('is known by its process on this machine, or by its place in a job', () => {
    const dead = { host: me.host, pid: 2 ** 22 + 1, index: null };
    expect(isAbandoned(trial(dead), me, new Set())).toBe(true);
    expect(isAbandoned(trial(dead, 'COMPLETE'), me, new Set())).toBe(false);
    expect(isAbandoned(trial({ ...dead, host: 'elsewhere' }), me, new Set())).toBe(false);
    expect(isAbandoned(trial({ ...dead, pid: process.ppid }), me, new Set())).toBe(false);
    expect(isAbandoned(trial(me), me, new Set([3]))).toBe(false);
    expect(isAbandoned(trial(me), me, new Set())).toBe(true);
    const job = { ...me, index: 2 };
    expect(isAbandoned(trial({ host: 'pod-a', pid: 1, index: 2 }), job, new Set())).toBe(true);
    expect(isAbandoned(trial({ host: 'pod-b', pid: 1, index: 1 }), job, new Set())).toBe(false);
  });

  it('is not looked for in a trial that another has begun again and not yet signed', () => {
    const dead = { host: me.host, pid: 2 ** 22 + 1, index: 2 };
    expect(isAbandoned(trial({ ...dead, trial: 2 }), { ...me, index: 2 }, new Set())).toBe(false);
  });

  it('has the index that Kubernetes gave it', () => {
    expect([workerIdentity('4').index, workerIdentity('').index, workerIdentity('x').index]).toEqual([
      4,
      null,
      null,
    ]);
  });
});

// NSGA-II: generations, elites, crowding.
import { describe, expect, it } from 'vitest';
import { hypervolume } from '../analysis/hypervolume.ts';
import { constraintKey } from '../trial-record.ts';
import { nsga2Sampler } from './nsga2.ts';
import { crowding, selectElite } from './nsga2-elite.ts';
import { randomSampler } from './random.ts';
import { describeSampler, trialsWith } from './testing/contract.ts';
import { zdt } from './testing/problems.ts';
import { trialsOf } from './testing/trials.ts';

describeSampler('NSGA-II', () => nsga2Sampler({ populationSize: 5 }));

describe('NSGA-II', () => {
  const both = ['minimize', 'minimize'] as const;

  it('puts trials into generations of a size', async () => {
    const trials = await trialsWith(nsga2Sampler({ populationSize: 4 }), zdt(1), {
      trials: 10,
      objectives: 2,
    });
    expect(trials.map((trial) => trial.systemAttrs['NSGAIISampler:generation'])).toEqual([
      0, 0, 0, 0, 1, 1, 1, 1, 2, 2,
    ]);
  });

  it('makes children of the parents, and mutates', async () => {
    const trials = await trialsWith(nsga2Sampler({ populationSize: 10, mutation: 0 }), zdt(1), {
      trials: 20,
      objectives: 2,
    });
    const [parents, children] = [trials.slice(0, 10), trials.slice(10)];
    for (const child of children) {
      for (const [name, value] of Object.entries(child.params))
        expect(parents.some((parent) => parent.params[name] === value)).toBe(true);
    }
    const mutants = (
      await trialsWith(nsga2Sampler({ populationSize: 10, mutation: 1 }), zdt(1), {
        trials: 20,
        objectives: 2,
      })
    ).slice(10);
    expect(
      mutants.every((mutant) => parents.every((parent) => parent.params['x0'] !== mutant.params['x0'])),
    ).toBe(true);
  });

  it('keeps whole fronts, then the least crowded, then the least infeasible', () => {
    const infeasible = { values: [0, 0], systemAttrs: { [constraintKey('c')]: 1 } };
    const trials = trialsOf(
      ...[
        [0, 9],
        [4, 4],
        [4.1, 3.9],
        [9, 0],
        [10, 10],
      ].map((values) => ({ values })),
      infeasible,
    );
    const elite = (size: number) => selectElite(trials, both, size).map((trial) => trial.number);
    expect(elite(2)).toEqual([0, 3]);
    expect(elite(4)).toEqual([0, 1, 2, 3]);
    expect(elite(5)).toEqual([0, 1, 2, 3, 4]);
    expect(elite(6)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('measures crowding by the gaps around a point', () => {
    const distances = (...values: number[][]) => crowding(values).distances;
    expect(distances([0, 4], [1, 2], [4, 0])).toEqual([Infinity, 2, Infinity]);
    expect(distances([1, 1], [1, 1])).toEqual([0, 0]);
    expect(distances([0], [-Infinity], [1], [0.25])[3]).toBe(1);
  });

  it('breaks ties as Optuna does: equal violations are one front, and of equally crowded trials the last come first', () => {
    const infeasible = (by: number, ...values: number[]) => ({
      values,
      systemAttrs: { [constraintKey('c')]: by },
    });
    const trials = trialsOf(
      infeasible(1, 2, 2),
      infeasible(1, 0, 4),
      infeasible(1, 4, 0),
      infeasible(2, 0, 0),
    );
    expect(selectElite(trials, both, 2).map((trial) => trial.number)).toEqual([1, 2]);
    const same = trialsOf(...Array.from({ length: 5 }, () => ({ values: [1, 1] })));
    expect(selectElite(same, both, 2).map((trial) => trial.number)).toEqual([3, 4]);
  });

  it('keeps studies apart that one sampler works on', async () => {
    const sampler = nsga2Sampler({ populationSize: 4 });
    const run = (seed: number, own = sampler) => trialsWith(own, zdt(1), { trials: 12, objectives: 2, seed });
    await run(1);
    const params = (trials: Awaited<ReturnType<typeof run>>) => trials.map((trial) => trial.params);
    expect(params(await run(2))).toEqual(params(await run(2, nsga2Sampler({ populationSize: 4 }))));
  });

  it('finds a better front than chance does', async () => {
    const volume = async (sampler: ReturnType<typeof randomSampler>) => {
      const trials = await trialsWith(sampler, zdt(1), { trials: 200, objectives: 2 });
      return hypervolume(
        trials.map((trial) => trial.values!),
        [1.1, 11],
      );
    };
    expect(await volume(nsga2Sampler({ populationSize: 20 }))).toBeGreaterThan(await volume(randomSampler()));
  });

  it('refuses options out of range', () => {
    expect(() => nsga2Sampler({ populationSize: 1 })).toThrow('populationSize');
    expect(() => nsga2Sampler({ mutation: 2 })).toThrow('mutation');
  });
});

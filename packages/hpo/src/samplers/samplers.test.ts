// Every sampler against the contract, and what is particular to one.
import { describe, expect, it } from 'vitest';
import { floatDistribution, intDistribution } from '../distributions.ts';
import { mersenneTwister, randomStream } from '../numeric/random.ts';
import { createStudy } from '../study/open.ts';
import { gridSampler } from './grid.ts';
import { haltonPoint, quasiRandomSampler } from './quasi-random.ts';
import { randomSampler, uniformValue } from './random.ts';
import { describeSampler, trialsWith } from './testing/contract.ts';
import { tpeSampler } from './tpe.ts';

describeSampler('random', () => randomSampler());
describeSampler('quasi-random', () => quasiRandomSampler());
describeSampler('TPE', () => tpeSampler());
describeSampler('independent TPE', () => tpeSampler({ multivariate: false, constantLiar: false }));
describeSampler('grouped TPE', () => tpeSampler({ group: true, startupTrials: 5 }));

describe('random sampler', () => {
  it('is uniform, on a logarithmic scale if asked for', () => {
    const random = randomStream(1);
    const lr = floatDistribution(1e-4, 1, { log: true });
    const draws = Array.from({ length: 4000 }, () => Math.log10(uniformValue(lr, random) as number));
    for (const decade of [-4, -3, -2, -1]) {
      const share = draws.filter((draw) => draw >= decade && draw < decade + 1).length / draws.length;
      expect(Math.abs(share - 0.25)).toBeLessThan(0.03);
    }
    const counts = new Map<unknown, number>();
    for (let i = 0; i < 5000; i++) {
      const value = uniformValue(intDistribution(1, 9, { step: 2 }), random);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([1, 3, 5, 7, 9]);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('can draw what NumPy draws', () => {
    // numpy.random.RandomState(0).random_sample(3)
    const random = mersenneTwister(0);
    expect([random(), random(), random()]).toEqual([
      0.5488135039273248, 0.7151893663724195, 0.6027633760716439,
    ]);
  });
});

describe('grid sampler', () => {
  const space = { x: [1, 2, 3], kind: ['a', 'b'] };

  it('tries every combination once and stops', async () => {
    const seen: string[] = [];
    const study = await createStudy({ sampler: gridSampler(space) });
    await study.optimize(
      (trial) => {
        const x = trial.suggestFloat('x', 0, 5);
        seen.push(`${x}${trial.suggestCategorical('kind', ['a', 'b', 'c'])}`);
        if (x === 2) throw new TypeError('tried all the same');
        return x;
      },
      { catch: [TypeError] },
    );
    expect(seen.sort()).toEqual(['1a', '1b', '2a', '2b', '3a', '3b']);
  });

  it('orders its combinations as Optuna does', async () => {
    // optuna.samplers.GridSampler({"x": [1, 2, 3], "y": [0, 1]})._all_grids
    const trials = await trialsWith(
      gridSampler({ y: [0, 1], x: [1, 2, 3] }),
      (t) => t.suggestInt('x', 1, 3) + t.suggestInt('y', 0, 1),
      { trials: 6 },
    );
    expect(trials.map((trial) => [trial.params['x'], trial.params['y']])).toEqual(GRID_ORDER);
  });

  it('refuses what it does not hold', async () => {
    const run = (name: string, low: number) =>
      trialsWith(gridSampler({ x: [1] }), (trial) => trial.suggestFloat(name, low, 9), { trials: 1 });
    await expect(run('y', 0)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(run('x', 5)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(() => gridSampler({ x: [] })).toThrow('one value');
  });
});

const GRID_ORDER = [
  [3, 1],
  [2, 0],
  [1, 1],
  [2, 1],
  [1, 0],
  [3, 0],
];

describe('Halton sequence', () => {
  it('fills every interval evenly', () => {
    for (const [dimension, base] of [2, 3, 5, 7, 11].entries()) {
      const cells = new Array<number>(base ** 2).fill(0);
      for (let i = 0; i < 3 * base ** 2; i++) cells[Math.floor(haltonPoint(i, dimension, 5) * base ** 2)]!++;
      expect(cells.every((count) => count === 3)).toBe(true);
    }
  });
});

// TPE against the numbers of Optuna 5, and the properties that its own tests ask for.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  categoricalDistribution,
  contains,
  floatDistribution,
  intDistribution,
  type Distribution,
} from '../distributions.ts';
import { randomStream } from '../numeric/random.ts';
import { constraintKey, type Direction, type FrozenTrial, type TrialTemplate } from '../trial-record.ts';
import { buildMixture, defaultWeights, sampleMixture } from './parzen.ts';
import { logDensity } from './parzen-density.ts';
import { GOLDEN } from './testing/tpe-golden.ts';
import { searched, trialsOf } from './testing/trials.ts';
import { tpeSampler } from './tpe.ts';
import { splitTrials } from './tpe-split.ts';
import { TrialTable } from './tpe-table.ts';

const SPACE = [
  floatDistribution(0, 1),
  floatDistribution(1e-5, 0.1, { log: true }),
  intDistribution(1, 9, { step: 2 }),
  intDistribution(1, 64, { log: true }),
  categoricalDistribution(['a', 'b', 'c']),
  floatDistribution(0, 1, { step: 0.25 }),
] as const;

describe('Parzen estimator', () => {
  const observed = GOLDEN.observations.map((values) => Float64Array.from(values));
  const mixture = buildMixture(SPACE, observed, defaultWeights(3));

  it('has the kernels of Optuna 5', () => {
    expect([...mixture.weights]).toEqual(GOLDEN.weights);
    for (const [p, kernels] of mixture.kernels.entries()) {
      const golden = GOLDEN.kernels[p]!;
      if ('rows' in kernels)
        kernels.same.forEach((row, k) => expectClose([...kernels.rows[row]!], golden.weights![k]!));
      else {
        expectClose([...kernels.mu], golden.mu!);
        expectClose([...kernels.sigma], golden.sigma!);
      }
    }
  });

  it('has the log density of Optuna 5', () => {
    const points = GOLDEN.points.map((values) => Float64Array.from(values));
    expectClose([...logDensity(mixture, points)], GOLDEN.log_pdf);
  });

  it('weighs old trials less', () => {
    expect([...defaultWeights(3)]).toEqual([1, 1, 1]);
    expectClose([...defaultWeights(28)].slice(0, 4), [1 / 28, 29 / 56, 1, 1]);
    expectClose([...defaultWeights(26)].slice(0, 2), [1 / 26, 1]);
  });

  it('draws inside the space, and its density integrates to one', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 30 }), (seed, count) => {
        const random = randomStream(seed);
        const observed = [
          Array.from({ length: count }, random),
          Array.from({ length: count }, () => 1 + 2 * Math.floor(random() * 5)),
        ];
        const space = [SPACE[0], SPACE[2]];
        const mixture = buildMixture(
          space,
          observed.map((values) => Float64Array.from(values)),
          defaultWeights(count),
        );
        const samples = sampleMixture(mixture, random, 24);
        samples.forEach((values, p) =>
          expect(values.every((value) => contains(space[p]!, value))).toBe(true),
        );
        expect(integral(mixture)).toBeCloseTo(1, 4);
      }),
      { numRuns: 25 },
    );
  });
});

/** Over [0, 1] by the midpoint rule, summed over the five integers. */
function integral(mixture: ReturnType<typeof buildMixture>): number {
  const cells = 2000;
  const x = Float64Array.from({ length: cells * 5 }, (_, i) => ((i % cells) + 0.5) / cells);
  const n = Float64Array.from({ length: cells * 5 }, (_, i) => 1 + 2 * Math.floor(i / cells));
  return logDensity(mixture, [x, n]).reduce((sum, log) => sum + Math.exp(log), 0) / cells;
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) =>
    expect(Math.abs(value - expected[i]!), `[${i}] ${value} ${expected[i]!}`).toBeLessThan(1e-9),
  );
}

describe('splitting trials', () => {
  const split = (trials: readonly FrozenTrial[], directions: readonly Direction[], size: number) => {
    const table = new TrialTable((trial) => trial.params);
    table.read(trials);
    const numbers = Uint32Array.from(trials, (trial) => trial.number);
    const { below, above } = splitTrials(table, numbers, directions, size);
    return { below: [...below], above: [...above] };
  };
  const value = (v: number, more: TrialTemplate = {}): TrialTemplate => ({ values: [v], ...more });

  it('takes the best of one objective', () => {
    const trials = trialsOf(value(3), value(1), value(2), value(1));
    expect(split(trials, ['minimize'], 2).below).toEqual([1, 3]);
    expect(split(trials, ['maximize'], 2).below).toEqual([0, 2]);
    expect(split(trials, ['minimize'], 2).above).toEqual([0, 2]);
  });

  it('takes completed before pruned before infeasible trials', () => {
    const infeasible = (v: number, by: number) => value(v, { systemAttrs: { [constraintKey('c')]: by } });
    const pruned = (...steps: [number, number][]): TrialTemplate => ({
      state: 'PRUNED',
      intermediateValues: new Map(steps),
    });
    const trials = trialsOf(
      infeasible(0, 2),
      infeasible(0, 1),
      pruned(),
      pruned([1, 5]),
      pruned([2, 9]),
      pruned([2, NaN]),
      value(7),
      infeasible(1, -1),
    );
    const order = [7, 6, 4, 5, 3, 2, 1, 0];
    const good = (size: number) => new Set(split(trials, ['minimize'], size).below);
    for (let size = 1; size <= order.length; size++)
      expect(good(size)).toEqual(new Set(order.slice(0, size)));
  });

  it('takes whole fronts, then what adds most hypervolume', () => {
    const trials = trialsOf(
      ...[
        [0, 4],
        [1, 1],
        [4, 0],
        [5, 5],
        [2, 3],
        [3, 2.5],
      ].map((values) => ({ values })),
    );
    const good = (size: number) => split(trials, ['minimize', 'minimize'], size).below;
    expect(good(1)).toEqual([1]);
    expect(good(3)).toEqual([0, 1, 2]);
    expect(good(4)).toHaveLength(4);
    expect(good(6)).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('TPE sampler', () => {
  const x = floatDistribution(0, 1);
  const history = Array.from({ length: 20 }, (_, i) => ({
    ...searched({ x: [x, i / 20] }),
    values: [Math.abs(i / 20 - 0.3)],
  }));

  const suggestion = (templates: readonly TrialTemplate[], options = {}, seed = 3): number => {
    const trials = trialsOf(...templates, {});
    const context = {
      studyName: 's',
      directions: ['minimize' as const],
      trials,
      trial: trials.at(-1)!,
      random: randomStream(seed),
    };
    const joint = tpeSampler(options).sampleJoint!(context);
    return (joint.params?.['x'] ?? NaN) as number;
  };

  it('draws at random until enough trials have ended', () => {
    expect(suggestion(history.slice(0, 9))).toBeNaN();
    expect(suggestion(history.slice(0, 10))).not.toBeNaN();
    expect(suggestion(history, { startupTrials: 21 })).toBeNaN();
  });

  it('looks where the good trials are', () => {
    const near = Array.from({ length: 30 }, (_, seed) => Math.abs(suggestion(history, {}, seed) - 0.3));
    expect(near.filter((distance) => distance < 0.15).length).toBeGreaterThan(24);
  });

  it('keeps away from where others are running', () => {
    const running = Array.from({ length: 12 }, () => ({
      ...searched({ x: [x, 0.3] }),
      state: 'RUNNING' as const,
    }));
    const mean = (templates: readonly TrialTemplate[], options = {}) => {
      const draws = Array.from({ length: 30 }, (_, seed) =>
        Math.abs(suggestion(templates, options, seed) - 0.3),
      );
      return draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
    };
    expect(mean([...history, ...running])).toBeGreaterThan(2 * mean(history));
    expect(mean([...history, ...running], { constantLiar: false })).toBeCloseTo(mean(history), 6);
  });

  it('shows other workers what it has chosen but not used', () => {
    const trials = trialsOf(...history, {});
    const context = {
      studyName: 's',
      directions: ['minimize' as const],
      trials,
      trial: trials.at(-1)!,
      random: randomStream(1),
    };
    const { params, systemAttrs } = tpeSampler().sampleJoint!(context);
    expect(JSON.parse(systemAttrs!['tpe:relative_params:0'] as string)).toEqual(params);
  });

  it('samples only common parameters together, unless grouped', () => {
    const y: Distribution = intDistribution(1, 5);
    const mixed = history.map((template, i) =>
      i % 2 ? template : { ...searched({ x: [x, i / 20], y: [y, 3] }), values: [i] },
    );
    const joint = (options: object) => {
      const trials = trialsOf(...mixed, {});
      const context = {
        studyName: 's',
        directions: ['minimize' as const],
        trials,
        trial: trials.at(-1)!,
        random: randomStream(1),
      };
      return Object.keys(tpeSampler(options).sampleJoint!(context).params ?? {}).sort();
    };
    expect(joint({})).toEqual(['x']);
    expect(joint({ group: true })).toEqual(['x', 'y']);
    expect(joint({ multivariate: false })).toEqual([]);
  });

  it('refuses options out of range', () => {
    expect(() => tpeSampler({ candidates: 0 })).toThrow('candidates');
    expect(() => tpeSampler({ startupTrials: -1 })).toThrow('startupTrials');
    expect(() => tpeSampler({ group: true, multivariate: false })).toThrow('group');
  });

  it('widens kernels to their neighbours, however many there are', () => {
    const random = randomStream(4);
    // A crowd, its repetitions, and a few that stand alone: the gaps on both sides of an empty stretch matter.
    const crowd = Array.from({ length: 700 }, () => 0.3 * random());
    const values = Float64Array.from([...crowd, ...crowd.slice(0, 50), 0.55, 0.7, 0.7, 0.98]);
    const [kernels] = buildMixture([x], [values], defaultWeights(values.length)).kernels;
    const sorted = values.slice().sort();
    const sigma = (value: number, i: number): number => {
      const [first, last] = [values.indexOf(value) === i, values.lastIndexOf(value) === i];
      const below = first ? value - (sorted[sorted.indexOf(value) - 1] ?? Infinity) : 0;
      const above = last ? (sorted[sorted.lastIndexOf(value) + 1] ?? -Infinity) - value : 0;
      return Math.min(1, Math.max(below, above, 0.01));
    };
    const { sigma: found } = kernels as { sigma: Float64Array };
    expect([...found.subarray(0, values.length)]).toEqual(Array.from(values, sigma));
    expect(new Set(found).size).toBeGreaterThan(4);
  });
});

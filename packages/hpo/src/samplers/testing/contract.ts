// What every sampler must do: the same suite runs against each of them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  categoricalDistribution,
  contains,
  floatDistribution,
  intDistribution,
  toInternal,
  type Distribution,
} from '../../distributions.ts';
import { createStudy } from '../../study/open.ts';
import type { Trial } from '../../study/trial.ts';
import { noPruner } from '../../pruners/none.ts';
import type { FrozenTrial } from '../../trial-record.ts';
import type { Sampler } from '../sampler.ts';

function everyKind(trial: Trial): number {
  const x = trial.suggestFloat('x', -1, 2);
  const lr = trial.suggestFloat('lr', 1e-5, 1e-1, { log: true });
  const drop = trial.suggestFloat('drop', 0, 0.5, { step: 0.1 });
  const depth = trial.suggestInt('depth', 1, 9, { step: 2 });
  const width = trial.suggestInt('width', 1, 64, { log: true });
  const kind = trial.suggestCategorical('kind', ['sgd', 'adam', null, true]);
  const one = trial.suggestInt('one', 3, 3);
  return (x - 1) ** 2 + Math.log10(lr) + drop + depth / width + (kind === 'adam' ? 0 : one);
}

const size = fc.oneof(
  fc.constantFrom(1e-12, 1e-3, 1, 1e3, 1e12),
  fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
);
const whole = fc.integer({ min: 1, max: 2 ** 20 });

/** Distributions of every kind, from narrow to wide. */
const anyDistribution: fc.Arbitrary<Distribution> = fc.oneof(
  fc.tuple(size, size).map(([low, width]) => floatDistribution(-low, -low + width)),
  fc.tuple(size, size).map(([low, width]) => floatDistribution(low, low + width, { log: true })),
  fc
    .tuple(fc.integer({ min: -40, max: 40 }), fc.integer({ min: 0, max: 400 }), fc.constantFrom(0.1, 0.25, 3))
    .map(([low, count, step]) => floatDistribution(low, low + count * step, { step })),
  fc
    .tuple(whole, whole, fc.integer({ min: 1, max: 9 }))
    .map(([low, width, step]) => intDistribution(-low, -low + width, { step })),
  fc.tuple(whole, whole).map(([low, width]) => intDistribution(low, low + width, { log: true })),
  fc
    .uniqueArray(fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)), {
      minLength: 1,
      maxLength: 6,
    })
    .map((choices) => categoricalDistribution(choices)),
);

/** Runs trials of `objective` and gives them. */
export async function trialsWith(
  sampler: Sampler,
  objective: (trial: Trial) => number | readonly number[],
  options: { trials: number; objectives?: number; concurrency?: number; seed?: number },
): Promise<readonly FrozenTrial[]> {
  const directions = new Array<'minimize'>(options.objectives ?? 1).fill('minimize');
  const study = await createStudy({ sampler, directions, seed: options.seed ?? 1, pruner: noPruner() });
  await study.optimize(objective, { trials: options.trials, concurrency: options.concurrency ?? 1 });
  return study.trials();
}

/** Runs the suite. */
export function describeSampler(name: string, make: () => Sampler): void {
  describe(`${name} sampler`, () => {
    it('stays inside every kind of distribution', async () => {
      const trials = await trialsWith(make(), everyKind, { trials: 40 });
      for (const { params, distributions, state } of trials) {
        expect(state).toBe('COMPLETE');
        for (const [param, distribution] of Object.entries(distributions)) {
          expect(
            contains(distribution, toInternal(distribution, params[param]!)),
            `${param}=${String(params[param])}`,
          ).toBe(true);
        }
      }
    });

    it('stays inside any distribution, also where bounds change from trial to trial', async () => {
      const spaces = fc.array(anyDistribution, { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(spaces, fc.nat(), async (space, seed) => {
          const objective = (trial: Trial): number => {
            const values = space.map((own, i) => toInternal(own, trial.suggest(`p${i}`, own)));
            const moving = trial.suggestFloat('moving', -trial.number, trial.number);
            return values.reduce((sum, value) => sum + Math.atan(value), Math.atan(moving));
          };
          const trials = await trialsWith(make(), objective, { trials: 14, seed });
          for (const { params, distributions, state } of trials) {
            expect(state).toBe('COMPLETE');
            for (const [name, own] of Object.entries(distributions))
              expect(contains(own, toInternal(own, params[name]!)), `${name}=${String(params[name])}`).toBe(
                true,
              );
          }
        }),
        { numRuns: 15 },
      );
    });

    it('gives the same trials for the same seed, and others for another', async () => {
      const params = async (seed: number) =>
        (await trialsWith(make(), everyKind, { trials: 25, seed })).map((trial) => trial.params);
      expect(await params(7)).toEqual(await params(7));
      expect(await params(8)).not.toEqual(await params(7));
    });

    it('handles conditional parameters', async () => {
      const objective = (trial: Trial) =>
        trial.suggestCategorical('kind', ['line', 'curve']) === 'line'
          ? trial.suggestFloat('a', 0, 1)
          : trial.suggestInt('b', 1, 5);
      const trials = await trialsWith(make(), objective, { trials: 30 });
      expect(trials.every((trial) => 'a' in trial.params !== 'b' in trial.params)).toBe(true);
      expect(new Set(trials.map((trial) => trial.params['kind'])).size).toBe(2);
    });

    it('handles several objectives, running, failed and pruned trials', async () => {
      const objective = (trial: Trial): readonly number[] => {
        const x = trial.suggestFloat('x', 0, 1);
        const y = trial.suggestFloat('y', 0, 1);
        return trial.number % 7 === 3 ? [NaN, NaN] : [x, trial.number % 5 === 0 ? Infinity : 1 - x + y];
      };
      const trials = await trialsWith(make(), objective, { trials: 30, objectives: 2, concurrency: 3 });
      expect(trials.filter((trial) => trial.state === 'FAIL')).toHaveLength(4);
      expect(trials.filter((trial) => trial.state === 'COMPLETE')).toHaveLength(26);
    });
  });
}

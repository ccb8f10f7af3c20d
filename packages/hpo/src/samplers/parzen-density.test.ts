// The density that leaves components out, against the sum over all of them.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { categoricalDistribution, floatDistribution, intDistribution } from '../distributions.ts';
import { logMass, logPdf } from '../numeric/normal.ts';
import { randomStream } from '../numeric/random.ts';
import { buildMixture, defaultWeights, sampleMixture, type Kernels, type Mixture } from './parzen.ts';
import { logDensity } from './parzen-density.ts';
import { searchInterval } from './unit-interval.ts';

const SPACE = [
  categoricalDistribution(['a', 'b', 'c']),
  intDistribution(1, 64, { log: true }),
  floatDistribution(0, 1),
  floatDistribution(1e-5, 0.1, { log: true }),
  floatDistribution(0, 1, { step: 0.25 }),
];

function logOfKernel(kernels: Kernels, k: number, value: number): number {
  if ('rows' in kernels) return Math.log(kernels.rows[kernels.same[k]!]![value]!);
  const { distribution, mu, sigma } = kernels;
  const scaled = (edge: number) => (distribution.log ? Math.log(edge) : edge);
  const z = (edge: number): number => (edge - mu[k]!) / sigma[k]!;
  const [low, high] = searchInterval(distribution).map(z) as [number, number];
  const half = (distribution.step ?? 0) / 2;
  if (half > 0) return logMass(z(scaled(value - half)), z(scaled(value + half))) - logMass(low, high);
  return logPdf(z(scaled(value))) - Math.log(sigma[k]!) - logMass(low, high);
}

function logOfAll({ weights, kernels }: Mixture, point: readonly number[]): number {
  const logs = [...weights].map((weight, k) =>
    kernels.reduce((sum, own, p) => sum + logOfKernel(own, k, point[p]!), Math.log(weight)),
  );
  const top = Math.max(...logs);
  return top + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - top), 0));
}

it('is the sum over all components, however many there are and wherever they lie', () => {
  const subsets = fc.subarray(SPACE, { minLength: 1 });
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(0, 1, 20, 120, 900), subsets, (seed, count, space) => {
      const random = randomStream(seed);
      const prior = buildMixture(
        space,
        space.map(() => new Float64Array()),
        new Float64Array(),
      );
      const observed = sampleMixture(prior, random, count);
      // Bounds may have been wider before: some means lie outside.
      const moved = observed.map((values, p) =>
        values.map((v) => (space[p] === SPACE[2] ? 1.6 * v - 0.3 : v)),
      );
      const mixture = buildMixture(space, moved, defaultWeights(count));
      const samples = sampleMixture(prior, random, 8);
      logDensity(mixture, samples).forEach((log, i) => {
        const all = logOfAll(
          mixture,
          samples.map((values) => values[i]!),
        );
        expect(Math.abs(log - all)).toBeLessThan(1e-9 * Math.max(1, Math.abs(all)));
      });
    }),
    { numRuns: 60 },
  );
});

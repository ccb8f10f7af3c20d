// Tests of the intervals: coverage on clustered data, determinism, honesty with few groups.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normal, randomStream, uniform } from '../util/random.ts';
import { balancedAccuracy } from './balanced-accuracy.ts';
import { clusterBootstrap, pairedDifference, type Resampled } from './bootstrap.ts';
import { clusterBalancedAccuracy, clusterMean, clusterRocAuc } from './cluster-statistics.ts';
import { chooseClusters, type Clusters } from './clusters.ts';
import { confusionMatrix } from './confusion.ts';
import { normalCdf, studentCdf, studentQuantile } from './distributions.ts';
import { rocAuc } from './roc.ts';

const clustersOf = (cluster: readonly number[]): Clusters => ({
  unit: 'recording',
  cluster: Int32Array.from(cluster),
  count: Math.max(...cluster) + 1,
});

const rows = fc.array(
  fc.record({
    k: fc.integer({ min: 0, max: 9 }),
    label: fc.integer({ min: 0, max: 1 }),
    score: fc.integer({ min: 0, max: 5 }),
  }),
  { minLength: 1, maxLength: 60 },
);

/** 10 clusters, both classes. */
const filled = rows.map((list) => [...list, { k: 9, label: 0, score: 2 }, { k: 0, label: 1, score: 3 }]);

describe('cluster statistics', () => {
  it('equal the plain figures on repeated crops', () => {
    fc.assert(
      fc.property(
        filled,
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 10, maxLength: 10 }),
        (list, times) => {
          const clusters = clustersOf(list.map((row) => row.k));
          const repeated = list.flatMap((row) => new Array<typeof row>(times[row.k]!).fill(row));
          const [label, score] = [list.map((row) => row.label), list.map((row) => row.score)];
          const draw = Float64Array.from(times);
          const again = { label: repeated.map((row) => row.label), score: repeated.map((row) => row.score) };
          expect(clusterRocAuc(label, score, clusters)(draw)).toBeCloseTo(
            rocAuc(again.label, again.score),
            12,
          );
          const right = list.map((row) => Number(row.label === Number(row.score > 2)));
          const matrix = confusionMatrix(again.label, again.score.map((s) => Number(s > 2))); // prettier-ignore
          expect(clusterBalancedAccuracy(right, label, clusters)(draw)).toBeCloseTo(
            balancedAccuracy(matrix),
            12,
          );
          const share = (matrix[0]![0]! + matrix[1]![1]!) / repeated.length;
          expect(clusterMean(right, clusters)(draw)).toBeCloseTo(share, 12);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('cluster bootstrap', () => {
  it('contains the estimate, and the same seed gives the same limits', () => {
    fc.assert(
      fc.property(filled, fc.integer({ min: 0, max: 99 }), (list, seed) => {
        const clusters = clustersOf(list.map((row) => row.k));
        const statistic = clusterMean(list.map((row) => row.score), clusters); // prettier-ignore
        const interval = clusterBootstrap(statistic, clusters, { seed, resamples: 100 });
        expect(clusterBootstrap(statistic, clusters, { seed, resamples: 100 })).toEqual(interval);
        if (interval.low === null) return;
        expect(interval.low).toBeLessThanOrEqual(interval.estimate);
        expect(interval.high).toBeGreaterThanOrEqual(interval.estimate);
      }),
      { numRuns: 50 },
    );
  });

  it('covers the truth about as often as it says, where crops of a group share an error', () => {
    const random = randomStream(11);
    let covered = 0;
    for (let run = 0; run < 200; run++) {
      const values: number[] = [];
      const cluster: number[] = [];
      for (let k = 0; k < 10; k++) {
        const shared = normal(random);
        for (let i = 0; i < 20; i++) {
          values.push(shared + 0.3 * normal(random));
          cluster.push(k);
        }
      }
      const clusters = clustersOf(cluster);
      const { low, high } = clusterBootstrap(
        clusterMean(values, clusters),
        { count: 10 },
        {
          seed: run,
          resamples: 400,
        },
      );
      covered += Number(low! <= 0 && high! >= 0);
    }
    expect(covered / 200).toBeGreaterThan(0.9);
    expect(covered / 200).toBeLessThan(0.99);
  });

  it('covers the truth where the classes of recordings are strata', () => {
    const random = randomStream(12);
    let covered = 0;
    for (let run = 0; run < 200; run++) {
      // Class 1 lies 3 higher: the plan of the experiment, which no interval should show as scatter.
      const recording = Array.from({ length: 10 }, (_, k) => k);
      const values = recording.map((k) => 3 * (k % 2) + normal(random));
      const clusters = chooseClusters(recording, recording, { label: recording.map((k) => k % 2) });
      const { low, high } = clusterBootstrap(clusterMean(values, clusters), clusters, {
        seed: run,
        resamples: 400,
      });
      expect(high! - low!).toBeLessThan(3);
      covered += Number(low! <= 1.5 && high! >= 1.5);
    }
    expect(covered / 200).toBeGreaterThan(0.9);
    expect(covered / 200).toBeLessThan(0.995);
  });

  it('gives no interval for too few groups, and a warning for few', () => {
    const few = (count: number) =>
      clusterBootstrap((times) => times[0]! / count, { count }, { seed: 1, resamples: 200 });
    expect(few(4)).toMatchObject({
      low: null,
      high: null,
      clusters: 4,
      note: expect.stringMatching(/no interval: 4 groups/) as string,
    });
    expect(few(6).note).toMatch(/Only 6 groups/);
    expect(few(6).low).not.toBeNull();
    expect(few(8).note).toBeUndefined();
    expect(clusterBootstrap(() => NaN, { count: 9 }, { seed: 1 })).toMatchObject({
      low: null,
      note: 'the figure is undefined here',
    });
  });
});

describe('paired difference', () => {
  const clusters = clustersOf(Array.from({ length: 300 }, (_, i) => i % 15));
  const random = randomStream(5);
  const shared = Array.from({ length: 15 }, () => normal(random));
  const noisy = (shift: number) =>
    clusterMean(Array.from({ length: 300 }, (_, i) => shared[i % 15]! + shift + 0.05 * normal(random)), clusters); // prettier-ignore
  const [worse, better] = [noisy(0), noisy(0.2)];
  const options = { seed: 3, resamples: 500 };

  it('sees a small margin that both intervals alone would hide', () => {
    const difference = pairedDifference(better, worse, { count: 15 }, options);
    expect(difference).toMatchObject({ better: true });
    expect(difference.p).toBeLessThan(0.01);
    expect(clusterBootstrap(worse, { count: 15 }, options).high).toBeGreaterThan(difference.estimate);
    expect(pairedDifference(worse, better, { count: 15 }, options).better).toBe(false);
  });

  it('finds nothing between a figure and itself', () => {
    expect(pairedDifference(worse, worse, { count: 15 }, options)).toMatchObject({
      estimate: 0,
      better: false,
      p: 1,
    });
  });
});

describe('clusters', () => {
  it('are recordings when there are enough, else blocks of time with a caution', () => {
    const many = chooseClusters(Array.from({ length: 8 }, (_, i) => i), new Array<number>(8).fill(0)); // prettier-ignore
    expect(many).toMatchObject({ unit: 'recording', count: 8 });
    expect(many.caution).toBeUndefined();
    const two = chooseClusters([0, 0, 0, 1], [0, 249, 250, 0]);
    expect(two).toMatchObject({
      unit: 'time block',
      count: 3,
      caution: expect.stringMatching(/Only 2 test/) as string,
    });
    expect([...two.cluster]).toEqual([0, 0, 1, 2]);
  });
});

describe('strata', () => {
  const recording = Array.from({ length: 24 }, (_, i) => i >> 1);
  const strataOf = (label: (recording: number, crop: number) => number) =>
    chooseClusters(recording, recording, { label: recording.map(label) }).strata;

  it('are the classes of recordings that hold one', () => {
    expect([...strataOf((k) => k % 2)!]).toEqual(Array.from({ length: 12 }, (_, k) => k % 2));
    expect([...strataOf((k, i) => (k < 6 ? 1 : i % 2))!]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    expect([...strataOf((k) => k % 3)!]).toEqual(Array.from({ length: 12 }, (_, k) => k % 3));
  });

  it('are none where all recordings are alike, or one is alone in its class', () => {
    expect(strataOf((_, i) => i % 2)).toBeUndefined();
    expect(strataOf(() => 1)).toBeUndefined();
    expect(strataOf((k) => Number(k === 3))).toBeUndefined();
    expect(chooseClusters(recording, recording).strata).toBeUndefined();
  });

  it('let a clear margin over the majority class be seen', () => {
    const label = recording.map((k) => k % 2);
    const random = randomStream(3);
    const rates = Array.from({ length: 12 }, () => 0.7 + 0.25 * uniform(random));
    const right = recording.map((k, i) => (i % 2 === 0 ? rates[k]! : 0.75));
    const clusters = chooseClusters(recording, recording, { label });
    const margin = (drawn: Resampled) =>
      pairedDifference(clusterMean(right, clusters), clusterMean(label, clusters), drawn, { seed: 1 });
    expect(margin(clusters).better).toBe(true);
    expect(margin({ count: clusters.count }).better).toBe(false);
  });
});

describe('distributions', () => {
  it('equal the printed tables', () => {
    expect(normalCdf(1.959964)).toBeCloseTo(0.975, 6);
    expect(normalCdf(-1.959964)).toBeCloseTo(0.025, 6);
    for (const [freedom, t] of [
      [1, 12.7062],
      [2, 4.30265],
      [5, 2.57058],
      [10, 2.22814],
      [30, 2.04227],
    ] as const) {
      // prettier-ignore
      expect(studentQuantile(0.975, freedom)).toBeCloseTo(t, 4);
      expect(studentCdf(-t, freedom)).toBeCloseTo(0.025, 6);
    }
  });
});

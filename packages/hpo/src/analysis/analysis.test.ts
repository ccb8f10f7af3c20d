// Fronts, ranks, hypervolumes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hypervolume, hypervolumeSubset, referencePoint } from './hypervolume.ts';
import { dominates, nonDominationRanks, paretoFront } from './pareto.ts';

const points = (objectives: number, maxLength: number) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: objectives, maxLength: objectives }), {
    minLength: 1,
    maxLength,
  });

describe('Pareto front', () => {
  it('holds what no other point dominates', () => {
    fc.assert(
      fc.property(fc.oneof(points(1, 12), points(2, 12), points(3, 12)), (losses) => {
        const expected = losses.map((a) => !losses.some((b) => dominates(b, a)));
        expect(paretoFront(losses)).toEqual(expected);
      }),
    );
  });

  it('is rank 0; each rank is the front of what lower ranks leave', () => {
    fc.assert(
      fc.property(points(2, 15), (losses) => {
        const ranks = nonDominationRanks(losses);
        losses.forEach((a, i) => {
          const above = losses.flatMap((b, j) => (dominates(b, a) ? [ranks[j]!] : []));
          expect(ranks[i]).toBe(above.length === 0 ? 0 : Math.max(...above) + 1);
        });
      }),
    );
    expect(
      nonDominationRanks(
        [
          [0, 0],
          [1, 1],
          [2, 2],
          [3, 3],
        ],
        2,
      ),
    ).toEqual([0, 1, 2, 2]);
  });
});

describe('hypervolume', () => {
  it('counts every dominated cell once', () => {
    fc.assert(
      fc.property(fc.oneof(points(2, 8), points(3, 8), points(4, 5)), (losses) => {
        const reference = losses[0]!.map(() => 7);
        expect(hypervolume(losses, reference)).toBe(
          cells(reference).filter((cell) => losses.some((l) => l.every((v, i) => v <= cell[i]!))).length,
        );
      }),
      { numRuns: 60 },
    );
    expect(hypervolume([[8, 0]], [7, 7])).toBe(0);
    expect(hypervolume([], [1, 1])).toBe(0);
  });

  it('chooses a subset that no exchange of its last point improves', () => {
    fc.assert(
      fc.property(fc.oneof(points(2, 10), points(3, 8)), fc.integer({ min: 1, max: 8 }), (losses, size) => {
        const reference = losses[0]!.map(() => 7);
        const chosen = hypervolumeSubset(losses, size, reference);
        expect(new Set(chosen).size).toBe(Math.min(size, losses.length));
        const volume = (subset: number[]) =>
          hypervolume(
            subset.map((i) => losses[i]!),
            reference,
          );
        const first = Math.max(...losses.map((_, i) => volume([i])));
        if (chosen.length === 1) expect(volume(chosen)).toBe(first);
        expect(volume(chosen)).toBeGreaterThanOrEqual((1 - 1 / Math.E) * first);
      }),
    );
  });

  it('has a reference point a little worse than the worst', () => {
    expect(
      referencePoint([
        [1, -1],
        [2, -2],
      ]),
    ).toEqual([2.2, -0.9]);
    expect(referencePoint([[0], [-1]])).toEqual([1e-12]);
  });
});

function cells(reference: readonly number[]): number[][] {
  return reference.reduce<number[][]>(
    (all, end) => all.flatMap((head) => Array.from({ length: end }, (_, i) => [...head, i])),
    [[]],
  );
}

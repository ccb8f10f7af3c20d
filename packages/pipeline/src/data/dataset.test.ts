// The ratio dataset: the reference's window on its own kind of list, the asked share on any other.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectRatio } from './dataset.ts';

const all = (n: number): Uint32Array => Uint32Array.from({ length: n }, (_, i) => i);

describe('selectRatio', () => {
  it("is the reference's window on a sorted, balanced list", () => {
    for (const half of [1, 7, 50, 333]) {
      const n = 2 * half;
      const labels = Uint8Array.from({ length: n }, (_, row) => Number(row >= half));
      for (const r of [0, 0.1, 0.25, 1 / 3, 0.49, 0.5, 0.6, 0.75, 0.9, 1]) {
        const start = r >= 0.5 ? Math.trunc((0.5 - (1 - r) / r / 2) * n) : 0;
        const end = r >= 0.5 ? n : Math.trunc((0.5 + r / (1 - r) / 2) * n);
        expect(selectRatio(all(n), labels, r)).toEqual(all(n).slice(start, end));
      }
    }
  });

  it('has the asked share within one crop, keeps one class whole and the order, and repeats itself', () => {
    const property = fc.property(
      fc.array(fc.nat(1), { minLength: 2, maxLength: 200 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.option(fc.nat(9)),
      (labelList, share, seed) => {
        const labels = Uint8Array.from([...labelList, 0, 1]);
        const chosen = selectRatio(all(labels.length), labels, share, seed);
        const count = (rows: Uint32Array, label: number) =>
          rows.filter((row) => labels[row] === label).length;
        const [zeros, ones] = [count(chosen, 0), count(chosen, 1)];
        expect(chosen).toEqual(chosen.slice().sort());
        expect(selectRatio(all(labels.length), labels, share, seed)).toEqual(chosen);
        const wholeZeros = zeros === count(all(labels.length), 0);
        const wholeOnes = ones === count(all(labels.length), 1);
        expect(wholeZeros || wholeOnes).toBe(true);
        // One crop more or less of the thinned class brackets the share.
        const shareOf = (a: number, b: number) => b / Math.max(1, a + b);
        const low = Math.min(shareOf(zeros + 1, ones), shareOf(zeros, ones - 1));
        const high = Math.max(shareOf(zeros - 1, ones), shareOf(zeros, ones + 1));
        expect(share).toBeGreaterThanOrEqual(low - 1e-9);
        expect(share).toBeLessThanOrEqual(high + 1e-9);
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  it('leaves exactly one class at 0 and at 1, however unbalanced', () => {
    for (let zeros = 1; zeros < 60; zeros++) {
      const labels = Uint8Array.from({ length: 60 }, (_, row) => Number(row >= zeros));
      expect(selectRatio(all(60), labels, 0)).toEqual(all(zeros));
      expect(selectRatio(all(60), labels, 1)).toEqual(all(60).slice(zeros));
    }
  });

  it('draws others for another seed', () => {
    const labels = Uint8Array.from({ length: 100 }, (_, row) => row % 2);
    const draw = (seed: number) => [...selectRatio(all(100), labels, 0.8, seed)].join();
    expect(draw(1)).not.toBe(draw(2));
  });

  it.each([
    [[0, 1], 1.2, 'USAGE'],
    [[0, 1], NaN, 'USAGE'],
    [[0, 1, 2], 0.5, 'LABELS'],
    [[1, 1], 0.5, 'ONE_CLASS'],
  ])('refuses labels %j with share %d', (labels, share, code) => {
    const run = () => selectRatio(all(labels.length), Uint8Array.from(labels), share);
    expect(run).toThrow(expect.objectContaining({ code }) as Error);
  });
});

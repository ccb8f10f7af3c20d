// Properties of every split, the reference's boundaries, the guard gap, held-out groups, and the leak measure.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SPLITS, type SplitKind } from './catalogue.ts';
import { measureLeak } from './leak.ts';
import type { Part, Split, SplitInput, SplitOptions } from './split.ts';

/** Recordings of alternating class; `spans[r]` lists the frames of recording r's crops; rows are dealt in turn. */
function input(spans: readonly (readonly number[])[], more: Partial<SplitInput> = {}): SplitInput {
  const rows = spans.flatMap((frames, r) => frames.map((f) => [r, f] as const));
  // A fixed shuffle, so that nothing leans on rows of a recording being neighbours.
  const shuffled = rows
    .map((row, i) => [Math.imul(i + 1, 2654435761) >>> 0, row] as const)
    .sort((a, b) => a[0] - b[0])
    .map(([, row]) => row);
  return {
    label: Uint8Array.from(shuffled, ([r]) => r % 2),
    recording: Uint16Array.from(shuffled, ([r]) => r),
    frame: Int32Array.from(shuffled, ([, f]) => f),
    recordings: spans.map((_, r) => ({
      name: `video${r}`,
      label: r % 2,
      position: ['left', 'mid', 'right'][Math.floor(r / 2)] ?? null,
      session: r % 2 === 0 ? 'monday' : 'tuesday',
      build: `job ${r >> 1}`,
      machine: null,
    })),
    known: true,
    ...more,
  };
}

const steady = (frames: number): number[] => Array.from({ length: frames }, (_, f) => f);
const six = input(Array.from({ length: 6 }, () => steady(400)));
const kinds = Object.keys(SPLITS) as SplitKind[];
const partsOf = (split: Split): [Part, Uint32Array][] => [
  ['train', split.train],
  ['val', split.val],
  ['test', split.test],
];
const failure = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};

describe.each(kinds)('split %s', (kind) => {
  const options: SplitOptions = { seed: 3, gapFrames: 10 };

  it('gives each row to one part or drops it, in ascending order, and counts right', () => {
    const split = SPLITS[kind](six, options);
    const all = [...split.train, ...split.val, ...split.test];
    expect(new Set(all).size).toBe(all.length);
    expect(all.length + split.dropped).toBe(six.label.length);
    for (const [part, rows] of partsOf(split)) {
      expect(rows).toEqual(rows.slice().sort());
      expect(split.contract.rows[part]).toBe(rows.length);
      expect(split.contract.fractions[part]).toBeCloseTo(rows.length / all.length, 12);
    }
    expect(split.contract.kind).toBe(kind);
    expect(JSON.parse(JSON.stringify(split.contract))).toEqual(split.contract);
  });

  it('gives the same rows for the same seed, and every part both classes', () => {
    const split = SPLITS[kind](six, options);
    expect(SPLITS[kind](six, { ...options })).toEqual(split);
    for (const [, rows] of partsOf(split)) {
      expect(new Set(Array.from(rows, (row) => six.label[row]))).toEqual(new Set([0, 1]));
    }
  });

  it.each([[[0.5, 0.5, 0.5]], [[1, 0, 0]]] as const)('refuses the fractions %j', (fractions) => {
    expect(failure(() => SPLITS[kind](six, { fractions }))).toMatchObject({ code: 'USAGE' });
  });
});

describe('split random', () => {
  it('cuts at int(0.6 n) and int(0.8 n) of the index order', () => {
    const rows = input([steady(7), steady(6)]);
    const { train, val, test } = SPLITS.random(rows, {});
    expect([[...train], [...val], [...test]]).toEqual([
      [0, 1, 2, 3, 4, 5, 6],
      [7, 8, 9],
      [10, 11, 12],
    ]);
  });

  it('says when a part stays empty', () => {
    expect(failure(() => SPLITS.random(input([[1], [2]]), {}))).toMatchObject({ code: 'SPLIT_IMPOSSIBLE' });
  });
});

describe('split time-block', () => {
  const frames = fc.array(fc.array(fc.nat(600), { minLength: 40, maxLength: 120 }), {
    minLength: 1,
    maxLength: 4,
  });

  it('keeps frames of two parts of a recording more than the gap apart', () => {
    const property = fc.property(
      frames,
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 3, max: 9 }),
      fc.nat(99),
      (spans, gapFrames, blocks, seed) => {
        const rows = input(spans);
        const split = failure(() => SPLITS['time-block'](rows, { gapFrames, blocks, seed })) as Split;
        fc.pre(!(split instanceof Error));
        const owners = partsOf(split).flatMap(([part, mine]) => Array.from(mine, (row) => ({ part, row })));
        const near = owners.find((a) =>
          owners.some(
            (b) =>
              a.part !== b.part &&
              rows.recording[a.row] === rows.recording[b.row] &&
              Math.abs(rows.frame[a.row]! - rows.frame[b.row]!) <= gapFrames,
          ),
        );
        expect(near).toBeUndefined();
        expect(measureLeak(split, rows, gapFrames)?.near).toBe(0);
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  it('has every recording in every part, near the fractions, dropping only the guards', () => {
    const split = SPLITS['time-block'](six, { gapFrames: 10, blocks: 10 });
    for (const [, rows] of partsOf(split)) {
      expect(new Set(Array.from(rows, (row) => six.recording[row])).size).toBe(6);
    }
    expect(split.contract.fractions.train).toBeCloseTo(0.6, 1);
    expect(split.dropped).toBeLessThanOrEqual(6 * 9 * 10);
    expect(split.contract).toMatchObject({ gap_frames: 10, blocks: 10, seed: 0, undivided: [] });
  });

  it('draws other blocks for another seed', () => {
    const [a, b] = [1, 2].map((seed) => SPLITS['time-block'](six, { seed }));
    expect(a!.test).not.toEqual(b!.test);
  });

  it('trains on a recording that is too short to divide, and names it', () => {
    const rows = input([steady(400), steady(400), [1, 2, 3]]);
    const split = SPLITS['time-block'](rows, { gapFrames: 10 });
    expect(split.contract['undivided']).toEqual(['video2']);
    for (const row of [...split.val, ...split.test]) expect(rows.recording[row]).not.toBe(2);
  });

  it('asks for frames and for sensible options', () => {
    const unknown = { ...six, known: false };
    expect(failure(() => SPLITS['time-block'](unknown, {}))).toMatchObject({ code: 'SPLIT_NEEDS_TIMES' });
    expect(failure(() => SPLITS['time-block'](six, { blocks: 2 }))).toMatchObject({ code: 'USAGE' });
    expect(failure(() => SPLITS['time-block'](six, { gapFrames: -1 }))).toMatchObject({ code: 'USAGE' });
    const short = input([[1, 2], [3]]);
    expect(failure(() => SPLITS['time-block'](short, {}))).toMatchObject({ code: 'SPLIT_IMPOSSIBLE' });
  });
});

describe('split recording', () => {
  const recordingsIn = (rows: Uint32Array): Set<number> =>
    new Set(Array.from(rows, (row) => six.recording[row]!));

  it('holds out whole recordings, one of each class when there are three', () => {
    const split = SPLITS.recording(six, { seed: 1 });
    const sets = partsOf(split).map(([, rows]) => recordingsIn(rows));
    expect(sets.map((s) => s.size)).toEqual([2, 2, 2]);
    expect(new Set(sets.flatMap((s) => [...s])).size).toBe(6);
    expect(split.dropped).toBe(0);
  });

  it('holds out other recordings for another seed', () => {
    const tests = Array.from({ length: 12 }, (_, seed) =>
      [...recordingsIn(SPLITS.recording(six, { seed }).test)].sort().join(),
    );
    expect(new Set(tests).size).toBeGreaterThan(3);
  });

  it('keeps a position together', () => {
    const { contract } = SPLITS.recording(six, { group: 'position' });
    const groups = contract['groups'] as Record<Part, string[]>;
    expect(Object.values(groups).flat().sort()).toEqual(['left', 'mid', 'right']);
    expect(Object.values(groups).every((names) => names.length === 1)).toBe(true);
  });

  it('comes near the fractions when there are many recordings', () => {
    const many = input(Array.from({ length: 40 }, (_, r) => steady(50 + 3 * r)));
    const { fractions } = SPLITS.recording(many, {}).contract;
    expect(fractions.train).toBeCloseTo(0.6, 1);
    expect(fractions.test).toBeCloseTo(0.2, 1);
  });

  it.each(['recording', 'session'] as const)('says why it cannot, by %s', (group) => {
    const two = input([steady(9), steady(9)]);
    const error = failure(() => SPLITS.recording(two, { group }));
    expect(error).toMatchObject({ code: 'SPLIT_IMPOSSIBLE' });
    expect((error as Error).message).toMatch(/there are 1 of class 0, 1 of class 1/);
  });

  it('asks for the positions when some are missing', () => {
    const eight = input(Array.from({ length: 8 }, () => steady(9)));
    const error = failure(() => SPLITS.recording(eight, { group: 'position' }));
    expect((error as Error).message).toMatch(/'video6' has none/);
  });
});

describe('measureLeak', () => {
  const times = {
    recording: Uint16Array.of(0, 0, 0, 1, 1),
    frame: Int32Array.of(10, 13, 40, 10, 12),
    known: true,
  };
  const split = { train: Uint32Array.of(0, 3), test: Uint32Array.of(1, 2, 4) };

  it('counts test crops near a training crop of the same recording', () => {
    expect(measureLeak(split, times, 2)).toMatchObject({ test_crops: 3, near: 1, same_frame: 0 });
    expect(measureLeak(split, times, 3)).toMatchObject({ near: 2, near_share: 2 / 3 });
    expect(measureLeak(split, times, 30)).toMatchObject({ near: 3 });
    const twin = { ...times, frame: Int32Array.of(10, 10, 40, 10, 99) };
    expect(measureLeak(split, twin, 0)).toMatchObject({ near: 1, same_frame: 1 });
  });

  it('agrees with a search over all pairs', () => {
    const property = fc.property(
      fc.array(fc.tuple(fc.nat(2), fc.nat(200), fc.boolean()), { minLength: 2, maxLength: 80 }),
      fc.nat(20),
      (crops, gap) => {
        const rows = crops.map((_, i) => i);
        const train = Uint32Array.from(rows.filter((i) => crops[i]![2]));
        const test = Uint32Array.from(rows.filter((i) => !crops[i]![2]));
        const input = {
          recording: Uint16Array.from(crops, ([r]) => r),
          frame: Int32Array.from(crops, ([, f]) => f),
          known: true,
        };
        const close = (i: number, j: number): boolean =>
          crops[i]![0] === crops[j]![0] && Math.abs(crops[i]![1] - crops[j]![1]) <= gap;
        const near = [...test].filter((i) => [...train].some((j) => close(i, j))).length;
        expect(measureLeak({ train, test }, input, gap)?.near).toBe(near);
      },
    );
    fc.assert(property, { numRuns: 100 });
  });

  it('says null where the frames are not known', () => {
    expect(measureLeak(split, { ...times, known: false }, 2)).toBeNull();
  });
});

// Tests of how an epoch falls into runs: whole groups, single batches for the rest, and never across a save.
import { describe, expect, it } from 'vitest';
import type { Batch } from '../data/batch.ts';
import { batchGroups, type Grouping } from './batch-groups.ts';
import { startProgress } from './progress.ts';

/** Batches of two samples, the last of one, all in the same memory as a loader's are. */
const lent = new Float32Array(2);
const loader: Grouping['loader'] = {
  async *epoch(_epoch, start = 0) {
    for (let i = start; i < 8; i++) {
      const size = i === 7 ? 1 : 2;
      lent.fill(i);
      const y = new Float32Array(size).fill(10 * i);
      const batch = { x: lent.subarray(0, size), y, rows: new Uint32Array(size).fill(i), size };
      yield await Promise.resolve(batch as Batch);
    }
  },
};

async function groupsOf(grouping: Partial<Grouping>, batch = 0) {
  const run = { loader, hyper: ({ batch: lr }: { batch: number }) => ({ lr }), ...grouping };
  const found = [];
  for await (const { fed, hypers, batches } of batchGroups(
    { stepsPerRun: 3, saveEvery: 0, ...run },
    { ...startProgress(0), batch },
  ))
    found.push({
      x: [...fed.x],
      y: [...fed.y],
      lr: hypers.map(({ lr }) => lr),
      rows: batches.map(({ rows }) => rows[0]),
    });
  return found;
}

describe('batches of a run', () => {
  it('lie one after the other, each step told its own place', async () => {
    const groups = await groupsOf({});
    expect(groups.map(({ rows }) => rows)).toEqual([[0, 1, 2], [3, 4, 5], [6], [7]]);
    expect(groups[1]).toEqual({
      x: [3, 3, 4, 4, 5, 5],
      y: [30, 30, 40, 40, 50, 50],
      lr: [3, 4, 5],
      rows: [3, 4, 5],
    });
    expect(groups.at(-1)).toEqual({ x: [7], y: [70], lr: [7], rows: [7] });
  });

  it('end where the state is saved, wherever the epoch is entered', async () => {
    const rows = async (batch: number) =>
      (await groupsOf({ saveEvery: 4 }, batch)).map((group) => group.rows);
    expect(await rows(0)).toEqual([[0, 1, 2], [3], [4, 5, 6], [7]]);
    expect(await rows(2)).toEqual([[2], [3], [4, 5, 6], [7]]);
  });

  it('are mixed by their place in the epoch, the batch itself keeping its labels', async () => {
    const mix: Grouping['mix'] = (batch, { batch: at }) => ({ ...batch, y: batch.y.map((y) => y + at) });
    const [group] = await groupsOf({ mix });
    expect(group!.y).toEqual([0, 0, 11, 11, 22, 22]);
  });
});

// Tests of which graphs stay open: those used last, and of those that wait only what holds little memory.
import { describe, expect, it } from 'vitest';
import { graphCache, type GraphKey } from './graph-cache.ts';

const MIB = 2 ** 20;

/** A cache whose graphs of `size` samples hold as many MiB after their first run, and what was opened, and not closed. */
function cacheOf() {
  let taken = 0;
  const [lowered, open]: [number[], number[]] = [[], []];
  const cache = graphCache({
    lower: ({ size }) => {
      lowered.push(size);
      return Promise.resolve({ model: Uint8Array.of(size / 20), masks: [] });
    },
    open: (model) => {
      const size = 20 * model[0]!;
      let holds = 0;
      open.push(size);
      return Promise.resolve({
        run: () => {
          [taken, holds] = [taken + size * MIB - holds, size * MIB];
          return Promise.resolve(new Map());
        },
        dispose: () => {
          taken -= holds;
          open.splice(open.indexOf(size), 1);
          return Promise.resolve();
        },
      });
    },
    memory: () => taken,
  });
  const key = (size: number): GraphKey => ({ size, kind: 'update', steps: 1 });
  const use = async (...sizes: number[]) => {
    for (const size of sizes) await (await cache.get(key(size))).session.run(new Map());
  };
  return { cache, use, lowered, open };
}

describe('the graphs of a step', () => {
  it('stay open while they hold little, and are lowered once', async () => {
    const { cache, use, lowered, open } = cacheOf();
    await use(300, 200, 300, 200);
    expect([lowered, open]).toEqual([
      [300, 200],
      [300, 200],
    ]);
    await cache.dispose();
    expect(open).toEqual([]);
  });

  it('are closed while they wait where they hold much, and opened again without being lowered', async () => {
    const { use, lowered, open } = cacheOf();
    await use(2000, 2000, 900);
    expect(open).toEqual([900]);
    await use(2000);
    expect([lowered, open]).toEqual([[2000, 900], [2000]]);
    await use(300, 200);
    expect(open).toEqual([300, 200]);
  });

  it('stay open, however much they hold, where they are of one size and take turns', async () => {
    const { cache, use, lowered, open } = cacheOf();
    const wait = async () => {
      await (await cache.get({ size: 2000, kind: 'wait', steps: 3 })).session.run(new Map());
    };
    await wait();
    await use(2000);
    await wait();
    await use(2000);
    expect([lowered, open]).toEqual([
      [2000, 2000],
      [2000, 2000],
    ]);
    await use(900);
    expect(open).toEqual([900]);
  });

  it('are four at most', async () => {
    const { use, lowered, open } = cacheOf();
    await use(20, 40, 60, 80, 20, 100);
    expect(open).toEqual([20, 60, 80, 100]);
    await use(40);
    expect(lowered).toEqual([20, 40, 60, 80, 100, 40]);
  });
});

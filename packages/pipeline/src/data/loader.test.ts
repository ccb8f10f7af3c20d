// Batches from the worker: the bytes of the pure function, from any start, in lent memory, with errors and endings passed on.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BatchMaker, type Batch, type BatchSpec } from './batch.ts';
import { createLoader, type LoaderOptions } from './loader.ts';
import { openPackedCache, type PackedCache } from './packed-cache.ts';
import { addresses, noiseJpegs, writeCropFile } from './testing/crop-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'spatter-loader-'));
const COUNT = 23;
const index = addresses(
  folder,
  Array.from({ length: COUNT }, (_, row) => ['a.h5', 'v_0', COUNT - 1 - row] as const),
);
let cache: PackedCache;
let options: LoaderOptions;

beforeAll(async () => {
  await writeCropFile(folder, 'a.h5', { v_0: await noiseJpegs(100, COUNT) });
  cache = await openPackedCache(index, { resize: 32, channels: 1 });
  options = {
    cache,
    rows: Uint32Array.from({ length: 20 }, (_, i) => i + 2),
    labels: Uint8Array.from({ length: COUNT }, (_, row) => row % 2),
    batchSize: 6,
    shuffle: true,
    seed: 4,
    transform: { kind: 'train', resize: 32, rotationDegrees: 15 },
  };
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A batch's contents, copied out of the lent memory. */
interface Kept {
  x: number[];
  y: number[];
  rows: number[];
}
const keep = ({ x, y, rows }: Batch): Kept => ({ x: [...x], y: [...y], rows: [...rows] });

async function collect(options: LoaderOptions, epoch: number, start?: number): Promise<Kept[]> {
  const loader = createLoader(options);
  const kept: Kept[] = [];
  for await (const batch of loader.epoch(epoch, start)) kept.push(keep(batch));
  await loader.close();
  return kept;
}

function inPlace(options: LoaderOptions, epoch: number, count: number): Kept[] {
  const spec: BatchSpec = { dropLast: false, ...options };
  const maker = new BatchMaker(spec);
  return Array.from({ length: count }, (_, i) => keep(maker.make(epoch, i)));
}

describe('loader', () => {
  it('serves every row once, with its label, in shapes as announced', async () => {
    const loader = createLoader(options);
    expect(loader).toMatchObject({ length: 4, samples: 20, shape: [1, 32, 32] });
    const batches = await collect(options, 0);
    expect(batches.map((b) => b.rows.length)).toEqual([6, 6, 6, 2]);
    expect(
      batches.every((b) => b.x.length === b.rows.length * 1024 && b.x.every((v) => v >= 0 && v <= 1)),
    ).toBe(true);
    const rows = batches.flatMap((b) => b.rows);
    expect([...rows].sort((a, b) => a - b)).toEqual([...options.rows]);
    expect(batches.flatMap((b) => b.y)).toEqual(rows.map((row) => row % 2));
  });

  it.each([
    ['train', true],
    ['eval-corrected', false],
    ['eval-legacy', false],
  ] as const)('gives the bytes of the pure function, %s', async (kind, shuffle) => {
    const all = { ...options, shuffle, transform: { ...options.transform, kind } };
    expect(await collect(all, 3)).toEqual(inPlace(all, 3, 4));
  });

  it('gives the same bytes again, others for another epoch or seed, none of it for evaluation', async () => {
    const first = await collect(options, 1);
    expect(await collect({ ...options, prefetch: 1 }, 1)).toEqual(first);
    expect(await collect(options, 2)).not.toEqual(first);
    expect(await collect({ ...options, seed: 5 }, 1)).not.toEqual(first);
    const still = {
      ...options,
      shuffle: false,
      transform: { ...options.transform, kind: 'eval-corrected' as const },
    };
    expect(await collect(still, 1)).toEqual(await collect(still, 2));
  });

  it('starts anywhere with the tail of the full epoch', async () => {
    const full = await collect(options, 7);
    for (const start of [0, 1, 3, 4]) expect(await collect(options, 7, start)).toEqual(full.slice(start));
  });

  it('rotates a row by the same angle in whichever batch it comes', async () => {
    const small = await collect({ ...options, batchSize: 1, shuffle: false }, 2);
    const large = await collect({ ...options, batchSize: 20, shuffle: false }, 2);
    expect(small.flatMap((b) => b.x)).toEqual(large[0]!.x);
  });

  it('reads a cache that is too large for memory from its file, to the same bytes', async () => {
    const onDisk = await openPackedCache(index, { resize: 32, channels: 1, residentBytes: 0 });
    expect(onDisk.data).toBeNull();
    expect(await collect({ ...options, cache: onDisk }, 1)).toEqual(await collect(options, 1));
  });

  it('leaves out a short last batch on request', async () => {
    const batches = await collect({ ...options, dropLast: true }, 1);
    expect(batches).toEqual((await collect(options, 1)).slice(0, 3));
  });
});

describe('loader, endings', () => {
  it('takes the memory of a batch back when the next is asked for', async () => {
    const loader = createLoader({ ...options, batchSize: 1 });
    const taken: boolean[] = [];
    let last: Batch | undefined;
    for await (const batch of loader.epoch(0)) {
      if (last !== undefined) taken.push(last.x.length === 0);
      last = batch;
    }
    // The last two requests are out before the epoch's end, so the memory of the last batches stays.
    expect(taken.slice(0, 17)).toEqual(Array<boolean>(17).fill(true));
    await loader.close();
  });

  it('can be left in mid-epoch and started again', async () => {
    const loader = createLoader(options);
    for await (const batch of loader.epoch(0)) {
      if (batch.size > 0) break;
    }
    const kept: Kept[] = [];
    for await (const batch of loader.epoch(1)) kept.push(keep(batch));
    expect(kept).toEqual(inPlace(options, 1, 4));
    await loader.close();
  });

  it('passes on what fails in the worker, again at every later try', async () => {
    const gone = { ...cache, data: null, path: join(folder, 'gone.bin') };
    const loader = createLoader({ ...options, cache: gone });
    await expect(loader.epoch(0).next()).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(loader.epoch(0).next()).rejects.toThrow(/gone\.bin/);
  });

  it('rejects what is awaited when it is closed', async () => {
    const loader = createLoader(options);
    const pending = loader.epoch(0).next();
    const settled = expect(pending).rejects.toThrow(/closed/);
    await loader.close();
    await settled;
  });

  it('refuses to serve nothing', () => {
    expect(() => createLoader({ ...options, rows: new Uint32Array() })).toThrow(/at least one batch/);
    expect(() => createLoader({ ...options, batchSize: 21, dropLast: true })).toThrow(/at least one batch/);
  });

  it('does not keep the process alive', () => {
    const module = pathToFileURL(join(import.meta.dirname, '../../dist/data/loader.js')).href;
    const script = `
      const { createLoader } = await import(${JSON.stringify(module)});
      const data = new Uint8Array(new SharedArrayBuffer(1600 * 8));
      const cache = { path: '', size: 40, channels: 1, data, slots: Uint32Array.from({ length: 8 }, (_, i) => i) };
      const loader = createLoader({ cache, rows: cache.slots, labels: new Uint8Array(8), batchSize: 1, shuffle: true,
        seed: 1, transform: { kind: 'train', resize: 32, rotationDegrees: 15 } });
      const batches = loader.epoch(0);
      await batches.next();
      console.log((await batches.next()).value.size);`;
    const args = ['--input-type=module', '-e', script];
    expect(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 })).toBe('1\n');
  });
});

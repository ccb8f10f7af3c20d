// Augmented training batches a second: ours from the packed cache, against a torch DataLoader on the reference's lazy path.
// SPATTER_PYTHON may name an interpreter with torch, torchvision, opencv, h5py; otherwise they are installed (some GB).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonWith, runPython } from '../interop/python.ts';
import { createLoader } from '../packages/pipeline/src/data/loader.ts';
import { openPackedCache, type PackedCache } from '../packages/pipeline/src/data/packed-cache.ts';
import { addresses, writeCropFile } from '../packages/pipeline/src/data/testing/crop-data.ts';
import { encodeJpeg } from '../packages/pipeline/src/store/jpeg.ts';
import { writeCsv } from '../packages/pipeline/src/util/csv.ts';
import { integer, permutation, randomStream } from '../packages/pipeline/src/util/random.ts';
import type { BenchResult } from './result.ts';

const CROPS = 4096;
const BATCH = 1024;
const WORKERS = 2;
const ROUNDS = 2;
const EPOCHS = 60;
const REQUIREMENTS = [
  'torch==2.8.0',
  'torchvision==0.23.0',
  'opencv-python-headless==4.12.0.88',
  'h5py==3.14.0',
];

export async function run(): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-bench-loader-'));
  try {
    return await measure(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(folder: string): Promise<BenchResult> {
  const python = process.env['SPATTER_PYTHON'] ?? pythonWith(REQUIREMENTS);
  const script = join(import.meta.dirname, 'python', 'loader.py');
  const { cache, buildRate } = await makeData(folder);
  const ours: number[] = [];
  const peer: number[] = [];
  let version = '';
  let growth = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const mine = await serve(cache);
    ours.push(mine.rate);
    growth = Math.max(growth, mine.growth);
    const args = [folder, String(BATCH), String(WORKERS)];
    const theirs = runPython<{ rate: number; version: string }>(python, script, args);
    peer.push(theirs.rate);
    version = theirs.version;
    console.log(`round ${round + 1}: ours ${mine.rate.toFixed(0)}, torch ${theirs.rate.toFixed(0)} crops/s`);
  }
  const best = { ours: Math.max(...ours), peer: Math.max(...peer) };
  return {
    ratio: best.ours / best.peer,
    ...best,
    unit: 'crops/s',
    peer_version: version,
    batch: BATCH,
    peer_workers: WORKERS,
    cache_build_crops_per_s: buildRate,
    memory_growth_mb: growth,
  };
}

/** A crop file and `images.csv` as the reference has them, and our cache of it. */
async function makeData(folder: string): Promise<{ cache: PackedCache; buildRate: number }> {
  const random = randomStream(1);
  const jpegs: Uint8Array[] = [];
  for (let i = 0; i < CROPS; i++)
    jpegs.push(await glow(20 + integer(random, 50), 20 + integer(random, 50), i));
  await writeCropFile(folder, 'video.h5', { video_0: jpegs });
  const rows = [...permutation(random, CROPS)].map((row) => ['video.h5', 'video_0', row] as const);
  writeCsv(
    join(folder, 'images.csv'),
    ['file', 'dataset', 'ds_idx', 'label'],
    rows.map((row) => [...row, row[2] % 2]),
  );
  const start = performance.now();
  const cache = await openPackedCache(addresses(folder, rows), { resize: 32, channels: 1 });
  return { cache, buildRate: (CROPS / (performance.now() - start)) * 1000 };
}

/** A bright spot with noise, about as compressible as a real crop. */
function glow(width: number, height: number, seed: number): Promise<Uint8Array> {
  const random = randomStream(2, seed);
  const bgr = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const x = (Math.floor(i / 3) % width) / width - 0.5;
    const y = Math.floor(i / 3 / width) / height - 0.5;
    return Math.min(255, 230 * Math.exp(-12 * (x * x + y * y)) + integer(random, 12));
  });
  return encodeJpeg(bgr, width, height);
}

/** Crops a second over {@link EPOCHS} epochs, and how much memory grew after the first few. */
async function serve(cache: PackedCache): Promise<{ rate: number; growth: number }> {
  const loader = createLoader({
    cache,
    rows: Uint32Array.from({ length: CROPS }, (_, row) => row),
    labels: new Uint8Array(CROPS),
    batchSize: BATCH,
    shuffle: true,
    seed: 1,
    transform: { kind: 'train', resize: 32, rotationDegrees: 15 },
  });
  let [start, before, seen] = [0, 0, 0];
  for (let epoch = -10; epoch < EPOCHS; epoch++) {
    if (epoch === 0) [start, before] = [performance.now(), process.memoryUsage().rss];
    for await (const batch of loader.epoch(epoch + 10)) seen += epoch < 0 ? 0 : batch.size;
  }
  const rate = (seen / (performance.now() - start)) * 1000;
  const growth = (process.memoryUsage().rss - before) / 2 ** 20;
  await loader.close();
  return { rate, growth };
}

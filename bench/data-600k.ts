// Indexing, validating and analysing 600,000 crops: wall time and peak memory of each command, against 2 GiB, and whether the search
// for lookalikes finds the pictures that stand in two recordings. SPATTER_BENCH_CROPS may name another number of crops.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CropFileWriter } from '../packages/pipeline/src/store/crop-file.ts';
import { encodeJpegSync } from '../packages/pipeline/src/store/jpeg.ts';
import { writeCsv } from '../packages/pipeline/src/util/csv.ts';
import { integer, normal, randomStream, uniform, type Random } from '../packages/pipeline/src/util/random.ts';
import type { BenchResult } from './result.ts';

const CROPS = Number(process.env['SPATTER_BENCH_CROPS'] ?? 600_000);
const RECORDINGS = 12;
/** Every so many crops, a recording shows the next picture of the recording before, a little brighter. */
const DOUBLED = 1000;
const ROWS = 10_000;
const LIMIT_MIB = 2048;
const MAIN = join(import.meta.dirname, '..', 'packages', 'pipeline', 'dist', 'cli', 'main.js');

export async function run(): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-bench-600k-'));
  try {
    const began = performance.now();
    const files = await writeRecordings(folder);
    const data_s = seconds(began);
    const labels = files.map((_, r) => r % 2).join();
    const steps = {
      index_and_cache: measure(folder, ['data', 'index', ...files, '--labels', labels]),
      validate: measure(folder, ['data', 'validate', folder, '--report', join(folder, 'report')]),
      analyze: measure(folder, ['data', 'analyze', folder]),
      diff: measure(folder, ['data', 'diff', folder, folder]),
    };
    for (const [name, { wall_s, peak_mib }] of Object.entries(steps))
      console.log(`${name}: ${wall_s} s, peak ${peak_mib} MiB`);
    const lookalikes = { doubled: (RECORDINGS - 1) * Math.ceil(CROPS / RECORDINGS / DOUBLED), found: pairsFound(folder) }; // prettier-ignore
    const peak = Math.max(...Object.values(steps).map(({ peak_mib }) => peak_mib));
    return { ratio: LIMIT_MIB / peak, ours: peak, peer: LIMIT_MIB, unit: 'MiB', peer_version: 'limit', crops: CROPS, data_s, lookalikes, ...steps }; // prettier-ignore
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Pairs that `validate` reports as the same picture in two recordings. */
function pairsFound(folder: string): number {
  const report = JSON.parse(readFileSync(join(folder, 'report', 'validation.json'), 'utf8')) as {
    findings: { kind: string; count: number }[];
  };
  const counts = report.findings.filter(({ kind }) => /^lookalike(_with_other_label)?$/.test(kind));
  return counts.reduce((sum, { count }) => sum + count, 0);
}

const seconds = (began: number): number => Math.round((performance.now() - began) / 100) / 10;

async function writeRecordings(folder: string): Promise<string[]> {
  const files: string[] = [];
  const each = Math.ceil(CROPS / RECORDINGS);
  for (let r = 0; r < RECORDINGS; r++) {
    const path = join(folder, `recording_${r}.h5`);
    const writer = await CropFileWriter.create(path);
    for (let k = 0; k * ROWS < each; k++) {
      const rows = Math.min(ROWS, each - k * ROWS);
      const jpegs = Array.from({ length: rows }, (_, i) => drawnCrop(r, k * ROWS + i));
      writer.writeDataset(`recording_${r}_${k}`, jpegs);
    }
    writer.close();
    writeSidecar(folder, r, each);
    files.push(path);
  }
  return files;
}

const NOISE = Int8Array.from(
  { length: 1 << 16 },
  (
    (random) => () =>
      Math.round(3 * normal(random))
  )(randomStream(2)),
);

/** Crop `i` of recording `r`: glowing streaks on a noisy ground; all are different but for the doubled ones. */
function drawnCrop(r: number, i: number): Uint8Array {
  const doubled = r > 0 && i % DOUBLED === 0;
  const [recording, crop] = doubled ? [r - 1, i + 1] : [r, i];
  // Of 600 000 streams of 32 bits some forty are alike; of pairs of them none.
  const streams = [randomStream(1, recording, crop), randomStream(2, crop, recording)] as const;
  const random: Random = () => (streams[0]() ^ streams[1]()) >>> 0;
  const side = 36 + integer(random, 24);
  const light = new Float32Array(side * side).fill(doubled ? 15 : 10);
  for (let streaks = 2 + integer(random, 4); streaks > 0; streaks--) addStreak(light, side, random);
  const bgr = new Uint8ClampedArray(3 * side * side);
  const start = integer(random, NOISE.length - light.length);
  for (let at = 0; at < light.length; at++) {
    const value = light[at]! + NOISE[start + at]!;
    bgr[3 * at] = bgr[3 * at + 1] = bgr[3 * at + 2] = value;
  }
  return encodeJpegSync(new Uint8Array(bgr.buffer), side, side);
}

/** A sheared bell of light, from two tables. */
function addStreak(light: Float32Array, side: number, random: Random): void {
  const [level, shear] = [60 + 120 * uniform(random), 2 * uniform(random) - 1];
  const bell = (length: number) => {
    const [centre, width] = [side * uniform(random), side * (0.04 + 0.2 * uniform(random))];
    return Float32Array.from({ length }, (_, x) => Math.exp(-(((x - centre) / width) ** 2) / 2));
  };
  const [across, down] = [bell(3 * side), bell(side)];
  for (let y = 0; y < side; y++) {
    const shift = Math.round(shear * (y - side / 2));
    for (let x = 0; x < side; x++) light[y * side + x]! += level * down[y]! * (across[x + shift] ?? 0);
  }
}

function writeSidecar(folder: string, r: number, crops: number): void {
  const columns = ['dataset', 'ds_idx', 'frame', 'x', 'y', 'w', 'h', 'area'];
  const rows = Array.from({ length: crops }, (_, i) => {
    return [`recording_${r}_${Math.floor(i / ROWS)}`, i % ROWS, 3 * i, 10, 10, 50, 50, 2400];
  });
  writeCsv(join(folder, `recording_${r}_crops.csv`), columns, rows);
}

/** Runs one command in a process of its own. */
function measure(folder: string, argv: readonly string[]): { wall_s: number; peak_mib: number } {
  const note = join(folder, 'rss.txt');
  const script = `
    const { writeFileSync } = await import('node:fs');
    process.on('exit', () => writeFileSync(${JSON.stringify(note)}, String(process.resourceUsage().maxRSS)));
    const { main } = await import(${JSON.stringify(MAIN)});
    await main(['node', 'spatter', ...${JSON.stringify([...argv, '--quiet'])}]);`;
  const began = performance.now();
  execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return { wall_s: seconds(began), peak_mib: Math.round(Number(readFileSync(note, 'utf8')) / 1024) };
}

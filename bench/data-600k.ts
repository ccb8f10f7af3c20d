// Indexing, validating and analysing 600,000 crops: wall time and peak memory of each command, against 2 GiB.
// SPATTER_BENCH_CROPS may name another number of crops.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CropFileWriter } from '../packages/pipeline/src/store/crop-file.ts';
import { drawCrop } from '../packages/pipeline/src/data/testing/simulated-crops.ts';
import { writeCsv } from '../packages/pipeline/src/util/csv.ts';
import { integer, randomStream } from '../packages/pipeline/src/util/random.ts';
import type { BenchResult } from './result.ts';

const CROPS = Number(process.env['SPATTER_BENCH_CROPS'] ?? 600_000);
const RECORDINGS = 12;
/** Crops drawn for each recording; the others are these with other bytes in a JPEG comment. */
const DRAWN = 250;
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
      validate: measure(folder, ['data', 'validate', folder]),
      analyze: measure(folder, ['data', 'analyze', folder]),
      diff: measure(folder, ['data', 'diff', folder, folder]),
    };
    for (const [name, { wall_s, peak_mib }] of Object.entries(steps))
      console.log(`${name}: ${wall_s} s, peak ${peak_mib} MiB`);
    const peak = Math.max(...Object.values(steps).map(({ peak_mib }) => peak_mib));
    return { ratio: LIMIT_MIB / peak, ours: peak, peer: LIMIT_MIB, unit: 'MiB', peer_version: 'limit', crops: CROPS, data_s, ...steps }; // prettier-ignore
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const seconds = (began: number): number => Math.round((performance.now() - began) / 100) / 10;

async function writeRecordings(folder: string): Promise<string[]> {
  const files: string[] = [];
  const each = Math.ceil(CROPS / RECORDINGS);
  for (let r = 0; r < RECORDINGS; r++) {
    const drawn: Uint8Array[] = [];
    for (let i = 0; i < DRAWN; i++) {
      const random = randomStream(1, r, i);
      drawn.push(
        await drawCrop({ planted: 'brightness', seed: 1, size: 36 + integer(random, 24) }, r % 2, random),
      );
    }
    const path = join(folder, `recording_${r}.h5`);
    const writer = await CropFileWriter.create(path);
    for (let k = 0; k * ROWS < each; k++) {
      const rows = Math.min(ROWS, each - k * ROWS);
      const jpegs = Array.from({ length: rows }, (_, i) => numbered(drawn[i % DRAWN]!, k * ROWS + i));
      writer.writeDataset(`recording_${r}_${k}`, jpegs);
    }
    writer.close();
    writeSidecar(folder, r, each);
    files.push(path);
  }
  return files;
}

/** The same picture with `n` in a comment, so that no two JPEGs are equal. */
function numbered(jpeg: Uint8Array, n: number): Uint8Array {
  const comment = [0xff, 0xfe, 0, 6, n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >> 24) & 255];
  const out = new Uint8Array(jpeg.length + comment.length);
  out.set(jpeg.subarray(0, 2));
  out.set(comment, 2);
  out.set(jpeg.subarray(2), 2 + comment.length);
  return out;
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

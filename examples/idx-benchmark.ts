// Trains LeNet5 on a benchmark in MNIST's format that it draws itself, and fails unless the network reads the digits.
//
//   npx tsx examples/idx-benchmark.ts [FOLDER]      default: spatter-idx
//
// Writes the four IDX files to FOLDER/data and a run to FOLDER/run. To use the real MNIST or Fashion-MNIST instead, put
// their four files in a folder and type the command that this prints.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { normal, randomStream, uniform, type Random } from '../packages/pipeline/src/util/random.ts';

const SIDE = 28;
const SPATTER = join(import.meta.dirname, '../packages/pipeline/bin/spatter.js');

/** Strokes of a digit on a seven-segment display, as letters a … g. */
const DIGITS = ['abcdef', 'bc', 'abged', 'abgcd', 'fgbc', 'afgcd', 'afgedc', 'abc', 'abcdefg', 'abcdfg'];

type Line = readonly [x0: number, y0: number, x1: number, y1: number];

/** In a box from (−1, −2) to (1, 2), y downward. */
const STROKES: Record<string, Line> = {
  a: [-1, -2, 1, -2],
  b: [1, -2, 1, 0],
  c: [1, 0, 1, 2],
  d: [-1, 2, 1, 2],
  e: [-1, 0, -1, 2],
  f: [-1, -2, -1, 0],
  g: [-1, 0, 1, 0],
};

/** Draws `digit` with a pen of random width, shaken, scaled, slanted, turned and moved at random, with noise: [28, 28] bytes. */
function drawDigit(digit: number, random: Random): Uint8Array {
  const between = (low: number, high: number) => low + (high - low) * uniform(random);
  const [angle, slant, scale, pen] = [
    between(-0.25, 0.25),
    between(-0.3, 0.3),
    between(3.4, 5.2),
    between(0.8, 1.7),
  ];
  const [cx, cy] = [between(11, 16), between(11, 16)];
  const place = (x: number, y: number): [number, number] => {
    const u = x + slant * y + 0.12 * normal(random);
    const v = y + 0.12 * normal(random);
    const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
    return [cx + scale * (u * cos - v * sin), cy + scale * (u * sin + v * cos)];
  };
  const lines = Array.from(DIGITS[digit]!).map((name): Line => {
    const [x0, y0, x1, y1] = STROKES[name]!;
    return [...place(x0, y0), ...place(x1, y1)];
  });
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const away = Math.min(...lines.map((line) => distance(line, i % SIDE, Math.floor(i / SIDE))));
    const ink = 255 * Math.min(1, Math.max(0, pen + 0.5 - away));
    return Math.min(255, Math.max(0, Math.round(ink + 12 * normal(random))));
  });
}

/** From a point to the nearest point of a line, pixels. */
function distance([x0, y0, x1, y1]: Line, x: number, y: number): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - x0 - t * dx, y - y0 - t * dy);
}

/** An IDX file of unsigned bytes: 0, 0, 8, the number of dimensions, their lengths, the values. */
function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x0800 | shape.length, 0);
  shape.forEach((length, k) => header.writeUInt32BE(length, 4 + 4 * k));
  return gzipSync(Buffer.concat([header, data]));
}

/** Writes the four files; the same counts give the same bytes. */
export function writeGlyphs(folder: string, counts: { readonly train: number; readonly t10k: number }): void {
  mkdirSync(folder, { recursive: true });
  for (const [seed, [name, count]] of Object.entries(counts).entries()) {
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
    const images = new Uint8Array(count * SIDE * SIDE);
    labels.forEach((label, i) => images.set(drawDigit(label, randomStream(seed, i)), i * SIDE * SIDE));
    writeFileSync(join(folder, `${name}-images-idx3-ubyte.gz`), idx([count, SIDE, SIDE], images));
    writeFileSync(join(folder, `${name}-labels-idx1-ubyte.gz`), idx([count], labels));
  }
}

/** The command line that trains on the IDX files in `data`. */
export function trainArgs(data: string, run: string, epochs: number): string[] {
  return [
    'train',
    'data=idx',
    `data.root=${data}`,
    'model=lenet5',
    `training.epochs=${epochs}`,
    `paths.run_dir=${run}`,
  ];
}

/** Runs `spatter ARGS --json` and returns the object it prints last. */
export function spatterJson(args: readonly string[]): Record<string, unknown> {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SPATTER, ...args, '--json'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`spatter ${args.join(' ')} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)) as Record<string, unknown>;
}

function main(folder: string): void {
  const data = join(folder, 'data');
  writeGlyphs(data, { train: 12_000, t10k: 2_000 });
  const args = trainArgs(data, join(folder, 'run'), 5);
  process.stdout.write(`$ npx spatter ${args.join(' ')} --json\n`);
  const result = spatterJson(args);
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  const accuracy = result['test_accuracy'] as number;
  if (!(accuracy > 0.95)) throw new Error(`test accuracy must be above 0.95 after 5 epochs, got ${accuracy}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv[2] ?? 'spatter-idx');

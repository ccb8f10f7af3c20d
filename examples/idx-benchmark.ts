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
import { randomStream } from '../packages/pipeline/src/util/random.ts';
import { drawDigit, SIDE } from './drawn-digits.ts';

const SPATTER = join(import.meta.dirname, '../packages/pipeline/bin/spatter.js');

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

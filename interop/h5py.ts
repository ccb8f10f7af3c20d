// Crop files, JPEG bytes and the index against real h5py, h5dump, OpenCV, numpy and pandas, in both directions.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildIndex } from '../packages/pipeline/src/data/build-index.ts';
import { CropFileReader, CropFileWriter } from '../packages/pipeline/src/store/crop-file.ts';
import { decodeJpeg, encodeJpeg } from '../packages/pipeline/src/store/jpeg.ts';
import type { Checks } from './checks.ts';
import { pythonWith, runPython } from './python.ts';

const REQUIREMENTS = ['h5py==3.16.0', 'numpy==2.4.6', 'opencv-python-headless==4.13.0.92', 'pandas==2.3.3'];
const CROPS = 300;

interface Made {
  readonly versions: Readonly<Record<string, string>>;
  readonly crops: readonly { width: number; height: number; bgr: string; jpeg: string; decoded: string }[];
  readonly rows: readonly string[];
}

interface Seen {
  readonly keys: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly datasets: Readonly<
    Record<
      string,
      { dtype: string; padding: string; ascii: boolean; compression: string; sha256: readonly string[] }
    >
  >;
}

export async function run(checks: Checks): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-h5py-'));
  const script = join(import.meta.dirname, 'python', 'h5py_peer.py');
  const python = pythonWith(REQUIREMENTS);
  try {
    const made = runPython<Made>(python, script, ['make', folder, String(CROPS)]);
    console.log(Object.entries(made.versions).flat().join(' '));
    await checkJpeg(checks, made);
    await checkReading(checks, folder, made);
    const rows = made.crops.map((crop) => bytes(crop.jpeg));
    await writeOurs(folder, rows);
    checkWriting(checks, runPython<Seen>(python, script, ['check', folder]), rows);
    const [ours, theirs] = ['images.csv', 'expected.csv'].map((name) => readFileSync(join(folder, name)));
    checks.check('images.csv equals pandas.DataFrame.sample(frac=1, random_state=42)', ours!.equals(theirs!));
    checkDump(checks, join(folder, 'ours.h5'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

async function checkJpeg(checks: Checks, { crops }: Made): Promise<void> {
  const wrong = { encode: [] as string[], decode: [] as string[] };
  for (const { width, height, bgr, jpeg, decoded } of crops) {
    const size = `${width}×${height}`;
    if (!same(await encodeJpeg(bytes(bgr), width, height), bytes(jpeg))) wrong.encode.push(size);
    if (!same((await decodeJpeg(bytes(jpeg))).bgr, bytes(decoded))) wrong.decode.push(size);
  }
  const count = `${crops.length} random crops`;
  checks.check(`JPEG bytes equal cv2.imencode on ${count}`, wrong.encode.length === 0, wrong.encode.join());
  checks.check(`pixels equal cv2.imdecode on ${count}`, wrong.decode.length === 0, wrong.decode.join());
}

async function checkReading(checks: Checks, folder: string, { rows }: Made): Promise<void> {
  // h5py gives opaque rows with their padding; a JPEG ends with FF D9, so what follows is padding.
  const expected = rows
    .map((row) => bytes(row))
    .map((row) => row.subarray(0, row.findLastIndex((b) => b !== 0) + 1));
  const reader = await CropFileReader.open(join(folder, 'theirs.h5'));
  for (const { name, length } of reader.datasets()) {
    if (name === 'text') continue;
    const ours = reader.read(name, 0, length);
    checks.check(
      `${name} by h5py is read`,
      ours.every((row, i) => same(row, expected[i]!)),
    );
  }
  reader.close();
}

async function writeOurs(folder: string, rows: readonly Uint8Array[]): Promise<void> {
  const writer = await CropFileWriter.create(join(folder, 'ours.h5'));
  for (const name of ['v_0', 'v_1', 'v_10', 'v_2']) writer.writeDataset(name, rows);
  writer.setAttributes({ video: 'build 7 é.mp4', frames: 5_000_000_000, fps: 29.97 });
  writer.close();
  const other = await CropFileWriter.create(join(folder, 'other.h5'));
  other.writeDataset('w_0', rows.slice(0, 50));
  other.close();
  const files = ['ours.h5', 'other.h5'].map((name) => join(folder, name));
  await buildIndex({ files, labels: '0,1' });
}

function checkWriting(
  checks: Checks,
  { keys, datasets, attributes }: Seen,
  rows: readonly Uint8Array[],
): void {
  const longest = Math.max(...rows.map((row) => row.length));
  const hashes = rows.map((row) => createHash('sha256').update(row).digest('hex'));
  checks.check('h5py lists our datasets', keys.join() === 'v_0,v_1,v_10,v_2', keys.join());
  for (const [name, seen] of Object.entries(datasets)) {
    const { dtype, padding, ascii, compression, sha256 } = seen;
    const type = `${dtype} ${padding} ${ascii ? 'ASCII' : 'UTF-8'} ${compression}`;
    checks.check(
      `h5py sees ${name} as the reference's type`,
      type === `|S${longest} NULLPAD ASCII gzip`,
      type,
    );
    checks.check(`h5py reads the bytes of ${name}`, sha256.join() === hashes.join());
  }
  const text = JSON.stringify(attributes);
  const expected = JSON.stringify({ fps: 29.97, frames: 5_000_000_000, video: 'build 7 é.mp4' });
  checks.check('h5py reads our attributes', text === expected, text);
}

function checkDump(checks: Checks, path: string): void {
  const dump = spawnSync('h5dump', ['-H', '-p', '-d', '/v_0', path], { encoding: 'utf8' });
  if (dump.error !== undefined) {
    console.log('skipped: no h5dump on PATH (Debian: apt install hdf5-tools)');
    return;
  }
  for (const fact of ['STRPAD H5T_STR_NULLPAD', 'CSET H5T_CSET_ASCII', 'COMPRESSION DEFLATE']) {
    checks.check(`h5dump prints ${fact}`, dump.stdout.includes(fact), dump.stdout + dump.stderr);
  }
}

// `spatter predict` killed with SIGKILL while it judges images, an HDF5 file and a video, then run again: the same bytes.
import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { noiseCrop } from '../packages/pipeline/src/data/transforms/testing/noise-crops.ts';
import { tinyModel } from '../packages/pipeline/src/infer/testing/tiny-model.ts';
import { CropFileWriter } from '../packages/pipeline/src/store/crop-file.ts';
import { encodeJpeg } from '../packages/pipeline/src/store/jpeg.ts';
import { BIN, spatter, spatterJson } from './cli.ts';

const root = mkdtempSync(join(tmpdir(), 'spatter-resume-'));
const CROPS = 1500;

beforeAll(async () => {
  await tinyModel(join(root, 'model'));
  mkdirSync(join(root, 'images'));
  const jpegs = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const { bgr, width, height } = noiseCrop(i);
      const jpeg = await encodeJpeg(bgr, width, height);
      writeFileSync(join(root, `${i}.jpg`), jpeg);
      return jpeg;
    }),
  );
  const name = (i: number) => String(i).padStart(5, '0');
  for (let i = 0; i < CROPS; i++)
    linkSync(join(root, `${i % 20}.jpg`), join(root, 'images', `${name(i)}.jpg`));
  const writer = await CropFileWriter.create(join(root, 'crops.h5'));
  const rows = Array.from({ length: CROPS / 2 }, (_, i) => jpegs[i % 20]!);
  for (const dataset of ['crops_0', 'crops_1']) writer.writeDataset(dataset, rows);
  writer.close();
  const line = (i: number) =>
    `${Math.floor(i / 7)},1,2,30,30,400,crops_${Number(i >= CROPS / 2)},${i % (CROPS / 2)}`;
  const table = ['frame,x,y,w,h,area,dataset,ds_idx', ...Array.from({ length: CROPS }, (_, i) => line(i))];
  writeFileSync(join(root, 'crops_crops.csv'), `${table.join('\n')}\n`);
  spatterJson(
    'simulate',
    '--name',
    'build',
    '--flow',
    '0.5',
    '--layers',
    '8',
    '--frames',
    '2000',
    '--out',
    root,
  );
}, 120_000);

afterAll(() => rmSync(root, { recursive: true }));

const command = (input: string, out: string) => [
  'predict',
  join(root, input),
  '--model',
  join(root, 'model'),
  '--out',
  join(root, out),
];

/** Ends the process as soon as the hidden file says that something was judged. */
async function killed(input: string, out: string): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, [BIN, ...command(input, out)], { stdio: 'ignore' });
  const timer = setInterval(() => {
    const folder = join(root, out);
    const journals = existsSync(folder)
      ? readdirSync(folder).filter((each) => each.endsWith('.journal'))
      : [];
    if (journals.some((each) => statSync(join(folder, each)).size > 1000)) child.kill('SIGKILL');
  }, 2);
  const signal = await new Promise<NodeJS.Signals | null>((resolve) =>
    child.on('close', (_, by) => resolve(by)),
  );
  clearInterval(timer);
  return signal;
}

const files = (out: string) =>
  Object.fromEntries(
    readdirSync(join(root, out))
      .sort()
      .map((name) => [name, readFileSync(join(root, out, name)).toString('latin1')]),
  );

it.each(['images', 'crops.h5', 'build.mp4'])(
  '%s',
  async (input) => {
    expect(await killed(input, `killed-${input}`)).toBe('SIGKILL');
    expect(readdirSync(join(root, `killed-${input}`)).every((name) => name.startsWith('.'))).toBe(true);
    expect(spatter(...command(input, `killed-${input}`)).code).toBe(0);
    expect(spatter(...command(input, `whole-${input}`)).code).toBe(0);
    const whole = files(`whole-${input}`);
    expect(Object.keys(whole)).toHaveLength(5);
    expect(files(`killed-${input}`)).toEqual(whole);
  },
  120_000,
);

it('while it writes its results: those that are there are its own', async () => {
  expect(await killed('images', 'writing')).toBe('SIGKILL');
  expect(spatter(...command('images', 'written')).code).toBe(0);
  const journal = join(root, 'writing', '.images_verdict.json.journal');
  const judged = readFileSync(journal, 'utf8');
  writeFileSync(journal, `${judged.slice(0, judged.lastIndexOf('\n') + 1)}"csv"\n`);
  copyFileSync(join(root, 'written', 'images_frames.csv'), join(root, 'writing', 'images_frames.csv'));
  expect(spatter(...command('images', 'writing')).code).toBe(0);
  expect(files('writing')).toEqual(files('written'));
  expect(spatter(...command('images', 'writing')).stderr).toContain('already exists');
}, 120_000);

// Bad input as a user meets it: one line that says what, where and what to do, an exit code, and nothing lost.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSafetensors } from '@spatter/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CropFileReader, CropFileWriter } from '../packages/pipeline/src/store/crop-file.ts';
import { encodeJpeg } from '../packages/pipeline/src/store/jpeg.ts';
import { writeVideo } from '../packages/pipeline/src/video/encoder.ts';
import { simulatedData, spatter, spatterJson, spatterLater } from './cli.ts';
import { NO_MOUNT, limitedDisk, readOnlyFolder } from './disks.ts';
import { withIndexInFront } from './mp4.ts';

const root = mkdtempSync(join(tmpdir(), 'spatter-bad-'));
const at = (...parts: string[]) => join(root, ...parts);
/** Everything that no failure may touch. */
const good = (...parts: string[]) => at('good', ...parts);
/** Stands for where a failing command is told to write: a folder of its own, in which no file may be afterwards. */
const none = at('none');
let outputs = 0;

const QUICK = [
  ...['training.epochs=1', 'training.batch_size=32', 'data.split.gap_frames=5', 'data.split.blocks=3'],
  ...['device=cpu', 'threads=1'],
];
const train = (data: string, run: string, ...more: string[]) => [
  ...['train', `paths.data_root=${data}`, `paths.run_dir=${run}`, ...QUICK, '--no-evaluate', ...more],
];
const predict = (video: string, out = none, model = good('run', 'export')) => [
  ...['predict', video, '--model', model, '--out', out],
];
const index = (files: readonly string[], labels: string, out = none) => [
  ...['data', 'index', ...files, '--labels', labels, '--out', out],
];
const lowAndHigh = (folder = good()) => [join(folder, 'low.h5'), join(folder, 'high.h5')];

beforeAll(async () => {
  simulatedData(good(), 160);
  spatterJson(...train(good(), good('run')));
  spatterJson('export', good('run'));
  spatterJson(...predict(good('low.mp4'), good('verdict')));
  await Promise.all([prepareVideos(), prepareDataSets()]);
  prepareRuns();
}, 120_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function prepareVideos(): Promise<void> {
  const black = new Uint8Array(320 * 240 * 3);
  const format = { width: 320, height: 240, fps: 30, codec: 'mpeg4' } as const;
  await writeVideo(at('black.mp4'), format, Array<Uint8Array>(40).fill(black));
  const whole = withIndexInFront(readFileSync(good('low.mp4')));
  writeFileSync(at('cut.mp4'), whole.subarray(0, Math.floor(whole.length * 0.6)));
  writeFileSync(at('text.mp4'), 'this is no video\n');
  writeFileSync(at('image.mp4'), await encodeJpeg(new Uint8Array(64 * 64 * 3), 64, 64));
  mkdirSync(at('folder.mp4'));
}

/** A copy of the good data set with one thing changed. */
function variant(name: string, change: (folder: string) => void): void {
  mkdirSync(at(name));
  for (const file of readdirSync(good()).filter((each) => /\.(h5|csv)$/.test(each))) {
    copyFileSync(good(file), at(name, file));
  }
  change(at(name));
}

function edit(path: string, change: (lines: string[]) => unknown): void {
  const lines = readFileSync(path, 'utf8').split('\n');
  change(lines);
  writeFileSync(path, lines.join('\n'));
}

/** Changes the third line of the index, which is the second crop's. */
const thirdLine = (line: string) => (folder: string) =>
  edit(join(folder, 'images.csv'), (lines) => (lines[2] = line));

async function prepareDataSets(): Promise<void> {
  variant('cut-hdf5', (folder) => truncateSync(join(folder, 'low.h5'), 100_000));
  variant('no-hdf5', (folder) => writeFileSync(join(folder, 'low.h5'), 'no HDF5\n'));
  variant('no-file', thirdLine('none.h5,low_0,0,0'));
  variant('no-dataset', thirdLine('low.h5,low_7,0,0'));
  variant('no-row', thirdLine('low.h5,low_0,99999,0'));
  variant('header', (folder) =>
    edit(join(folder, 'images.csv'), (lines) => (lines[0] = 'path,set,row,class')),
  );
  variant('one-class', (folder) =>
    edit(join(folder, 'images.csv'), (lines) =>
      lines.forEach((line, i) => (lines[i] = line.replace(/,1$/, ',0'))),
    ),
  );
  variant('ragged', (folder) => edit(join(folder, 'low_crops.csv'), (lines) => (lines[4] = '1,2,3')));
  variant('jpeg', () => undefined);
  await rewriteCrops(at('jpeg', 'low.h5'), (jpegs) => (jpegs[3] = Buffer.from('this is no JPEG')));
  variant('tiny', () => undefined);
  const tiny = await encodeJpeg(new Uint8Array(16 * 16 * 3).fill(90), 16, 16);
  for (const file of lowAndHigh(at('tiny'))) await rewriteCrops(file, (jpegs) => jpegs.fill(tiny));
}

async function rewriteCrops(path: string, change: (jpegs: Uint8Array[]) => unknown): Promise<void> {
  const reader = await CropFileReader.open(path);
  const datasets = reader
    .datasets()
    .map(({ name, length }) => ({ name, jpegs: reader.read(name, 0, length) }));
  reader.close();
  const writer = await CropFileWriter.create(path);
  for (const { name, jpegs } of datasets) {
    change(jpegs);
    writer.writeDataset(name, jpegs);
  }
}

function prepareRuns(): void {
  for (const name of ['cut-checkpoint', 'model-json', 'half-model', 'pinned']) {
    cpSync(good('run'), at(name), { recursive: true });
  }
  for (const name of ['last', 'best'])
    truncateSync(at('cut-checkpoint', 'checkpoints', `${name}.safetensors`), 100_000);
  writeFileSync(at('model-json', 'export', 'model.json'), '{"format": "spatter');
  rmSync(at('half-model', 'export', 'model.onnx'));
  writeFileSync(at('pinned', 'dataset.json'), '{');
  writeFileSync(at('labels.csv'), 'file,label\nlow.h5,0\n');
  writeFileSync(at('quote.csv'), 'file,label\n"low.h5,0\n');
}

/** Name, command line, error code, and what the line must say. */
type Case = readonly [name: string, args: () => readonly string[], code: string, says: RegExp];

const FILES: readonly Case[] = [
  ['extract: no such video', () => ['extract', at('no.mp4'), '--out', none], 'FILE_NOT_FOUND', /no\.mp4/],
  ['predict: no such video', () => predict(at('no.mp4')), 'FILE_NOT_FOUND', /no\.mp4/],
  [
    'predict: no such model',
    () => predict(good('low.mp4'), none, at('no')),
    'FILE_NOT_FOUND',
    /no: .*--model/,
  ],
  [
    'predict: a run is no model',
    () => predict(good('low.mp4'), none, good('run')),
    'MODEL_DAMAGED',
    /no model\.json/,
  ],
  ['train: no such data', () => train(at('no'), none), 'FILE_NOT_FOUND', /no\/images\.csv/],
  ['evaluate: no such run', () => ['evaluate', at('no')], 'RUN_NOT_FOUND', /no must be a run directory/],
  ['export: no such run', () => ['export', at('no'), '--out', none], 'RUN_NOT_FOUND', /no must be a run/],
  ['resume: no run', () => ['train', '--resume', good()], 'RUN_NOT_FOUND', /good must be a run directory/],
  ['index: no such file', () => index([at('no.h5'), good('low.h5')], '0,1'), 'FILE_NOT_FOUND', /no\.h5/],
  ...['text', 'image', 'folder'].flatMap((kind): Case[] => [
    kind === 'folder'
      ? [
          'extract: folder',
          () => ['extract', at('folder.mp4'), '--out', none],
          'FILE_NOT_FOUND',
          /folder\.mp4 holds no video/,
        ]
      : [
          `extract: ${kind}`,
          () => ['extract', at(`${kind}.mp4`), '--out', none],
          'NOT_A_VIDEO',
          /\.mp4: expected a video/,
        ],
    kind === 'folder'
      ? ['predict: folder', () => predict(at('folder.mp4')), 'FILE_NOT_FOUND', /folder\.mp4 holds no video/]
      : [`predict: ${kind}`, () => predict(at(`${kind}.mp4`)), 'NOT_A_VIDEO', /\.mp4: expected a video/],
  ]),
  [
    'extract: start behind the end',
    () => ['extract', good('low.mp4'), '-s', '9999', '--out', none],
    'USAGE',
    /got 9999/,
  ],
  [
    'index: HDF5 cut short',
    () => index(lowAndHigh(at('cut-hdf5')), '0,1'),
    'HDF5_DAMAGED',
    /low\.h5 .*truncated/,
  ],
  ['index: no HDF5', () => index(lowAndHigh(at('no-hdf5')), '0,1'), 'HDF5_DAMAGED', /low\.h5 .*signature/],
  ['train: HDF5 cut short', () => train(at('cut-hdf5'), none), 'HDF5_DAMAGED', /low\.h5 .*truncated/],
  ['train: no HDF5', () => train(at('no-hdf5'), none), 'HDF5_DAMAGED', /low\.h5 .*signature/],
];

const DATA: readonly Case[] = [
  ['JPEG row damaged', () => train(at('jpeg'), none), 'JPEG_DAMAGED', /jpeg\/low\.h5 low_0 row 3 /],
  ['CSV names no file', () => train(at('no-file'), none), 'INDEX_INVALID', /images\.csv names none\.h5/],
  ['CSV names no dataset', () => train(at('no-dataset'), none), 'INDEX_INVALID', /line 3 .*low_7/],
  ['CSV names no row', () => train(at('no-row'), none), 'INDEX_INVALID', /line 3 .*row 99999 of low_0/],
  ['CSV header', () => train(at('header'), none), 'INDEX_INVALID', /file,dataset,ds_idx,label.*path,set/],
  ['one class', () => train(at('one-class'), none), 'ONE_CLASS', /all are 0/],
  ['sidecar ragged', () => train(at('ragged'), none), 'INDEX_INVALID', /low_crops\.csv .*line 5/],
  ['index: one class', () => index(lowAndHigh(), '1,1'), 'ONE_CLASS', /all are 1/],
  ['index: too few labels', () => index(lowAndHigh(), '0'), 'LABELS', /2 files, got 1/],
  ['index: no number', () => index(lowAndHigh(), '0,x'), 'LABELS', /got 'x'/],
  ['index: table lacks a file', () => index(lowAndHigh(), at('labels.csv')), 'LABELS', /row for high\.h5/],
  ['index: table is no CSV', () => index(lowAndHigh(), at('quote.csv')), 'INDEX_INVALID', /quote\.csv/],
];

const RUNS: readonly Case[] = [
  [
    'resume: checkpoint cut',
    () => ['train', '--resume', at('cut-checkpoint')],
    'CHECKPOINT_DAMAGED',
    /last\.safe/,
  ],
  ['evaluate: checkpoint cut', () => ['evaluate', at('cut-checkpoint')], 'CHECKPOINT_DAMAGED', /best\.safe/],
  ['evaluate: dataset.json', () => ['evaluate', at('pinned')], 'DATASET_CHANGED', /dataset\.json/],
  [
    'predict: model.json',
    () => predict(good('low.mp4'), none, at('model-json', 'export')),
    'MODEL_DAMAGED',
    /JSON/,
  ],
  [
    'predict: half a model',
    () => predict(good('low.mp4'), none, at('half-model', 'export')),
    'MODEL_DAMAGED',
    /onnx/,
  ],
  [
    'train: weights of another network',
    () =>
      train(
        good(),
        none,
        'model=lenet5_activation',
        `model.pretrained=${good('run', 'checkpoints', 'best.safetensors')}`,
      ),
    'WEIGHTS',
    /missing: model\.4\.weight.* more/,
  ],
  [
    'train: size the network cannot take',
    () => train(good(), none, 'data.resize=48'),
    'CONFIG_VALUE',
    /data\.resize must be 32 /,
  ],
  [
    'train: validation loss is no number',
    () => train(good(), at('nan'), 'training.batch_size=999', 'training.optimizer.lr=1e30'),
    'LOSS_NOT_FINITE',
    /validation loss/,
  ],
];

const TWICE: readonly Case[] = [
  [
    'simulate',
    () => ['simulate', '--name', 'low', '--flow', '0.5', '--out', good()],
    'OUTPUT_EXISTS',
    /low\.mp4/,
  ],
  [
    'extract',
    () => ['extract', good('low.mp4'), '--min-area', '1500', '--out', good()],
    'OUTPUT_EXISTS',
    /low_extraction\.json already exists, of an extraction with another min_area \(\d+, now 1500\)/,
  ],
  ['data index', () => index(lowAndHigh(), '0,1', good()), 'OUTPUT_EXISTS', /images\.csv/],
  ['train', () => train(good(), good('run')), 'OUTPUT_EXISTS', /--resume/],
  ['export', () => ['export', good('run')], 'OUTPUT_EXISTS', /model\.onnx/],
  ['predict', () => predict(good('low.mp4'), good('verdict')), 'OUTPUT_EXISTS', /low_predictions\.csv/],
  ['demo', () => ['demo', '--out', good()], 'OUTPUT_EXISTS', /good already exists/],
  [
    'a file in the way',
    () => ['extract', good('low.mp4'), '--out', good('low.mp4', 'x')],
    'IO',
    /stands where a folder/,
  ],
];

const USAGE: readonly Case[] = [
  ['command', () => ['extrct'], 'USAGE', /unknown command 'extrct'; did you mean extract\?/],
  ['option', () => ['extract', 'a.mp4', '--ot', 'x'], 'USAGE', /unknown option '--ot'; did you mean --out\?/],
  ['argument', () => ['evaluate'], 'USAGE', /missing required argument 'run'; see --help/],
  ['key', () => ['train', 'training.epoch=3'], 'CONFIG_UNKNOWN_KEY', /did you mean training\.epochs\?/],
  ['group', () => ['train', 'model=lenet6'], 'CONFIG_NOT_FOUND', /did you mean lenet5\?/],
  ['value', () => ['train', 'training.epochs=many'], 'CONFIG_VALUE', /training\.epochs must be .*"many"/],
  ['device', () => ['train', 'device=cua'], 'CONFIG_VALUE', /did you mean cuda\?/],
];

/** Every file under `folder` with the hash of its bytes. */
function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const whole = files.filter((name) => statSync(join(folder, name)).isFile()).sort();
  const hash = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
  return Object.fromEntries(whole.map((name) => [name, hash(name)]));
}

/** Runs a failing command line and returns its one line. */
async function lineOf(args: readonly string[], code: string): Promise<string> {
  const { code: exit, stderr } = await spatterLater(args);
  expect(stderr).toMatch(new RegExp(`^spatter: [^\\n]+; [^\\n]+ \\[${code}\\]\\n$`));
  expect(exit).toBe(code === 'USAGE' && /see --help|did you mean/.test(stderr) ? 2 : 1);
  return stderr;
}

it('a device that cannot start leaves no run behind, so that the command can be given again', () => {
  const { code } = spatter(...train(good(), at('gpu'), 'device=webgpu'));
  expect(existsSync(at('gpu', 'config.yaml'))).toBe(code === 0);
});

describe('every mistake is one line with its code, and leaves everything as it was', () => {
  let before: Record<string, string>;
  beforeAll(() => void (before = contents(good())));

  it.concurrent.each([...FILES, ...DATA, ...RUNS])('%s', async (_name, args, code, says) => {
    const own = at(`none-${outputs++}`);
    expect(
      await lineOf(
        args().map((arg) => arg.replace(none, own)),
        code,
      ),
    ).toMatch(says);
    expect(existsSync(own) ? contents(own) : {}).toEqual({});
  });

  it.concurrent.each(TWICE)('second %s into the same output', async (_name, args, code, says) => {
    expect(await lineOf(args(), code)).toMatch(says);
  });

  it.concurrent.each(USAGE)('unknown or wrong %s', async (_name, args, code, says) => {
    expect(await lineOf(args(), code)).toMatch(says);
  });

  it('shows a stack trace with --debug only', () => {
    for (const args of [
      ['evaluate', at('no')],
      ['extract', 'a.mp4', '--ot'],
    ]) {
      const [first, ...trace] = spatter(...args, '--debug').stderr.split('\n');
      expect(first).toMatch(/^spatter: .* \[\w+\]$/);
      expect(trace.join('\n')).toMatch(/^\s+at /m);
    }
  });

  it('leaves what was there before as it was', () => {
    expect(contents(good())).toEqual(before);
  });
});

describe('a video cut in the middle', () => {
  it('is extracted as far as it goes, and every contour is accounted for', () => {
    const { code, stdout, stderr } = spatter('extract', at('cut.mp4'), '--out', at('cut'));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^warning: the video is damaged from frame \d+ on .* what could be decoded was kept$/m,
    );
    const [, frames, contours, kept, ...rejected] =
      /: (\d+) frames, (\d+) contours = (\d+) kept \+ (\d+) too small \+ (\d+) too large \+ (\d+) empty \+ (\d+) blue \+ (\d+) black/
        .exec(stdout)!
        .map(Number);
    expect(frames).toBeGreaterThan(50);
    expect(frames).toBeLessThan(160);
    expect(rejected.reduce((sum, n) => sum + n, kept!)).toBe(contours);
    expect(readFileSync(at('cut', 'cut_crops.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(kept! + 1);
    expect(readFileSync(at('cut', 'cut_spatter_at_frame.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(
      frames!,
    );
  });

  it('is judged as far as it goes', () => {
    const { code, stdout } = spatter(...predict(at('cut.mp4'), at('cut-verdict')));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^warning: the video is damaged from frame \d+ on /m);
    const verdict = JSON.parse(readFileSync(at('cut-verdict', 'cut_verdict.json'), 'utf8')) as {
      contours: number;
      crops: number;
      rejected: Record<string, number>;
    };
    const rejected = Object.values(verdict.rejected).reduce((sum, n) => sum + n);
    expect(verdict.crops + rejected).toBe(verdict.contours);
  });
});

describe('a video without spatter', () => {
  it('gives empty files and a warning, which an index refuses', async () => {
    const { code, stdout } = spatter('extract', at('black.mp4'), '--out', at('black'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^warning: no spatter was found; .*--min-area/m);
    const line = await lineOf(index([at('black', 'black.h5'), good('high.h5')], '0,1'), 'ONE_CLASS');
    expect(line).toMatch(/black\.h5 holds no crops, all others are 1/);
    expect(await lineOf(index([at('black', 'black.h5')], '0'), 'ONE_CLASS')).toMatch(/all are 0/);
  });

  it('cannot be judged', () => {
    const { code, stdout } = spatter(...predict(at('black.mp4'), at('black-verdict')));
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('cannot judge – dark view: nothing in its frames glows'),
    ]);
  });
});

describe('training', () => {
  it('goes on with crops smaller than the resize, and counts them in one line', () => {
    const { code, stdout } = spatter(...train(at('tiny'), at('tiny-run')));
    const notices = stdout.split('\n').filter((line) => line.includes('crops are smaller than'));
    expect(code).toBe(0);
    expect(notices).toHaveLength(1);
    const [, some, all] = /(\d+) of (\d+) crops are smaller than 40×40 pixels/.exec(notices[0]!)!;
    expect(some).toBe(all);
  });

  it('keeps the checkpoints from before the loss became NaN', async () => {
    const bad = ['training.optimizer.lr=1e30', 'training.checkpoint.every_n_batches=1'];
    const line = await lineOf(train(good(), at('diverged'), ...bad), 'LOSS_NOT_FINITE');
    expect(line).toMatch(/NaN in epoch 1, batch \d; lower training\.optimizer\.lr/);
    const last = at('diverged', 'checkpoints', 'last.safetensors');
    expect(loadSafetensors(readFileSync(last), last).tensors.size).toBeGreaterThan(10);
  });

  it('saves on Ctrl-C, says how to continue, and continues', async () => {
    const run = at('interrupted');
    const long = train(good(), run, 'training.epochs=5000', 'training.early_stopping.enabled=false');
    const first = await spatterLater(long, 'epoch 1/');
    expect(first).toMatchObject({ code: 130, stderr: '\nspatter: saving and stopping …\n' });
    expect(first.stdout).toContain(`continue with: spatter train --resume ${run}\n`);
    const again = await spatterLater(['train', '--resume', run], '\nepoch ');
    expect(again.code).toBe(130);
    expect(Number(/epoch (\d+)\//.exec(again.stdout)![1])).toBeGreaterThan(1);
  });
});

describe(`disks that cannot be written to (${NO_MOUNT ?? 'on file systems of their own'})`, () => {
  it.skipIf(NO_MOUNT !== undefined)(
    'a full one leaves earlier files whole and nothing unfinished',
    async () => {
      const disk = limitedDisk(at('disk'), 1_200_000);
      try {
        const full = async (free: number, args: readonly string[]) => {
          disk.leave(free);
          expect(await lineOf(args, 'DISK_FULL')).toMatch(/disk\/.*free some space/);
          return Object.keys(contents(disk.path)).filter((name) => name !== disk.ballast);
        };
        const out = join(disk.path, 'out');
        expect(await full(100_000, ['extract', good('low.mp4'), '--out', out])).toEqual([]);
        expect(await full(8_192, index(lowAndHigh(), '0,1', out))).toEqual([]);
        expect(await full(30_000, predict(good('low.mp4'), out))).toEqual([]);
        expect(await full(50_000, ['export', good('run'), '--out', out])).toEqual([]);
        expect(await full(4_096, train(good(), out))).toEqual([]);
        const left = await full(900_000, train(good(), out));
        const saved = left.filter((name) => name.endsWith('.safetensors'));
        expect(left.filter((name) => name.includes('.partial'))).toEqual([]);
        expect(saved).toHaveLength(1);
        loadSafetensors(readFileSync(join(disk.path, saved[0]!)), saved[0]!);
      } finally {
        disk.remove();
      }
    },
  );

  it.skipIf(NO_MOUNT !== undefined && process.getuid?.() === 0)('a folder without permission', async () => {
    const folder = readOnlyFolder(at('locked'));
    try {
      for (const args of [
        ['extract', good('low.mp4'), '--out', folder.path],
        index(lowAndHigh(), '0,1', folder.path),
        predict(good('low.mp4'), folder.path),
        train(good(), join(folder.path, 'run')),
        ['simulate', '--name', 'a', '--flow', '0.5', '--frames', '20', '--out', folder.path],
      ]) {
        expect(await lineOf(args, 'IO')).toMatch(/locked.*(permission|read-only)/i);
      }
    } finally {
      folder.remove();
    }
  });
});

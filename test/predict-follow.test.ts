// `spatter predict --follow`: a recording is judged while it is written, and Ctrl-C or silence ends it with complete results.
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyModel } from '../packages/pipeline/src/infer/testing/tiny-model.ts';
import { recipe } from '../packages/pipeline/src/simulate/recipe.ts';
import { simulateRecording } from '../packages/pipeline/src/simulate/simulate.ts';
import { readCsv } from '../packages/pipeline/src/util/csv.ts';
import { remux } from '../packages/pipeline/src/video/testing/remux.ts';
import { spatter, spatterLater } from './cli.ts';

const root = mkdtempSync(join(tmpdir(), 'spatter-follow-test-'));
const at = (name: string) => join(root, name);

beforeAll(async () => {
  const build = recipe({ name: 'build', layerFlows: [0.8, 0.2, 0.5], burnFrames: 160, pauseFrames: 60, width: 160, height: 96 }); // prettier-ignore
  await simulateRecording(build, root, { codec: 'mpeg4' });
  await remux(at('build.mp4'), at('whole.mkv'), 'matroska');
  await tinyModel(at('model'));
}, 120_000);
afterAll(() => rmSync(root, { recursive: true }));

const command = (path: string, out: string, ...more: string[]) => [
  ...['predict', path, '--model', at('model'), '--out', at(out), '--layer-gap', '40', ...more],
];
const rows = (out: string, name: string) => readCsv(join(at(out), name)).rows;

describe('predict --follow', () => {
  it('tells each layer when it is over, and ends when the file has ceased to grow, with the results of the whole', async () => {
    const bytes = readFileSync(at('whole.mkv'));
    writeFileSync(at('grows.mkv'), bytes.subarray(0, 2000));
    const later = spatterLater(command(at('grows.mkv'), 'grown', '--follow', '--idle', '8', '--resume'));
    let written = 2000;
    const step = Math.ceil(bytes.length / 40);
    while (written < bytes.length) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      appendFileSync(at('grows.mkv'), bytes.subarray(written, (written += step)));
    }
    const { code, stdout, stderr } = await later;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^layer 0: .*\nlayer 1: .*\n.*grows\.mkv: /);
    expect(spatter(...command(at('grows.mkv'), 'whole')).code).toBe(0);
    expect(readdirSync(at('grown')).sort()).toEqual(readdirSync(at('whole')).sort());
    const [followed, plain] = ['grown', 'whole'].map((out) => rows(out, 'grows_predictions.csv'));
    expect(followed!.length).toBeGreaterThan(40);
    // The network runs other batches, which may change the last digits.
    const place = (row: readonly string[]) => row.slice(0, 7);
    expect(followed!.map(place)).toEqual(plain!.map(place));
    followed!.forEach((row, i) => expect(Number(row[7])).toBeCloseTo(Number(plain![i]![7]), 5));
    expect(rows('grown', 'grows_layers.csv')).toHaveLength(3);
  }, 180_000);

  it('ends on Ctrl-C with the results of what was read, having told every crop', async () => {
    const bytes = readFileSync(at('whole.mkv'));
    writeFileSync(at('cut.mkv'), bytes.subarray(0, Math.round(bytes.length * 0.8)));
    const args = command(at('cut.mkv'), 'cut', '--follow', '--idle', '600', '--stream');
    const { code, stdout, stderr } = await spatterLater(args, '"layer":1,');
    expect([code, stderr]).toEqual([0, '\nspatter: saving and stopping …\n']);
    const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
    const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const crops = objects.filter((each) => 'frame' in each);
    expect(crops).toHaveLength(rows('cut', 'cut_predictions.csv').length);
    expect(objects.find((each) => 'verdict' in each)).toMatchObject({
      layer: 0,
      crops: expect.any(Number) as number,
    });
    expect(rows('cut', 'cut_layers.csv').length).toBeGreaterThanOrEqual(2);
    expect(readdirSync(at('cut'))).toHaveLength(5);
  }, 180_000);

  it.each([
    [
      'two files',
      ['a.ts', 'b.ts', '--follow'],
      /--follow reads one video file as it grows, got .*a\.ts.*\[USAGE\]/,
    ],
    ['a pipe', ['-', '--follow'], /--follow reads one video file.*\[USAGE\]/],
    ['no file', ['none.ts', '--follow'], /none\.ts: no such file.*\[FILE_NOT_FOUND\]/],
    [
      'a finished MP4',
      ['build.mp4', '--follow'],
      /this MP4 gets its index when it is finished; record MPEG-TS.*\[NOT_A_VIDEO\]/,
    ],
    ['no time', ['a.ts', '--follow', '--idle', '0'], /--idle.*seconds above 0.*\[USAGE\]/],
  ])('refuses %s', (_, args, line) => {
    const given = args.map((arg) => (/\./.test(arg) ? at(arg) : arg));
    const { code, stderr } = spatter('predict', ...given, '--model', at('model'), '--out', at('refused'));
    expect(code).toBeGreaterThan(0);
    expect(stderr.trimEnd()).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

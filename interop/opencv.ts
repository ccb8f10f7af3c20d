// The mask and contour kernel, and the whole extraction, against OpenCV from PyPI: random pictures, and the recordings where present.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { extractCrops } from '../packages/pipeline/src/extract/crops.ts';
import { MaskKernel, type Contour } from '../packages/pipeline/src/extract/kernel.ts';
import { DEFAULT_RULES, stillRule } from '../packages/pipeline/src/extract/rules.ts';
import { NO_SHARED_DATA, sharedData } from '../packages/pipeline/src/util/testing/shared.ts';
import { openVideo } from '../packages/pipeline/src/video/decoder.ts';
import { CLIP } from '../packages/pipeline/src/video/testing/clip.ts';
import type { Checks } from './checks.ts';
import { pythonWith, runPython } from './python.ts';

/** The version all figures were compared with. */
export const OPENCV = ['opencv-python-headless==4.12.0.88', 'numpy==2.2.6'] as const;
const SEEDS = [1, 2, 3];
const MASKS = 120;
const PAIRS = 120;

interface Case {
  readonly width: number;
  readonly height: number;
  readonly rows: readonly (readonly number[])[];
}

interface Answers {
  readonly opencv: string;
  readonly masks: readonly Case[];
  readonly pairs: readonly (Case & Record<'left' | 'right' | 'threshold', number>)[];
  readonly videos: readonly { readonly rows: readonly (readonly number[])[] }[];
}

const sorted = (rows: readonly (readonly number[])[]) =>
  rows
    .map((row) => row.join(' '))
    .sort()
    .join('\n');
const rowOf = (c: Contour) => [c.x, c.y, c.w, c.h, c.area];
/** Each contour with the one around it. */
const familyOf = (contours: readonly Contour[]) =>
  contours.map((c) => [...rowOf(c), ...(c.parent < 0 ? [-1, -1, -1, -1, -1] : rowOf(contours[c.parent]!))]);

export async function run(checks: Checks): Promise<void> {
  const python = pythonWith(OPENCV);
  for (const seed of SEEDS) fuzz(checks, python, seed);
  await compareVideos(checks, python);
}

function ask(python: string, folder: string, args: readonly (string | number)[]): Answers {
  const script = join(import.meta.dirname, 'python/opencv_answers.py');
  return runPython<Answers>(python, script, [folder, ...args.map(String)]);
}

function fuzz(checks: Checks, python: string, seed: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-opencv-'));
  const answers = ask(python, folder, [seed, MASKS, PAIRS]);
  const wrongMasks = answers.masks.flatMap((expected, i) => {
    const mask = readFileSync(join(folder, `${i}.mask`));
    const found = new MaskKernel(expected.width, expected.height).contoursOfMask(mask);
    return sorted(familyOf(found)) === sorted(expected.rows) ? [] : [i];
  });
  const wrongPairs = answers.pairs.flatMap((expected, i) => {
    const kernel = new MaskKernel(expected.width, expected.height);
    kernel.frames[0].set(readFileSync(join(folder, `${i}.first`)));
    kernel.frames[1].set(readFileSync(join(folder, `${i}.second`)));
    const found = kernel.contours(expected, expected.threshold);
    return sorted(familyOf(found)) === sorted(expected.rows) ? [] : [i];
  });
  const count = (cases: readonly Case[]) => cases.reduce((sum, { rows }) => sum + rows.length, 0);
  const title = `OpenCV ${answers.opencv}, seed ${seed}`;
  const masks = `${title}: ${MASKS} random masks, ${count(answers.masks)} contours`;
  checks.check(masks, wrongMasks.length === 0, `masks ${wrongMasks.join(' ')} differ`);
  const pairs = `${title}: ${PAIRS} random frame pairs, ${count(answers.pairs)} contours`;
  checks.check(pairs, wrongPairs.length === 0, `pairs ${wrongPairs.join(' ')} differ`);
  rmSync(folder, { recursive: true });
}

/** Each video with the smallest area accepted. */
function videos(): [string, number][] {
  const data = sharedData();
  if (data === undefined) console.log(`recordings ${NO_SHARED_DATA}`);
  const weld = 'weld-robot-mig-1/03-22-23-0001-06.avi';
  const recordings: [string, number][] = [
    [weld, 2000],
    [weld, 200],
    ['motion-car/car-detection.mp4', 2000],
  ];
  return [
    [CLIP, 60],
    ...(data === undefined
      ? []
      : recordings.map(([path, area]): [string, number] => [join(data, path), area])),
  ];
}

async function compareVideos(checks: Checks, python: string): Promise<void> {
  const cases = videos();
  const answers = ask(python, tmpdir(), [0, 0, 0, ...cases.flat()]);
  for (const [i, [path, minArea]] of cases.entries()) {
    const rules = { ...DEFAULT_RULES, minArea };
    const reader = await openVideo(path, { still: stillRule(rules) });
    const rows: number[][] = [];
    for await (const found of extractCrops(reader, rules)) {
      for (const crop of found.crops) rows.push([found.frame, ...rowOf(crop)]);
    }
    await reader.close();
    const expected = answers.videos[i]!.rows;
    const title = `${basename(path)}, areas from ${minArea}: ${expected.length} rows as OpenCV's`;
    checks.check(title, sorted(rows) === sorted(expected), `we accept ${rows.length}`);
  }
}

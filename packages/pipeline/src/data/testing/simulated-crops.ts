// Data sets of small drawn crops with a planted signal, for tests of checks and of the shortcut meter: a shape, or a shortcut.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CropFileWriter } from '../../store/crop-file.ts';
import { encodeJpeg } from '../../store/jpeg.ts';
import { normal, randomStream, uniform, type Random } from '../../util/random.ts';
import { buildIndex, type BuiltIndex } from '../build-index.ts';
import { readDigests } from '../dataset-version.ts';
import { placeCrops } from '../packed-cache-plan.ts';
import { writeFileAtomic } from '../../util/atomic.ts';
import { formatCsv } from '../../util/csv.ts';

/**
 * What tells class 1: `shape` – its streaks lie along the rows, those of class 0 along the columns, all else equal;
 * `brightness` – its crops are brighter (`sign` −1: darker), all else equal; `nothing`.
 */
export type Planted = 'shape' | 'brightness' | 'nothing';

export interface CropRecipe {
  readonly planted: Planted;
  readonly seed: number;
  /** 1, or −1 to swap what the classes show. */
  readonly sign?: 1 | -1;
  /** Per class; default 8. */
  readonly recordings?: number;
  /** Per recording; default 40. */
  readonly crops?: number;
  /** Side in pixels; default 40. */
  readonly size?: number;
}

/** Frames between neighbouring crops of a recording. */
const FRAME_STEP = 30;

/** Writes HDF5 files, sidecars and the index into `folder`: one recording for each file, two sessions, both classes in each. */
export async function writeSimulatedCrops(folder: string, recipe: CropRecipe): Promise<BuiltIndex> {
  const { recordings = 8, crops = 40 } = recipe;
  mkdirSync(folder, { recursive: true });
  const files: string[] = [];
  const labels: (string | number)[][] = [];
  for (let r = 0; r < 2 * recordings; r++) {
    const name = `recording_${r}`;
    const jpegs: Uint8Array[] = [];
    for (let i = 0; i < crops; i++)
      jpegs.push(await drawCrop(recipe, r % 2, randomStream(recipe.seed, r, i)));
    const writer = await CropFileWriter.create(join(folder, `${name}.h5`));
    writer.writeDataset(`${name}_0`, jpegs);
    writer.close();
    writeSidecar(folder, name, jpegs, recipe.size ?? 40);
    files.push(join(folder, `${name}.h5`));
    labels.push([`${name}.h5`, r % 2, `s${Math.floor(r / 2) % 2}`, `job${Math.floor(r / 2)}`]);
  }
  const table = join(folder, 'labels.csv');
  writeFileAtomic(table, formatCsv(['file', 'label', 'session', 'build'], labels));
  const inspect = async (index: BuiltIndex['index']) => {
    return { digests: await readDigests(index.root, placeCrops(index), () => undefined), damaged: [] };
  };
  return buildIndex({ files, labels: table, inspect });
}

function writeSidecar(folder: string, name: string, jpegs: readonly Uint8Array[], size: number): void {
  const columns = ['dataset', 'ds_idx', 'frame', 'x', 'y', 'w', 'h', 'area'];
  const rows = jpegs.map((_, i) => [`${name}_0`, i, i * FRAME_STEP, 5, 5, size, size, size * size]);
  writeFileAtomic(join(folder, `${name}_crops.csv`), formatCsv(columns, rows));
}

/** A glowing streak on a dark, noisy ground. */
export function drawCrop(
  { planted, sign = 1, size = 40 }: CropRecipe,
  label: number,
  random: Random,
): Promise<Uint8Array> {
  const side = (label === 1) === (sign === 1);
  const level = 120 + 12 * normal(random) + (planted === 'brightness' ? (side ? 45 : -45) : 0);
  const along = planted === 'shape' ? side : uniform(random) < 0.5;
  const [cx, cy] = [size * (0.4 + 0.2 * uniform(random)), size * (0.4 + 0.2 * uniform(random))];
  const [long, short] = [size * (0.3 + 0.06 * uniform(random)), size * (0.08 + 0.02 * uniform(random))];
  const [sx, sy] = along ? [long, short] : [short, long];
  const bgr = new Uint8Array(3 * size * size);
  for (let i = 0; i < size * size; i++) {
    const [x, y] = [(i % size) - cx, Math.floor(i / size) - cy];
    const glow = level * Math.exp(-((x / sx) ** 2 + (y / sy) ** 2) / 2);
    const value = Math.max(0, Math.min(255, 10 + glow + 4 * normal(random)));
    bgr.fill(value, 3 * i, 3 * i + 3);
  }
  return encodeJpeg(bgr, size, size);
}

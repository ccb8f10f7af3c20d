// Small crop files of noise for the tests of caches and loaders.
import { join } from 'node:path';
import { CropFileWriter } from '../../store/crop-file.ts';
import { encodeJpeg } from '../../store/jpeg.ts';
import type { CropAddresses } from '../packed-cache-plan.ts';
import { noiseCrop } from '../transforms/testing/noise-crops.ts';

/** JPEGs of the noise crops `first` to `first + count − 1`. */
export async function noiseJpegs(first: number, count: number): Promise<Uint8Array[]> {
  const crops = Array.from({ length: count }, (_, i) => noiseCrop(first + i));
  return Promise.all(crops.map(({ bgr, width, height }) => encodeJpeg(bgr, width, height)));
}

/** Writes `name` in `folder`: dataset → its rows. */
export async function writeCropFile(
  folder: string,
  name: string,
  datasets: Readonly<Record<string, readonly Uint8Array[]>>,
): Promise<void> {
  const writer = await CropFileWriter.create(join(folder, name));
  for (const [dataset, rows] of Object.entries(datasets)) writer.writeDataset(dataset, rows);
  writer.close();
}

/** The index of `rows`, each (file, dataset, row), in this order. */
export function addresses(root: string, rows: readonly (readonly [string, string, number])[]): CropAddresses {
  const files = [...new Set(rows.map(([file]) => file))];
  const datasets = [...new Set(rows.map(([, dataset]) => dataset))];
  return {
    root,
    files,
    datasets,
    file: Uint16Array.from(rows, ([file]) => files.indexOf(file)),
    dataset: Uint16Array.from(rows, ([, dataset]) => datasets.indexOf(dataset)),
    dsIdx: Uint32Array.from(rows, ([, , row]) => row),
    length: rows.length,
  };
}

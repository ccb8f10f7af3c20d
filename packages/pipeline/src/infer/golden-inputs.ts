// Chooses the golden crops of an export: samples of the test split, evenly spread over what the network says about them.
import { join } from 'node:path';
import sharp from 'sharp';
import type { CropDataset } from '../data/crop-dataset.ts';
import type { ImageDataset } from '../data/images/image-dataset.ts';
import type { Dataset } from '../data/open-dataset.ts';
import { CropFileReader } from '../store/crop-file.ts';
import type { SplitLogits } from '../train/validate.ts';
import type { GoldenInput } from './golden-crops.ts';

const GOLDEN_CROPS = 12;

/** At most {@link GOLDEN_CROPS} samples from the surest of the first class to the surest of the last. */
export async function goldenInputs(dataset: Dataset, { rows, logits }: SplitLogits): Promise<GoldenInput[]> {
  const outputs = logits.length / rows.length;
  const last = (i: number) => logits[(i + 1) * outputs - 1]!;
  const order = Array.from(rows.keys()).sort((a, b) => last(a) - last(b) || a - b);
  const count = Math.min(GOLDEN_CROPS, order.length);
  const step = count > 1 ? (order.length - 1) / (count - 1) : 0;
  const chosen = Array.from({ length: count }, (_, k) => rows[order[Math.round(k * step)]!]!);
  if (dataset.kind === 'images') return Promise.all(chosen.map((row) => imageOf(dataset, row)));
  const inputs: GoldenInput[] = [];
  for (const row of chosen) inputs.push({ bytes: await storedJpeg(dataset, row), ending: 'jpg' });
  return inputs;
}

/** Bytes of the crop in `row` of the index, as they lie in its HDF5 file. */
export async function storedJpeg({ index }: CropDataset, row: number): Promise<Uint8Array> {
  const file = await CropFileReader.open(join(index.root, index.files[index.file[row]!]!));
  try {
    return file.read(index.datasets[index.dataset[row]!]!, index.dsIdx[row]!, 1)[0]!;
  } finally {
    file.close();
  }
}

/** The planes of an image as a PNG, which keeps every byte. */
async function imageOf({ images }: ImageDataset, row: number): Promise<GoldenInput> {
  const { planes, channels, size } = images;
  const pixels = size * size;
  const plane = (k: number) => (row * channels + k) * pixels;
  const raw = Uint8Array.from(
    { length: channels * pixels },
    (_, i) => planes[plane(i % channels) + Math.floor(i / channels)]!,
  );
  const png = sharp(raw, { raw: { width: size, height: size, channels } }).png();
  return { bytes: new Uint8Array(await png.toBuffer()), ending: 'png' };
}

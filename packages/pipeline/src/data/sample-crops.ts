// Crops as pictures for a page: a few of each class, drawn by a seed, and those of doubled pairs.
import { join } from 'node:path';
import type { Picture } from '../report/page.ts';
import { cropKey, drawnPairs, type Validation } from '../report/validation-page.ts';
import { CropFileReader } from '../store/crop-file.ts';
import { integer, randomStream } from '../util/random.ts';
import type { CropIndex } from './crop-index.ts';
import { placeName, placeOf, type CropPlace } from './quarantine.ts';

const EACH = 12;

/** At most {@link EACH} crops of each class, in the order of the classes. The same seed gives the same crops. */
export async function sampleCrops(index: CropIndex, seed: number): Promise<Picture[]> {
  const labels = [...new Set(index.label)].sort((a, b) => a - b);
  const pictures: Picture[] = [];
  for (const label of labels) {
    const rows = [...index.label.keys()].filter((row) => index.label[row] === label);
    const random = randomStream(seed, label);
    for (let n = 0; n < EACH && rows.length > 0; n++) {
      const [row] = rows.splice(integer(random, rows.length), 1);
      pictures.push(await picture(index, row!));
    }
  }
  return pictures;
}

async function picture(index: CropIndex, row: number): Promise<Picture> {
  const place = placeOf(index, row);
  const label = index.label[row]!;
  const jpeg = await cropJpeg(index.root, place);
  return { jpeg, caption: `class ${label}: ${placeName(place)}`, tone: label === 0 ? 'low' : 'high' };
}

/** JPEGs of the crops of the pairs that a validation's page draws, by their key there. */
export async function pairJpegs(root: string, validation: Validation): Promise<Map<string, Uint8Array>> {
  const jpegs = new Map<string, Uint8Array>();
  for (const crop of drawnPairs(validation).flatMap(({ crops }) => crops))
    jpegs.set(cropKey(crop), await cropJpeg(root, { ...crop, dsIdx: crop.ds_idx }));
  return jpegs;
}

/** The bytes of one crop of the data set in `root`. */
async function cropJpeg(root: string, place: CropPlace): Promise<Uint8Array> {
  const reader = await CropFileReader.open(join(root, place.file));
  try {
    return reader.read(place.dataset, place.dsIdx, 1)[0]!;
  } finally {
    reader.close();
  }
}

// A few crops of each class, drawn by a seed, as pictures for a page.
import { join } from 'node:path';
import type { Picture } from '../report/page.ts';
import { CropFileReader } from '../store/crop-file.ts';
import { integer, randomStream } from '../util/random.ts';
import type { CropIndex } from './crop-index.ts';
import { placeName, placeOf } from './quarantine.ts';

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
  const reader = await CropFileReader.open(join(index.root, place.file));
  try {
    const jpeg = reader.read(place.dataset, place.dsIdx, 1)[0]!;
    const label = index.label[row]!;
    return { jpeg, caption: `class ${label}: ${placeName(place)}`, tone: label === 0 ? 'low' : 'high' };
  } finally {
    reader.close();
  }
}

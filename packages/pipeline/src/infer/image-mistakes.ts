// The test images on which the model is most sure and wrong, as pictures for the report.
import type { ImageDataset } from '../data/images/image-dataset.ts';
import { argmax } from '../metrics/accuracy.ts';
import type { ClassEvaluationInput } from '../metrics/class-evaluation.ts';
import type { Picture } from '../report/page.ts';
import { encodeJpeg } from '../store/jpeg.ts';

const SHOWN = 12;

/** At most {@link SHOWN} pictures; `rows` are the rows of `test`. */
export async function imageMistakes(
  dataset: ImageDataset,
  rows: Uint32Array,
  { label, probability }: ClassEvaluationInput['test'],
): Promise<Picture[]> {
  const { classes, images } = dataset;
  const decision = argmax(probability, classes.length);
  const sure = (i: number) => probability[i * classes.length + decision[i]!]!;
  const wrong = Array.from(rows.keys()).filter((i) => decision[i] !== label[i]);
  const worst = wrong.sort((a, b) => sure(b) - sure(a) || a - b).slice(0, SHOWN);
  const jpegs = worst.map((i) => encodeJpeg(interleaved(dataset, rows[i]!), images.size, images.size));
  return (await Promise.all(jpegs)).map((jpeg, k) => {
    const i = worst[k]!;
    const verdict = `is ${classes[label[i]!]!}, taken for ${classes[decision[i]!]!} (p ${sure(i).toFixed(3)})`;
    return { jpeg, caption: `${images.source(rows[i]!)}: ${verdict}` };
  });
}

/** Blue, green, red bytes of image `row`. */
function interleaved({ images: { planes, channels, size } }: ImageDataset, row: number): Uint8Array {
  const pixels = size * size;
  const plane = (k: number) => (row * channels + (channels === 1 ? 0 : 2 - k)) * pixels;
  return Uint8Array.from({ length: 3 * pixels }, (_, i) => planes[plane(i % 3) + Math.floor(i / 3)]!);
}

// The test crops on which the model is most sure and wrong: what a person wants to see first.
import type { CropDataset } from '../data/crop-dataset.ts';
import type { EvaluationInput } from '../metrics/evaluation.ts';
import type { Picture } from '../report/page.ts';
import { storedJpeg } from './golden-inputs.ts';

const SHOWN = 12;

/** Pictures of at most {@link SHOWN} crops; `rows` are the index rows of `test`. */
export async function confidentMistakes(
  dataset: CropDataset,
  rows: Uint32Array,
  { label, probability }: EvaluationInput['test'],
): Promise<Picture[]> {
  const miss = (i: number) => Math.abs(probability[i]! - label[i]!);
  const wrong = Array.from(rows.keys()).filter((i) => miss(i) >= 0.5);
  const worst = wrong.sort((a, b) => miss(b) - miss(a) || a - b).slice(0, SHOWN);
  const pictures: Picture[] = [];
  for (const i of worst) {
    const truth = label[i] === 1 ? 'high' : 'low';
    const { jpeg, recording, frame } = await readCrop(dataset, rows[i]!);
    const caption = `${recording}, frame ${frame}: is ${truth} flow, p(high) ${probability[i]!.toFixed(3)}`;
    pictures.push({ jpeg, caption, tone: truth });
  }
  return pictures;
}

/** The crop in `row` of the index as it is stored, and where it is from. */
export async function readCrop(dataset: CropDataset, row: number) {
  const { times } = dataset;
  const jpeg = await storedJpeg(dataset, row);
  return { jpeg, recording: times.recordings[times.recording[row]!]!.name, frame: times.frame[row]! };
}

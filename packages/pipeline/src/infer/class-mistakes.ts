// The test samples on which a model of several classes is most sure and wrong, as pictures for the report.
import { argmax } from '../metrics/accuracy.ts';
import type { ClassEvaluationInput } from '../metrics/class-evaluation.ts';
import type { Picture } from '../report/page.ts';

const SHOWN = 12;

/** At most {@link SHOWN} pictures; `show` gives the picture of a test sample and what to call it. */
export async function classMistakes(
  { classes, test: { label, probability } }: Pick<ClassEvaluationInput<string>, 'classes' | 'test'>,
  show: (i: number) => Promise<{ readonly jpeg: Uint8Array; readonly name: string }>,
): Promise<Picture[]> {
  const decision = argmax(probability, classes.length);
  const sure = (i: number) => probability[i * classes.length + decision[i]!]!;
  const wrong = Array.from(decision.keys()).filter((i) => decision[i] !== label[i]);
  const worst = wrong.sort((a, b) => sure(b) - sure(a) || a - b).slice(0, SHOWN);
  const pictures: Picture[] = [];
  for (const i of worst) {
    const { jpeg, name } = await show(i);
    const verdict = `is ${classes[label[i]!]!}, taken for ${classes[decision[i]!]!} (p ${sure(i).toFixed(3)})`;
    pictures.push({ jpeg, caption: `${name}: ${verdict}` });
  }
  return pictures;
}

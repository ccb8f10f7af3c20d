// Golden crops: inputs that travel with a model and the outputs they must give, so that a model proves itself when opened.
import { touched, type ExportedModel, type ModelCard } from '../export/exported-model.ts';
import { sha256 } from '../export/seal.ts';
import { Classifier, decided, type Outputs } from './classifier.ts';
import { decodeForNetwork } from './decode-input.ts';

/** Largest difference of a logit, relative to the logit where that exceeds 1; other processors round otherwise. */
export const GOLDEN_TOLERANCE = 1e-3;
/** Largest difference of a probability: a logit's, at the steepest place of the sigmoid. */
const PROBABILITY_TOLERANCE = GOLDEN_TOLERANCE / 4;

/** An image to become golden, encoded. */
export interface GoldenInput {
  readonly bytes: Uint8Array;
  readonly ending: 'jpg' | 'png';
}

/** What `classifier` says about `inputs`, as the card keeps it. */
export async function describeGolden(
  classifier: Classifier,
  inputs: readonly GoldenInput[],
): Promise<ModelCard['golden']> {
  const { card } = classifier.model;
  const said = await judgeAll(
    classifier,
    inputs.map(({ bytes }) => bytes),
  );
  const decisions = decided(said, card.threshold);
  return inputs.map(({ bytes, ending }, i) => ({
    file: `golden/${String(i).padStart(2, '0')}.${ending}`,
    sha256: sha256(bytes),
    logits: rowOf(said.logits, said.outputs, i),
    probability: rowOf(said.probability, said.outputs, i),
    decision: decisions[i]!,
  }));
}

async function judgeAll(classifier: Classifier, images: readonly Uint8Array[]): Promise<Outputs> {
  const { card } = classifier.model;
  const decoded = await Promise.all(
    images.map((bytes, i) => decodeForNetwork(bytes, card, `golden crop ${i}`)),
  );
  return classifier.judge(decoded);
}

const rowOf = (values: Float64Array, outputs: number, i: number): number[] => [
  ...values.subarray(i * outputs, (i + 1) * outputs),
];

/**
 * Runs the golden crops of `classifier`'s model.
 * @throws {SpatterError} MODEL_DAMAGED naming what was touched: logits depend on preprocessing and weights, probabilities on
 * the calibration too, decisions on the threshold.
 */
export async function requireGolden(classifier: Classifier): Promise<void> {
  const { model } = classifier;
  const { card } = model;
  const said = await judgeAll(classifier, model.golden);
  const decisions = decided(said, card.threshold);
  card.golden.forEach((wanted, i) => {
    const logits = rowOf(said.logits, said.outputs, i);
    const probability = rowOf(said.probability, said.outputs, i);
    const fault = faultOf(wanted, logits, probability, decisions[i]!, card.threshold);
    if (fault !== undefined) throw touched(`${model.folder}: ${wanted.file}`, fault);
  });
}

function faultOf(
  wanted: ModelCard['golden'][number],
  logits: readonly number[],
  probability: readonly number[],
  decision: number,
  threshold: number,
): string | undefined {
  const near = (got: readonly number[], want: readonly number[], tolerance: number) =>
    got.length === want.length &&
    want.every((value, k) => Math.abs(got[k]! - value) <= tolerance * Math.max(1, Math.abs(value)));
  if (!near(logits, wanted.logits, GOLDEN_TOLERANCE)) return 'preprocessing or weights';
  if (!near(probability, wanted.probability, PROBABILITY_TOLERANCE)) return 'calibration';
  const onTheLine = Math.abs(wanted.probability.at(-1)! - threshold) <= PROBABILITY_TOLERANCE;
  return decision === wanted.decision || onTheLine ? undefined : 'threshold';
}

/** Opens `model` for use once its golden crops have passed. @throws {SpatterError} MODEL_DAMAGED. */
export async function openProven(model: ExportedModel, threads: number | null = null): Promise<Classifier> {
  const classifier = await Classifier.open(model, threads);
  try {
    await requireGolden(classifier);
    return classifier;
  } catch (error) {
    await classifier.close();
    throw error;
  }
}

// What a prediction request comes to, whichever way it arrived: images from its body, judged in time, as the answer's JSON.
import type { ModelCard } from '../export/exported-model.ts';
import { argmax } from '../metrics/accuracy.ts';
import type { Services } from './app-context.ts';
import { declaredLength, type BodyBounds, type HeaderOf } from './body.ts';
import { inTime } from './deadline.ts';
import type { ImageResult } from './inference.ts';
import { Problem, retryLater } from './problem.ts';
import { checkImages, imageParser, unusable } from './request-images.ts';
import type { Prediction, Predictions } from './schemas.ts';

export interface PredictionRequest {
  readonly header: HeaderOf;
  /** Name of the token; null where none is needed. */
  readonly client: string | null;
  /** Called once, when the request may be read. */
  readonly read: (bounds: BodyBounds) => Promise<Uint8Array>;
}

/** @throws {Problem} for everything that is wrong with the request, or that the server cannot take. */
export async function predict(request: PredictionRequest, services: Services): Promise<Predictions> {
  const { host, admission, limits, metrics } = services;
  const parse = imageParser(request.header('content-type'), limits.images);
  const expected = declaredLength(request.header, limits.bodyBytes) ?? limits.bodyBytes;
  host.requireReady();
  const leave = admission.enter(request.client, expected);
  try {
    const images = parse(await request.read({ bytes: limits.bodyBytes, ms: limits.bodyMs }));
    checkImages(images, limits);
    const { engine } = host.current;
    const late = () => retryLater('overloaded', `no answer within ${limits.answerMs / 1000} s`);
    const results = await inTime(limits.answerMs, late, (deadline) => engine.classify(images, deadline));
    const { card } = engine.model;
    const predictions = results.map((result, i) => toPrediction(result, i, results.length, card));
    for (const { label } of predictions) metrics.prediction(label);
    return { model: { name: card.name, onnx_sha256: card.onnx_sha256 }, predictions };
  } finally {
    leave();
  }
}

/** @throws {Problem} image-unusable. */
function toPrediction(result: ImageResult, index: number, count: number, card: ModelCard): Prediction {
  if ('problem' in result) throw unusable(index, count, result.problem);
  const { probabilities } = result;
  if (probabilities.some((p) => !Number.isFinite(p))) {
    throw new Problem('internal', 'the model gave a probability that is not a number');
  }
  const binaryDecision = probabilities.length === 2 ? Number(probabilities[1]! > card.threshold) : null;
  const decided = binaryDecision ?? argmax(probabilities, probabilities.length)[0]!;
  return {
    class: decided,
    label: card.labels[decided] ?? String(decided),
    probability: binaryDecision === null ? null : probabilities[1]!,
    probabilities: [...probabilities],
    outlying: result.outlying,
  };
}

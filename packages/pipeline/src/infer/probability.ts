// Probability of class 1 from logits of a two-class model.
import { SpatterError } from '../util/errors.ts';

/**
 * From logits [N, K]: the sigmoid for K = 1, the softmax's second entry for K = 2.
 * @throws {SpatterError} USAGE for more classes.
 */
export function positiveProbability(logits: Float32Array, samples: number): Float64Array {
  const classes = logits.length / samples;
  if (classes > 2) {
    const message = `evaluation and prediction are for two classes, but the model has ${classes}`;
    throw new SpatterError('USAGE', message, 'train with model.architecture.num_classes=1');
  }
  const margin = (i: number) => (classes === 1 ? logits[i]! : logits[2 * i + 1]! - logits[2 * i]!);
  return Float64Array.from({ length: samples }, (_, i) => 1 / (1 + Math.exp(-margin(i))));
}

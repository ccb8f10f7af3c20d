// Mean negative log-likelihood: from probabilities, from logits, and for many classes.
import { sameLength, type Values } from './values.ts';

/**
 * Binary cross-entropy of the probabilities of class 1, in nats per crop. Logarithms are cut at −100 as in
 * `torch.nn.BCELoss`, so a confident mistake costs at most 100.
 */
export function logLoss(label: Values, probability: Values): number {
  sameLength('logLoss', label, probability);
  let sum = 0;
  for (let i = 0; i < label.length; i++) {
    const p = probability[i]!;
    sum -= Math.max(-100, Math.log(label[i] === 1 ? p : 1 - p));
  }
  return sum / label.length;
}

/** The same from logits, without overflow: max(z, 0) − z·y + log(1 + e^−|z|), as `torch.nn.BCEWithLogitsLoss`. */
export function logLossFromLogits(label: Values, logit: Values): number {
  sameLength('logLossFromLogits', label, logit);
  let sum = 0;
  for (let i = 0; i < label.length; i++) {
    const z = logit[i]!;
    sum += Math.max(z, 0) - z * label[i]! + Math.log1p(Math.exp(-Math.abs(z)));
  }
  return sum / label.length;
}

/** Cross-entropy of row-major logits [crops, classes], in nats per crop, as `torch.nn.CrossEntropyLoss`. */
export function crossEntropyFromLogits(label: Values, logits: Values, classes: number): number {
  let sum = 0;
  for (let i = 0; i < label.length; i++) {
    const row = Array.from({ length: classes }, (_, k) => logits[i * classes + k]!);
    const top = Math.max(...row);
    const total = row.reduce((acc, z) => acc + Math.exp(z - top), 0);
    sum += top + Math.log(total) - row[label[i]!]!;
  }
  return sum / label.length;
}

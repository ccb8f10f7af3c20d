// Loss and accuracy from logits, in float64, for both heads: one logit (binary) and K logits (classes).

/** Class decided from one sample's logits: logit > 0 (probability > 0.5) for one, the first largest for several. */
export function decidedClass(logits: Float32Array, sample: number, classes: number): number {
  if (classes === 1) return logits[sample]! > 0 ? 1 : 0;
  let best = 0;
  for (let k = 1; k < classes; k++) {
    if (logits[sample * classes + k]! > logits[sample * classes + best]!) best = k;
  }
  return best;
}

/** How many of the samples in `logits` [N, K] are decided as `labels` [N] say. */
export function countCorrect(logits: Float32Array, labels: Float32Array): number {
  const classes = logits.length / labels.length;
  let correct = 0;
  for (let i = 0; i < labels.length; i++) if (decidedClass(logits, i, classes) === labels[i]) correct++;
  return correct;
}

/** Sum over samples of BCE with logits for one logit, of cross-entropy for several, whatever training minimises. */
export function sumLoss(logits: Float32Array, labels: Float32Array): number {
  const classes = logits.length / labels.length;
  const sampleLoss = classes === 1 ? binaryLoss : crossEntropy;
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    sum += sampleLoss(logits.subarray(i * classes, (i + 1) * classes), labels[i]!);
  }
  return sum;
}

function binaryLoss(logits: Float32Array, label: number): number {
  const x = logits[0]!;
  return Math.max(x, 0) - x * label + Math.log1p(Math.exp(-Math.abs(x)));
}

function crossEntropy(logits: Float32Array, label: number): number {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = logits.reduce((sum, x) => sum + Math.exp(x - largest), 0);
  return largest + Math.log(total) - logits[label]!;
}

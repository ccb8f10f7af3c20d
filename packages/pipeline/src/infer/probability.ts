// Probabilities from logits.
/** From logits [N, K]: the sigmoid for K = 1, the softmax's second entry for K = 2. */
export function positiveProbability(logits: Float32Array, samples: number): Float64Array {
  const single = logits.length === samples;
  const margin = (i: number) => (single ? logits[i]! : logits[2 * i + 1]! - logits[2 * i]!);
  return Float64Array.from({ length: samples }, (_, i) => 1 / (1 + Math.exp(-margin(i))));
}

/** Row-major probabilities [N, K] as an exported model gives them: the softmax, or the sigmoid of a single logit. */
export function outputProbabilities(logits: Float32Array, samples: number): Float64Array {
  const outputs = logits.length / samples;
  if (outputs === 1) return positiveProbability(logits, samples);
  const result = new Float64Array(logits.length);
  for (let i = 0; i < samples; i++) {
    const row = logits.subarray(i * outputs, (i + 1) * outputs);
    const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const total = row.reduce((sum, x) => sum + Math.exp(x - largest), 0);
    row.forEach((x, k) => (result[i * outputs + k] = Math.exp(x - largest) / total));
  }
  return result;
}

/** The same with a column for each class, also where one logit stands for two. */
export function classProbabilities(logits: Float32Array, samples: number): Float64Array {
  const given = outputProbabilities(logits, samples);
  if (given.length !== samples) return given;
  return Float64Array.from({ length: 2 * samples }, (_, i) =>
    i % 2 === 1 ? given[i >> 1]! : 1 - given[i >> 1]!,
  );
}

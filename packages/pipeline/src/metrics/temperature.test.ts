// Temperature scaling: recovers a known temperature, lowers the log loss of a network that is too sure, changes no decision.
import { describe, expect, it } from 'vitest';
import { normal, randomStream, uniform } from '../util/random.ts';
import { crossEntropyFromLogits, logLossFromLogits } from './log-loss.ts';
import { fitTemperature } from './temperature.ts';

/** Labels drawn from calibrated logits of one output, and those logits times `factor`. */
function overconfident(factor: number, samples = 4000) {
  const random = randomStream(7);
  const true_ = Float64Array.from({ length: samples }, () => 2 * normal(random));
  const label = Uint8Array.from(true_, (z) => Number(uniform(random) < 1 / (1 + Math.exp(-z))));
  return { label, logits: true_.map((z) => factor * z) };
}

describe('fitTemperature', () => {
  it.each([0.5, 1, 4])('finds the factor %d by which logits are too large', (factor) => {
    const { label, logits } = overconfident(factor);
    const { temperature, before, after } = fitTemperature(label, logits, 1);
    expect(Math.abs(temperature / factor - 1)).toBeLessThan(0.06);
    expect(after).toBeLessThanOrEqual(before);
    expect(after).toBeCloseTo(
      logLossFromLogits(
        label,
        logits.map((z) => z / temperature),
      ),
      12,
    );
  });

  it('improves the log loss of crops it was not fitted on', () => {
    const { label, logits } = overconfident(4, 8000);
    const { temperature } = fitTemperature(label.subarray(0, 4000), logits.subarray(0, 4000), 1);
    const rest = { label: label.subarray(4000), logits: logits.subarray(4000) };
    const [before, after] = [1, temperature].map((t) =>
      logLossFromLogits(
        rest.label,
        rest.logits.map((z) => z / t),
      ),
    );
    expect(after! / before!).toBeLessThan(0.8);
  });

  it('serves many classes', () => {
    const { label, logits } = overconfident(3);
    const pairs = Float64Array.from({ length: 2 * logits.length }, (_, i) =>
      i % 2 === 1 ? logits[i >> 1]! : 0,
    );
    const { temperature, before } = fitTemperature(label, pairs, 2);
    expect(temperature).toBeCloseTo(fitTemperature(label, logits, 1).temperature, 6);
    expect(before).toBeCloseTo(crossEntropyFromLogits(label, pairs, 2), 12);
  });

  it('stays within its limits where every sample is right', () => {
    const { temperature } = fitTemperature([0, 1], [-1, 1], 1);
    expect(temperature).toBeGreaterThanOrEqual(0.05);
    expect(temperature).toBeLessThan(0.06);
  });
});

// Temperature scaling: one number that makes a network's probabilities mean what they say.
import { crossEntropyFromLogits, logLossFromLogits } from './log-loss.ts';
import { sameLength, type Values } from './values.ts';

export interface Temperature {
  /** Logits are divided by it; above 1 it makes a network that is too sure less so. */
  readonly temperature: number;
  /** Log loss in nats per sample without it and with it. */
  readonly before: number;
  readonly after: number;
}

/** Limits of the search, natural logarithms: a temperature outside says that the samples cannot tell. */
const [COLDEST, HOTTEST] = [Math.log(0.05), Math.log(20)];
const GOLDEN_SECTION = (Math.sqrt(5) - 1) / 2;
const STEPS = 60;

/**
 * The temperature with the least log loss (Guo, Pleiss, Sun and Weinberger, ICML 2017, §4.2), by golden-section search in its
 * logarithm, over which the loss has one minimum. It changes no decision at the likeliest class. 1 where the loss does not
 * fall. `logits` are row-major [samples, outputs]; a single output is the logit of class 1.
 */
export function fitTemperature(label: Values, logits: Values, outputs: number): Temperature {
  sameLength('fitTemperature', { length: label.length * outputs }, logits);
  const loss = (logarithm: number) => lossAt(label, logits, outputs, Math.exp(logarithm));
  const before = loss(0);
  const best = minimise(loss, COLDEST, HOTTEST);
  const after = loss(best);
  return after < before
    ? { temperature: Math.exp(best), before, after }
    : { temperature: 1, before, after: before };
}

function lossAt(label: Values, logits: Values, outputs: number, temperature: number): number {
  const scaled = Float64Array.from(logits, (z) => z / temperature);
  return outputs === 1 ? logLossFromLogits(label, scaled) : crossEntropyFromLogits(label, scaled, outputs);
}

function minimise(of: (x: number) => number, low: number, high: number): number {
  let [a, b] = [low, high];
  let [c, d] = [b - GOLDEN_SECTION * (b - a), a + GOLDEN_SECTION * (b - a)];
  let [fc, fd] = [of(c), of(d)];
  for (let step = 0; step < STEPS; step++) {
    if (fc < fd) {
      [b, d, fd] = [d, c, fc];
      c = b - GOLDEN_SECTION * (b - a);
      fc = of(c);
    } else {
      [a, c, fc] = [c, d, fd];
      d = a + GOLDEN_SECTION * (b - a);
      fd = of(d);
    }
  }
  return (a + b) / 2;
}

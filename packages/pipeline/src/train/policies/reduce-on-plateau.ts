// Multiplies the learning rate by `factor` after more than `patience` epochs without improvement, as torch's ReduceLROnPlateau.
import type { Mode, Monitor, Policy } from './policy.ts';

interface Memory {
  readonly best: number | null;
  readonly bad: number;
}

/** torch's default `threshold=1e-4` in `rel` mode. */
const THRESHOLD = 1e-4;

function better(value: number, best: number | null, mode: Mode): boolean {
  if (best === null) return true;
  return mode === 'min' ? value < best * (1 - THRESHOLD) : value > best * (1 + THRESHOLD);
}

/** The rate never falls below `minLr`; a change smaller than 1e-8 is not made (torch's `eps`). */
export function reduceOnPlateau(
  monitor: Monitor,
  mode: Mode,
  patience: number,
  factor: number,
  minLr: number,
): Policy<Memory> {
  return {
    initial: { best: null, bad: 0 },
    decide: ({ best, bad }, metrics) => {
      const value = metrics[monitor];
      if (better(value, best, mode)) return { memory: { best: value, bad: 0 }, decisions: [] };
      if (bad + 1 <= patience) return { memory: { best, bad: bad + 1 }, decisions: [] };
      const lr = Math.max(metrics.lr * factor, minLr);
      const changed = metrics.lr - lr > 1e-8 ? [{ kind: 'set-lr', lr } as const] : [];
      return { memory: { best, bad: 0 }, decisions: changed };
    },
  };
}

// Stops when the monitored metric has not improved for `patience` epochs (Prechelt, 1998; the reference's rule).
import { improves, type Mode, type Monitor, type Policy } from './policy.ts';

interface Memory {
  readonly best: number | null;
  readonly waited: number;
}

/** `minDelta` is in the metric's own unit (accuracies are fractions). */
export function earlyStopping(
  monitor: Monitor,
  mode: Mode,
  patience: number,
  minDelta: number,
): Policy<Memory> {
  return {
    initial: { best: null, waited: 0 },
    decide: ({ best, waited }, metrics) => {
      const value = metrics[monitor];
      if (improves(value, best, mode, minDelta)) {
        return { memory: { best: value, waited: 0 }, decisions: [] };
      }
      const reason = `${monitor} did not improve for ${patience} epochs (best ${(best ?? value).toFixed(4)})`;
      const stop = waited + 1 >= patience ? [{ kind: 'stop', reason } as const] : [];
      return { memory: { best, waited: waited + 1 }, decisions: stop };
    },
  };
}

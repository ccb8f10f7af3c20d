// Which checkpoints to keep: the k best, the single best under a fixed name, and every n-th epoch.
import { improves, type EpochMetrics, type Mode, type Monitor, type Policy } from './policy.ts';

const padded = (epoch: number) => `epoch${String(epoch).padStart(3, '0')}`;

/** The reference's file names: `epoch007_loss0.1234` and, for ranked ones, `…_acc98.76` (percent). */
export function checkpointName(metrics: EpochMetrics, ranked: boolean): string {
  const base = `${padded(metrics.epoch)}_loss${metrics.val_loss.toFixed(4)}`;
  return `${base}${ranked ? `_acc${(100 * metrics.val_accuracy).toFixed(2)}` : ''}.safetensors`;
}

interface Ranked {
  readonly name: string;
  readonly value: number;
}

/** Keeps the `k` best epochs by `monitor`; of equal ones the earlier. */
export function keepTopK(k: number, monitor: Monitor, mode: Mode): Policy<{ kept: readonly Ranked[] }> {
  return {
    initial: { kept: [] },
    decide: ({ kept }, metrics) => {
      const fresh = { name: checkpointName(metrics, true), value: metrics[monitor] };
      const sign = mode === 'max' ? -1 : 1;
      const ranked = [...kept, fresh].sort((a, b) => sign * (a.value - b.value));
      const [best, dropped] = [ranked.slice(0, k), ranked.slice(k)];
      const deletions = dropped.filter((entry) => entry !== fresh);
      return {
        memory: { kept: best },
        decisions: [
          ...(best.includes(fresh) ? [{ kind: 'save', name: fresh.name } as const] : []),
          ...deletions.map(({ name }) => ({ kind: 'delete', name }) as const),
        ],
      };
    },
  };
}

/** Keeps the best epoch by `monitor` as `best.safetensors`. */
export function keepBest(monitor: Monitor, mode: Mode): Policy<{ best: number | null }> {
  return {
    initial: { best: null },
    decide: ({ best }, metrics) => {
      if (!improves(metrics[monitor], best, mode)) return { memory: { best }, decisions: [] };
      const save = { kind: 'save', name: 'best.safetensors' } as const;
      return { memory: { best: metrics[monitor] }, decisions: [save] };
    },
  };
}

/** Keeps every `n`-th epoch. */
export function keepEvery(n: number): Policy<object> {
  return {
    initial: {},
    decide: (memory, metrics) => ({
      memory,
      decisions: metrics.epoch % n === 0 ? [{ kind: 'save', name: checkpointName(metrics, false) }] : [],
    }),
  };
}

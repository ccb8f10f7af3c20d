// Compiled graphs of a step: opened when first asked for, the least recently used ones closed.
import type { Session } from '../runtime/session.ts';
import type { Mask, StepKind } from './trace.ts';

/** Graphs kept at a time; a run needs two, for full batches and for the last one, and as many again when gradients wait. */
const CACHED_GRAPHS = 4;

/** What graphs differ by. */
export interface GraphKey {
  /** Samples of a batch. */
  readonly size: number;
  readonly kind: StepKind;
  /** Steps of a run. */
  readonly steps: number;
}

export interface Compiled {
  readonly session: Session;
  readonly masks: readonly Mask[];
}

export interface GraphCache {
  readonly get: (key: GraphKey) => Promise<Compiled>;
  readonly dispose: () => Promise<void>;
}

export function graphCache(open: (key: GraphKey) => Promise<Compiled>): GraphCache {
  const sessions = new Map<string, Compiled>();
  return {
    get: async (wanted) => {
      const key = `${wanted.kind} ${wanted.size} ${wanted.steps}`;
      const session = sessions.get(key) ?? (await open(wanted));
      sessions.delete(key);
      sessions.set(key, session);
      const [oldest] = sessions.keys();
      if (sessions.size > CACHED_GRAPHS) {
        await sessions.get(oldest!)!.session.dispose();
        sessions.delete(oldest!);
      }
      return session;
    },
    dispose: async () => {
      for (const { session } of sessions.values()) await session.dispose();
      sessions.clear();
    },
  };
}

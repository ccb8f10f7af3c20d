// Compiled graphs of a step: opened when first asked for, the least recently used ones closed, and those that hold much memory while they wait.
import type { Session } from '../runtime/session.ts';
import type { Mask, StepKind } from './trace.ts';

/** Graphs kept at a time; a run needs two, for full batches and for the last one, and as many again when gradients wait. */
const KEPT_GRAPHS = 4;

/** Bytes that graphs which wait may hold together. Opening one again takes less than a step of a network that needs so much. */
const WAITING_BYTES = 2 ** 29;

/** What graphs differ by. */
export interface GraphKey {
  /** Samples of a batch. */
  readonly size: number;
  readonly kind: StepKind;
  /** Steps of a run. */
  readonly steps: number;
}

/** A graph as a model file. */
export interface LoweredGraph {
  readonly model: Uint8Array;
  readonly masks: readonly Mask[];
}

export interface Compiled {
  readonly session: Pick<Session, 'run'>;
  readonly masks: readonly Mask[];
}

export interface GraphCache {
  readonly get: (key: GraphKey) => Promise<Compiled>;
  readonly dispose: () => Promise<void>;
}

export interface GraphCacheOptions {
  readonly lower: (key: GraphKey) => Promise<LoweredGraph>;
  readonly open: (model: Uint8Array) => Promise<Session>;
  /** Bytes that this process holds: a session keeps what its first run took. */
  readonly memory: () => number;
}

interface Kept extends LoweredGraph {
  readonly size: number;
  session: Session | undefined;
  /** What the first run took, in bytes; 0 before. */
  held: number;
}

export function graphCache(options: GraphCacheOptions): GraphCache {
  /** The most recently used last. */
  const graphs = new Map<string, Kept>();
  return {
    get: async (wanted) => {
      const key = `${wanted.kind} ${wanted.size} ${wanted.steps}`;
      // Graphs of one size take turns within a step, or from one to the next.
      const waiting = [...graphs.values()].filter(({ size }) => size !== wanted.size);
      const graph = graphs.get(key) ?? (await lowered(options, wanted));
      graphs.delete(key);
      graphs.set(key, graph);
      await closeHeavy(waiting);
      const [oldest] = graphs;
      if (graphs.size > KEPT_GRAPHS) {
        await close(oldest![1]);
        graphs.delete(oldest![0]);
      }
      graph.session ??= await options.open(graph.model);
      return { session: measured(graph, graph.session, options.memory), masks: graph.masks };
    },
    dispose: async () => {
      for (const graph of graphs.values()) await close(graph);
      graphs.clear();
    },
  };
}

const lowered = async ({ lower }: GraphCacheOptions, wanted: GraphKey): Promise<Kept> => ({
  ...(await lower(wanted)),
  size: wanted.size,
  session: undefined,
  held: 0,
});

/** Closes graphs, the one that waits longest first, until what the others hold is little. */
async function closeHeavy(waiting: readonly Kept[]): Promise<void> {
  let held = waiting.reduce((sum, graph) => sum + graph.held, 0);
  for (const graph of waiting) {
    if (held <= WAITING_BYTES) return;
    held -= graph.held;
    await close(graph);
  }
}

async function close(graph: Kept): Promise<void> {
  const { session } = graph;
  [graph.session, graph.held] = [undefined, 0];
  await session?.dispose();
}

/** `session`, whose first run says what it holds from then on. */
const measured = (graph: Kept, session: Session, memory: () => number): Pick<Session, 'run'> => ({
  run: async (feeds) => {
    const before = memory();
    const results = await session.run(feeds);
    graph.held ||= Math.max(0, memory() - before);
    return results;
  },
});

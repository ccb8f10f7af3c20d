// Renders many recordings on several cores. Every recording depends on its recipe alone, so the bytes do not depend on how many.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { workerUrl } from '../util/worker.ts';
import type { Recipe } from './recipe.ts';
import type { SimulateOptions } from './simulate.ts';

/** What a worker gets: its own recordings, and two numbers shared with all workers. */
export interface SimulateTask {
  readonly recipes: readonly Recipe[];
  readonly folder: string;
  readonly options: SimulateOptions;
  /** [frames rendered by all workers, 1 when the others must stop because one failed]. */
  readonly shared: Int32Array<SharedArrayBuffer>;
}

export const RENDERED = 0;
export const STOPPED = 1;
const TICK_MS = 200;

/**
 * Renders `recipes` into `folder`, which exists, on up to `workers` threads.
 * @param onProgress Called now and then with the number of frames rendered so far.
 * @throws {SpatterError} The first worker's failure, once all have stopped.
 */
export async function simulateAll(
  recipes: readonly Recipe[],
  folder: string,
  options: SimulateOptions,
  onProgress: (frames: number) => void = () => {},
  workers: number = availableParallelism(),
): Promise<void> {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const shares = dealOut(recipes, Math.min(workers, recipes.length));
  const timer = setInterval(() => onProgress(Atomics.load(shared, RENDERED)), TICK_MS);
  try {
    const failures: unknown[] = [];
    const runs = shares.map((share) =>
      runWorker({ recipes: share, folder, options, shared }).catch((error: unknown) => {
        Atomics.store(shared, STOPPED, 1);
        failures.push(error);
      }),
    );
    await Promise.all(runs);
    if (failures.length > 0) throw failures[0];
    onProgress(Atomics.load(shared, RENDERED));
  } finally {
    clearInterval(timer);
  }
}

/** Deals recipes like cards, so that low and high flow, which cost differently, mix in every share. */
function dealOut(recipes: readonly Recipe[], players: number): Recipe[][] {
  const shares = Array.from({ length: players }, (): Recipe[] => []);
  recipes.forEach((recipe, i) => shares[i % players]!.push(recipe));
  return shares;
}

function runWorker(task: SimulateTask): Promise<void> {
  const worker = new Worker(workerUrl(import.meta.url, './simulate.worker.ts'), { workerData: task });
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
}

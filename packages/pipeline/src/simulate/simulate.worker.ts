// A thread that renders its share of the recordings, one after the other.
import { workerData } from 'node:worker_threads';
import { RENDERED, STOPPED, type SimulateTask } from './pool.ts';
import { simulateRecording } from './simulate.ts';

const { recipes, folder, options, shared } = workerData as SimulateTask;

/** Counts a frame; stops the work when another thread has failed, so that nobody waits for a lost cause. */
function count(): void {
  if (Atomics.load(shared, STOPPED) === 1) throw new Error('stopped because another recording failed');
  Atomics.add(shared, RENDERED, 1);
}

for (const recipe of recipes) await simulateRecording(recipe, folder, options, count);

// A thread that extracts the videos it is told, one after the other.
import { parentPort } from 'node:worker_threads';
import { SpatterError } from '../util/errors.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { extractToFiles } from './extract-files.ts';
import type { ExtractMessage } from './extract-many.ts';
import type { ExtractOptions } from './extract-options.ts';

/** Frames between two messages about them. */
const EVERY = 50;

const send = (message: ExtractMessage): void => parentPort?.postMessage(message);

const progress: ProgressFactory = (_, total) => {
  let told = 0;
  const tell = (done: number): void => {
    if (done > told) send({ kind: 'frames', done: done - told });
    told = done;
  };
  send({ kind: 'open', frames: total });
  let latest = 0;
  return {
    update: (done) => {
      latest = done;
      if (done - told >= EVERY) tell(done);
    },
    setTotal: () => {},
    stop: () => tell(latest),
  };
};

interface Job {
  readonly video: string;
  readonly folder: string;
  readonly options: ExtractOptions;
}

async function extract({ video, folder, options }: Job): Promise<void> {
  try {
    send({ kind: 'done', summary: await extractToFiles(video, folder, { ...options, progress }) });
  } catch (error) {
    const known = error instanceof SpatterError;
    const message = error instanceof Error ? error.message : String(error);
    send({ kind: 'failed', code: known ? error.code : null, message, hint: known ? error.hint : '' });
  }
}

parentPort?.on('message', (job: Job) => void extract(job));

// Starts the process of a video job and listens to it.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workerUrl } from '../../util/worker.ts';
import { JobFailure, type JobOutcome, type RunJob } from './job-queue.ts';
import type { JobMessage, JobStart } from './video-job.worker.ts';

/** What a job needs besides its video; asked for when it starts. */
export type JobSetting = Pick<JobStart, 'model' | 'videoSeconds' | 'framePixels' | 'threads'>;

export function processRunner(setting: () => JobSetting): RunJob {
  return ({ video, name, out }, onProgress, signal) =>
    new Promise<JobOutcome>((resolve, reject) => {
      const path = fileURLToPath(workerUrl(import.meta.url, './video-job.worker.ts'));
      const child = fork(path, { stdio: 'ignore', serialization: 'advanced', execArgv: [] });
      const stop = () => child.kill('SIGKILL');
      signal.addEventListener('abort', stop, { once: true });
      child.on('message', (message: JobMessage) => {
        if (message.kind === 'progress') onProgress(message);
        else if (message.kind === 'done') resolve(message);
        else reject(new JobFailure(message.code, message.detail));
      });
      child.on('error', reject);
      child.on('close', (code, by) => {
        signal.removeEventListener('abort', stop);
        if (signal.aborted) reject(signal.reason as Error);
        reject(
          new JobFailure('NOT_A_VIDEO', `the decoder failed on the video (${by ?? `exit code ${code}`})`),
        );
      });
      const start: JobStart = { ...setting(), video, name, out };
      child.send(start, (error) => {
        if (error !== null) reject(error);
      });
    });
}

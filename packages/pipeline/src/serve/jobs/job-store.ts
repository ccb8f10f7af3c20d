// Video jobs in a folder: `<id>/job.json`, the uploaded video until it is judged, then the files of the prediction.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { makeWritableFolder, writeFileAtomic } from '../../util/atomic.ts';
import { JOB_STATES } from '../schemas.ts';

const jobSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  state: z.enum(JOB_STATES),
  /** Name of the uploaded video. */
  video: z.string(),
  bytes: z.int(),
  /** Name of the token that uploaded it; null without tokens. */
  owner: z.string().nullable(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  finished_at: z.string().nullable(),
  verdict: z.record(z.string(), z.unknown()).nullable(),
  /** Files of the prediction in the job's folder, by what they are. */
  files: z.record(z.string(), z.string()),
  problem: z.object({ code: z.string(), detail: z.string() }).nullable(),
});

export type Job = z.infer<typeof jobSchema>;

export const isOpen = ({ state }: Job): boolean => state === 'queued' || state === 'running';

export class JobStore {
  readonly folder: string;
  readonly #jobs: Map<string, Job>;

  /**
   * Opens the folder, making it where it lacks. Jobs that ran when the server stopped wait again; uploads that were not whole
   * and folders without a readable job go.
   * @throws {SpatterError} IO.
   */
  constructor(folder: string) {
    makeWritableFolder(folder);
    this.folder = folder;
    const found = readdirSync(folder).filter((name) => /^[0-9a-f-]{36}$/.test(name));
    const jobs = found.flatMap((id) => this.#load(id)).sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
    this.#jobs = new Map(jobs.map((job) => [job.id, job]));
    for (const job of jobs)
      if (job.state === 'running') this.save({ ...job, state: 'queued', started_at: null });
  }

  /** In the order they came. */
  list(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  /** Where the files of job `id` lie. */
  pathOf(id: string): string {
    return join(this.folder, id);
  }

  videoPath(id: string): string {
    return join(this.folder, id, 'upload');
  }

  /** Makes the folder of a job that is to be uploaded; without `save` it goes at the next start. */
  reserve(id: string): void {
    mkdirSync(this.pathOf(id));
  }

  save(job: Job): void {
    writeFileAtomic(join(this.pathOf(job.id), 'job.json'), `${JSON.stringify(job, null, 2)}\n`);
    this.#jobs.set(job.id, job);
  }

  /** Forgets a job with its files. */
  remove(id: string): void {
    this.#jobs.delete(id);
    rmSync(this.pathOf(id), { recursive: true, force: true });
  }

  #load(id: string): Job[] {
    const path = join(this.folder, id, 'job.json');
    try {
      if (existsSync(path)) return [jobSchema.parse(JSON.parse(readFileSync(path, 'utf8')))];
    } catch {
      // An unreadable job cannot be finished; it goes like an upload that was not whole.
    }
    rmSync(join(this.folder, id), { recursive: true, force: true });
    return [];
  }
}

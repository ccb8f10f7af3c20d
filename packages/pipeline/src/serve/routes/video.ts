// `/v1/predict/video`: a video becomes a job; the job shows its progress and, once done, its files.
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { Context } from 'hono';
import { z } from '@hono/zod-openapi';
import type { App, Env, Services } from '../app-context.ts';
import { declaredLength, headersOf } from '../body.ts';
import { jobFile } from '../jobs/job-queue.ts';
import { isOpen, type Job } from '../jobs/job-store.ts';
import { receiveVideo } from '../jobs/upload.ts';
import { Problem, retryLater } from '../problem.ts';
import { jobSchema, jobsSchema, type JobView } from '../schemas.ts';
import { addRoute, json, type Documented } from './documented.ts';

const BASE = '/v1/predict/video';
const TAG = ['Video'];
const id = z.string().openapi({ description: 'Of the job.' });
const byId = { params: z.object({ id }) };
const FILE_TYPES = {
  verdict: 'application/json',
  layers: 'text/csv; charset=utf-8',
  crops: 'text/csv; charset=utf-8',
  report: 'text/html; charset=utf-8',
} as const;

type JobServices = Services & { readonly jobs: NonNullable<Services['jobs']> };

/** Seconds after which a client may try again when all places for jobs are taken. */
const RETRY_S = 30;

export function addVideoRoutes(app: App, services: JobServices): void {
  addRoute(app, UPLOAD, (c) => upload(c, services));
  addRoute(app, LIST, (c) => {
    const mine = services.jobs.store.list().filter((job) => visible(c, job));
    return c.json({ jobs: mine.map((job) => viewOf(job, services)) });
  });
  addRoute(app, SHOW, (c) => c.json(viewOf(find(c, services), services)));
  addRoute(app, FILE, (c) => sendFile(c, services));
  addRoute(app, REMOVE, async (c) => {
    const job = find(c, services);
    if (isOpen(job)) await services.jobs.queue.cancel(job.id);
    else services.jobs.store.remove(job.id);
    return c.body(null, 204);
  });
}

async function upload(c: Context<Env>, services: JobServices): Promise<Response> {
  const { jobs, limits, newId } = services;
  requireVideoModel(services);
  declaredLength(headersOf(c.req.raw), limits.videoBytes);
  const leave = reserve(c, services);
  const job = newId();
  try {
    jobs.store.reserve(job);
    const bytes = await receiveVideo(c.req.raw, jobs.store.videoPath(job), limits);
    jobs.store.save(newJob(c, services, job, bytes));
    jobs.queue.start();
  } catch (error) {
    jobs.store.remove(job);
    throw error;
  } finally {
    leave();
  }
  const view = viewOf(jobs.store.get(job)!, services);
  return c.json(view, 202, { location: view.links['self']! });
}

/** @throws {Problem} conflict. */
function requireVideoModel({ host }: Services): void {
  const { card } = host.current.engine.model;
  if (card.extraction === null) {
    throw new Problem(
      'conflict',
      `the model ${card.name} was not trained on crops of videos, so it cannot judge one`,
    );
  }
}

/** Uploads under way by token, so that they count as jobs. */
const uploads = new WeakMap<Services['jobs'] & object, Map<string | null, number>>();

/** Takes a place for a job; the result gives it back. @throws {Problem} too-many-requests, overloaded. */
function reserve(c: Context<Env>, { jobs, limits }: JobServices): () => void {
  const client = c.get('client');
  const arriving = uploads.get(jobs) ?? new Map<string | null, number>();
  uploads.set(jobs, arriving);
  const open = jobs.store.list().filter(isOpen);
  const mine = open.filter(({ owner }) => owner === client).length + (arriving.get(client) ?? 0);
  const all = open.length + [...arriving.values()].reduce((sum, n) => sum + n, 0);
  if (all >= limits.jobs) {
    throw retryLater('overloaded', `${limits.jobs} videos wait or run, as many as the server takes`, RETRY_S);
  }
  const share = Math.max(1, Math.floor(limits.jobs / 2));
  if (client !== null && mine >= share) {
    throw retryLater('too-many-requests', `a token may have ${share} videos open`, RETRY_S);
  }
  arriving.set(client, (arriving.get(client) ?? 0) + 1);
  return () => arriving.set(client, arriving.get(client)! - 1);
}

function newJob(c: Context<Env>, { now }: Services, job: string, bytes: number): Job {
  return {
    version: 1,
    id: job,
    state: 'queued',
    video: videoName(c.req.query('name')),
    bytes,
    owner: c.get('client'),
    created_at: new Date(now()).toISOString(),
    started_at: null,
    finished_at: null,
    verdict: null,
    files: {},
    problem: null,
  };
}

/** A name that is safe as part of a file name. */
function videoName(given: string | undefined): string {
  const plain = (given ?? '').replaceAll(/[^\w.-]+/g, '_').replace(/^\.+/, '');
  return plain === '' ? 'video' : plain.slice(0, 100);
}

const visible = (c: Context<Env>, { owner }: Job): boolean =>
  owner === null || owner === c.get('client') || c.get('scope') === 'admin';

/** @throws {Problem} not-found, also for a job of another token. */
function find(c: Context<Env>, { jobs }: JobServices): Job {
  const job = jobs.store.get(c.req.param('id') ?? '');
  if (job !== undefined && visible(c, job)) return job;
  throw new Problem('not-found', 'there is no such job, or it was forgotten');
}

function viewOf(job: Job, { jobs }: JobServices): JobView {
  const { id, state, video, bytes, created_at, started_at, finished_at, verdict, problem } = job;
  const self = `${BASE}/${id}`;
  const links = Object.keys(job.files).map((name): [string, string] => [name, `${self}/${name}`]);
  const { frames, of } = jobs.queue.progressOf(id);
  return {
    ...{ id, state, video, bytes, created_at, started_at, finished_at, verdict, problem },
    progress: { frames, of },
    links: { self, ...Object.fromEntries(links) },
  };
}

function sendFile(c: Context<Env>, services: JobServices): Response {
  const job = find(c, services);
  const name = c.req.param('file') ?? '';
  const path = jobFile(services.jobs.store, job, name);
  if (path === undefined)
    throw new Problem('not-found', `the job has no file ${JSON.stringify(name)}, or not yet`);
  const body = Readable.toWeb(createReadStream(path)) as ReadableStream;
  return c.body(body, 200, { 'content-type': FILE_TYPES[name as keyof typeof FILE_TYPES] });
}

const binary = { schema: { type: 'string', format: 'binary' } } as const;

const UPLOAD: Documented = {
  method: 'post',
  path: BASE,
  tags: TAG,
  summary: 'Judge a video',
  description:
    'The body is the video itself: MP4, MOV, AVI, Matroska, WebM or MPEG-TS. The answer is a job; `Location` is where it shows its progress.',
  request: {
    query: z.object({
      name: z.string().optional().openapi({ description: 'What the video is called in the results.' }),
    }),
    body: { required: true, content: { 'video/mp4': binary, 'application/octet-stream': binary } },
  },
  responses: { 202: json('The job.', jobSchema) },
  problems: [
    'malformed-request',
    'body-too-slow',
    'conflict',
    'body-too-large',
    'unsupported-media-type',
    'too-many-requests',
    'overloaded',
    'not-ready',
  ],
};

const LIST: Documented = {
  method: 'get',
  path: BASE,
  tags: TAG,
  summary: 'All jobs of this token',
  responses: { 200: json('In the order they came.', jobsSchema) },
};

const SHOW: Documented = {
  method: 'get',
  path: `${BASE}/:id`,
  tags: TAG,
  summary: 'Progress and result of a job',
  request: byId,
  responses: { 200: json('The job.', jobSchema) },
  problems: ['not-found'],
};

const FILE: Documented = {
  method: 'get',
  path: `${BASE}/:id/:file`,
  tags: TAG,
  summary: 'A file of a finished job',
  description: 'The files are those that `spatter predict` writes.',
  request: { params: z.object({ id, file: z.enum(['verdict', 'layers', 'crops', 'report']) }) },
  responses: {
    200: {
      description: 'The file.',
      content: Object.fromEntries(
        ['application/json', 'text/csv', 'text/html'].map((type) => [type, { schema: { type: 'string' } }]),
      ),
    },
  },
  problems: ['not-found'],
};

const REMOVE: Documented = {
  method: 'delete',
  path: `${BASE}/:id`,
  tags: TAG,
  summary: 'Cancel a job, or forget a finished one',
  request: byId,
  responses: { 204: { description: 'Done.' } },
  problems: ['not-found'],
};

// Video jobs: upload, progress, files, limits, cancelling, a server that stops in the middle; one real video in its process.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLIP } from '../../video/testing/clip.ts';
import { createService, type Service } from '../serve.ts';
import type { JobView } from '../schemas.ts';
import { post, testOptions, testService, type Body } from '../testing/service.ts';
import { JobFailure, type RunJob } from './job-queue.ts';
import { JobStore, type Job } from './job-store.ts';
import { isVideoContainer } from './upload.ts';

const BASE = '/v1/predict/video';
const sha256 = (text: string) => createHash('sha256').update(text).digest();
const MP4 = Buffer.concat([Buffer.from([0, 0, 0, 32]), Buffer.from('ftypisom'), Buffer.alloc(100)]);

const upload = async (service: Service, body: Body = MP4, query = '', headers = {}) =>
  service.app.request(`${BASE}${query}`, post(body, 'video/mp4', headers));
const jobOf = async (response: Response) => (await response.json()) as JobView;
const show = async (service: Service, id: string) => jobOf(await service.app.request(`${BASE}/${id}`));

async function until(service: Service, id: string, wanted: string): Promise<JobView> {
  for (;;) {
    const job = await show(service, id);
    if (job.state === wanted) return job;
    if (['done', 'failed', 'cancelled'].includes(job.state)) throw new Error(JSON.stringify(job));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A run that writes a report, after `gate` lets it. */
const fakeRun =
  (gate: Promise<unknown> = Promise.resolve()): RunJob =>
  async ({ video, name, out }, onProgress, signal) => {
    expect(readFileSync(video)).toEqual(MP4);
    onProgress({ frames: 5, of: 10 });
    const stopped = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
    await Promise.race([gate, stopped]);
    writeFileSync(join(out, 'r.html'), '<p>report');
    return { verdict: { verdict: 'high', video: name }, files: { report: 'r.html' } };
  };

async function jobService(runJob: RunJob | undefined, limits = {}, changes = {}) {
  const made = await testOptions(changes, limits);
  const jobs = join(made.folder, 'jobs');
  const options = { ...made.options, jobs, ...(runJob === undefined ? {} : { runJob }) };
  const service = createService(options);
  await service.start();
  return { ...made, options, service, jobs };
}

describe('a video job', () => {
  it('goes from upload to report', async () => {
    let open: (value: unknown) => void = () => undefined;
    const gate = new Promise((resolve) => (open = resolve));
    const { service, jobs } = await jobService(fakeRun(gate));
    const answer = await upload(service, MP4, '?name=../b%207.mp4');
    expect(answer.status).toBe(202);
    const { id, video } = await jobOf(answer);
    expect([answer.headers.get('location'), video]).toEqual([`${BASE}/${id}`, '_b_7.mp4']);
    await until(service, id, 'running');
    expect(await show(service, id)).toMatchObject({ progress: { frames: 5, of: 10 }, verdict: null });
    expect((await service.app.request(`${BASE}/${id}/report`)).status).toBe(404);
    open(null);
    const done = await until(service, id, 'done');
    expect(done.links).toEqual({ self: `${BASE}/${id}`, report: `${BASE}/${id}/report` });
    const report = await service.app.request(done.links['report']!);
    expect([report.headers.get('content-type'), await report.text()]).toEqual([
      'text/html; charset=utf-8',
      '<p>report',
    ]);
    expect((await service.app.request(`${BASE}/${id}/constructor`)).status).toBe(404);
    expect(existsSync(join(jobs, id, 'upload'))).toBe(false);
    expect((await service.app.request(`${BASE}/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(existsSync(join(jobs, id))).toBe(false);
    await service.close();
  });

  it('tells why it failed', async () => {
    const { service } = await jobService(() => Promise.reject(new JobFailure('NOT_A_VIDEO', 'no frame')));
    const { id } = await jobOf(await upload(service));
    expect(await until(service, id, 'failed')).toMatchObject({
      problem: { code: 'NOT_A_VIDEO', detail: 'no frame' },
    });
    await service.close();
  });

  it('can be cancelled; the next one starts', async () => {
    const { service } = await jobService(fakeRun(new Promise(() => undefined)));
    const [a, b] = [await jobOf(await upload(service)), await jobOf(await upload(service))];
    expect((await show(service, b.id)).state).toBe('queued');
    await service.app.request(`${BASE}/${a.id}`, { method: 'DELETE' });
    expect((await show(service, a.id)).state).toBe('cancelled');
    await until(service, b.id, 'running');
    await service.close();
  });

  it('begins anew after a server that stopped in the middle', async () => {
    const first = await jobService(fakeRun(new Promise(() => undefined)));
    const { id } = await jobOf(await upload(first.service));
    await until(first.service, id, 'running');
    await first.service.close();
    mkdirSync(join(first.jobs, '00000000-0000-0000-0000-000000000000'));
    const second = createService({ ...first.options, runJob: fakeRun() });
    await second.start();
    expect(await until(second, id, 'done')).toMatchObject({ verdict: { verdict: 'high' } });
    expect(existsSync(join(first.jobs, '00000000-0000-0000-0000-000000000000'))).toBe(false);
    await second.close();
  });

  it('has its limits', async () => {
    const { service } = await jobService(fakeRun(new Promise(() => undefined)), { jobs: 2, videoBytes: 500 });
    const statuses = [];
    for (const body of [Buffer.alloc(600), '#EXTM3U\nhttp://example/x.ts', 'x', MP4, MP4, MP4]) {
      statuses.push((await upload(service, body)).status);
    }
    expect(statuses).toEqual([413, 415, 415, 202, 202, 503]);
    await service.close();
  });

  it('belongs to its token', async () => {
    const hash = (text: string) => ({ name: text, scope: 'predict' as const, sha256: sha256(text) });
    const { service } = await jobService(fakeRun(), {}, { tokens: [hash('a'), hash('b')] });
    const as = (name: string) => ({ headers: { authorization: `Bearer ${name}` } });
    const { id } = await jobOf(await upload(service, MP4, '', as('a').headers));
    expect((await service.app.request(`${BASE}/${id}`, as('b'))).status).toBe(404);
    expect((await service.app.request(`${BASE}/${id}`, as('a'))).status).toBe(200);
    const { jobs } = (await (await service.app.request(BASE, as('b'))).json()) as { jobs: unknown[] };
    expect(jobs).toEqual([]);
    await service.close();
  });

  it('judges a real video in a process of its own', async () => {
    const { service } = await jobService(undefined);
    const { id } = await jobOf(await upload(service, readFileSync(CLIP), '?name=clip.mp4'));
    const done = await until(service, id, 'done');
    expect(done.verdict).toMatchObject({ video: 'clip.mp4', model: 'lenet5' });
    expect(Object.keys(done.links).sort()).toEqual([
      'crops',
      'frames',
      'layers',
      'report',
      'self',
      'verdict',
    ]);
    const broken = await jobOf(await upload(service, MP4));
    expect(await until(service, broken.id, 'failed')).toMatchObject({ problem: { code: 'NOT_A_VIDEO' } });
    await service.close();
  });
});

it('a server without a folder for jobs takes no videos', async () => {
  const { service } = await testService();
  expect((await upload(service)).status).toBe(404);
});

describe('the store', () => {
  it('forgets the oldest finished jobs beyond what it keeps', async () => {
    const { service } = await jobService(fakeRun(), { jobsKept: 2 });
    for (let i = 0; i < 4; i++) {
      const { id } = await jobOf(await upload(service));
      await until(service, id, 'done');
    }
    const { jobs } = (await (await service.app.request(BASE)).json()) as { jobs: Job[] };
    expect(jobs.length).toBe(2);
    await service.close();
  });

  it('refuses a folder that cannot be', () => {
    expect(() => new JobStore('/dev/null/jobs')).toThrow(/jobs/);
  });
});

it.each([
  ['mp4', '00000020667479706973', true],
  ['avi', '52494646000000004156492000', true],
  ['mkv', '1a45dfa3a3428681', true],
  ['a playlist', Buffer.from('#EXTM3U\n#EXTINF').toString('hex'), false],
  ['a list for concat', Buffer.from('ffconcat version 1.0').toString('hex'), false],
])('tells the container of %s', (_, hex, video) => {
  expect(isVideoContainer(Buffer.from(hex, 'hex'))).toBe(video);
});

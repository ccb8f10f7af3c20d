// Puts a server together from its options: model, queue of jobs, app, socket; and takes it apart in the right order.
import { Admission } from './admission.ts';
import { createApp } from './app.ts';
import type { App, Services } from './app-context.ts';
import { directPredictions, type DirectAnswer } from './direct.ts';
import type { EngineOptions } from './engine.ts';
import { JobQueue, type RunJob } from './jobs/job-queue.ts';
import { JobStore } from './jobs/job-store.ts';
import { processRunner } from './jobs/run-job.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { Metrics } from './metrics.ts';
import { ModelHost, type ReadNamedModel } from './model-host.ts';
import { listen } from './server.ts';
import type { TokenEntry } from './tokens.ts';

export interface ServeOptions {
  /** Reads the model; called at the start, for every reload, and now and then where it is watched. */
  readonly read: ReadNamedModel;
  /** How often `read` is asked for another model, milliseconds; 0: only when told. */
  readonly watchMs: number;
  readonly engine: Pick<EngineOptions, 'workers' | 'operatorThreads' | 'batchSize' | 'batchWaitMs'>;
  readonly limits: Limits;
  /** Folder of video jobs; null: no videos are taken. */
  readonly jobs: string | null;
  readonly tokens: readonly TokenEntry[] | null;
  readonly corsOrigins: readonly string[];
  readonly log: Log;
  readonly now: () => number;
  readonly newId: () => string;
  /** In place of the process that judges a video, for tests. */
  readonly runJob?: RunJob;
}

/** A server without a socket: everything but `listen`. */
export interface Service {
  readonly app: App;
  /** What is answered without the app. */
  readonly direct: DirectAnswer;
  readonly host: ModelHost;
  /** Loads the model, then takes up the jobs that an earlier server left. */
  readonly start: () => Promise<void>;
  /** Loads the model anew; resolves to whether it is another one. Where that fails the old one stays. */
  readonly reload: () => Promise<boolean>;
  /** From now on `/readyz` says no and answers close their connections; requests that still come are served. */
  readonly drain: () => void;
  /** Ends jobs and threads; what is under way is answered first. */
  readonly close: () => Promise<void>;
}

/** @throws {SpatterError} IO when the folder of jobs cannot be used. */
export function createService(options: ServeOptions): Service {
  const { log, limits, now } = options;
  let draining = false;
  let watch: NodeJS.Timeout | undefined;
  const admission = new Admission(limits);
  const store = options.jobs === null ? null : new JobStore(options.jobs);
  const metrics: Metrics = new Metrics({
    requests: () => admission.requests,
    queued: () => host.queued,
    ready: () => host.ready && !draining,
    jobs: () => jobs?.queue.open ?? 0,
  });
  const host: ModelHost = new ModelHost({ read: options.read, now, engine: watchedEngine(options, metrics) });
  const jobs = store === null ? null : { store, queue: jobQueue(options, store, host) };
  const services: Services = {
    ...{ host, admission, metrics, log, limits, jobs, now },
    reload: () => load(host, metrics, log),
    tokens: options.tokens,
    newId: options.newId,
    draining: () => draining,
  };
  return {
    app: createApp(services, options),
    direct: directPredictions(services),
    host,
    start: async () => {
      await services.reload();
      jobs?.queue.start();
      if (options.watchMs > 0)
        watch = setInterval(() => void services.reload().catch(ignore), options.watchMs);
    },
    reload: services.reload,
    drain: () => (draining = true),
    close: async () => {
      clearInterval(watch);
      await jobs?.queue.close();
      await host.close();
    },
  };
}

function watchedEngine({ engine, log }: ServeOptions, metrics: Metrics): EngineOptions {
  return {
    ...engine,
    onBatch: (size) => metrics.batch(size),
    onFailure: (error) => log.error('a serving thread died', { error: error.stack ?? error.message }),
  };
}

function jobQueue(options: ServeOptions, store: JobStore, host: ModelHost): JobQueue {
  const { limits, log, now, engine } = options;
  const setting = () => ({
    model: host.current.engine.model,
    videoSeconds: limits.videoSeconds,
    framePixels: limits.framePixels,
    threads: engine.operatorThreads,
  });
  const run = options.runJob ?? processRunner(setting);
  return new JobQueue({ store, run, log, now, jobMs: limits.jobMs, jobsKept: limits.jobsKept });
}

/** A reload that failed is in the log and in the metrics; the model before goes on answering. */
const ignore = (): void => undefined;

/** Loads the model; what came of it is logged and counted. @throws what opening the model throws. */
async function load(host: ModelHost, metrics: Metrics, log: Log): Promise<boolean> {
  try {
    const changed = await host.load();
    const { engine, reference, version } = host.current;
    const { name: model, onnx_sha256 } = engine.model.card;
    // A watched model is looked at every few seconds.
    const say = changed ? log.info : log.debug;
    say(changed ? 'model loaded' : 'model unchanged', { reference, version, model, onnx_sha256 });
    metrics.reload(changed ? 'changed' : 'same');
    return changed;
  } catch (error) {
    metrics.reload('failed');
    log.error('model not loaded', { error: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

export interface Running {
  readonly url: string;
  readonly port: number;
  readonly service: Service;
  /**
   * Stops: answers readyz with 503 for `delayMs`, so that a load balancer turns away; then takes no more connections, lets
   * requests under way finish for at most `graceMs`, and ends.
   */
  readonly stop: (times: { readonly delayMs: number; readonly graceMs: number }) => Promise<void>;
}

/**
 * Listens, then loads the model; `/readyz` is 503 until that is done.
 * @throws {SpatterError} CANNOT_LISTEN; the model's own when the first load fails.
 */
export async function serve(
  options: ServeOptions,
  place: { readonly host: string; readonly port: number },
): Promise<Running> {
  const service = createService(options);
  const { app, direct } = service;
  const fetch = (request: Request) => app.fetch(request);
  const server = await listen({ fetch, direct, ...place, limits: options.limits });
  const stop: Running['stop'] = async ({ delayMs, graceMs }) => {
    service.drain();
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    await server.close(graceMs);
    await service.close();
  };
  try {
    await service.start();
  } catch (error) {
    await stop({ delayMs: 0, graceMs: 0 });
    throw error;
  }
  return { url: server.url, port: server.port, service, stop };
}

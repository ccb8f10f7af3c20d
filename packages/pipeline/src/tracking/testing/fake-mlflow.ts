// A small MLflow server for tests: the REST calls that spatter makes, their limits, and failures on demand; runs lie in a local store.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { filesUnder } from '../local/artifact-folder.ts';
import { openLocalStore } from '../local/local-store.ts';
import { LIMITS } from '../limits.ts';
import { readMetric, type KeyValue, type MetricMessage } from '../mlflow/messages.ts';
import { newId } from '../run-id.ts';
import type { RunRecord, RunStatus, TrackingStore } from '../store.ts';

type Json = Record<string, never>;
interface Query {
  readonly json: Json;
  readonly params: URLSearchParams;
}

class Refusal extends Error {
  readonly status: number;
  readonly reason: string;
  constructor(reason: string, status = 400) {
    super(reason);
    [this.reason, this.status] = [reason, status];
  }
}

/** What the next requests meet: nothing, an answer of this status, or `lost`: done, but the answer never arrives. */
export type Failure = 'none' | 'lost' | number;

export class FakeMlflow {
  readonly #store: TrackingStore;
  readonly #artifacts: string;
  readonly #experiments = new Set(['Default']);
  readonly #server: Server;
  readonly failures: Failure[] = [];
  /** Paths asked for so far, without the prefix. */
  readonly asked: string[] = [];
  /** The `authorization` of each request. */
  readonly credentials: (string | undefined)[] = [];

  private constructor(store: TrackingStore, artifacts: string) {
    this.#store = store;
    this.#artifacts = artifacts;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(folder: string): Promise<FakeMlflow> {
    const fake = new FakeMlflow(
      await openLocalStore(join(folder, 'server.db'), 1),
      join(folder, 'server-artifacts'),
    );
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Every run on the server. */
  runs(): Promise<RunRecord[]> {
    return this.#store.runs({ limit: 1000 });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#store.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://fake');
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const path = url.pathname.replace(/^\/api\/2\.0\//, '');
    this.asked.push(path);
    this.credentials.push(request.headers.authorization);
    const failure = this.failures.shift();
    if (typeof failure === 'number') return void response.writeHead(failure).end('{}');
    const answer = await this.#done(path, body, url.searchParams).catch(asRefusal);
    if (failure === 'lost') return void request.socket.destroy();
    response.writeHead(answer.status).end(answer.body);
  }

  async #done(
    path: string,
    body: Buffer,
    params: URLSearchParams,
  ): Promise<{ status: number; body: string | Buffer }> {
    if (path.startsWith('mlflow-artifacts/')) return this.#artifact(decodeURIComponent(path.slice(27)), body);
    if (body.length > 1_000_000) throw new Refusal('INVALID_PARAMETER_VALUE');
    const call = this.#calls[path.replace('mlflow/', '')];
    if (call === undefined) throw new Refusal('ENDPOINT_NOT_FOUND', 404);
    const json = (body.length === 0 ? {} : JSON.parse(body.toString())) as Json;
    return { status: 200, body: JSON.stringify(await call({ json, params })) };
  }

  #artifact(name: string, body: Buffer): { status: number; body: string | Buffer } {
    const file = join(this.#artifacts, name);
    if (body.length === 0) return { status: 200, body: readFileSync(file) };
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, body);
    return { status: 200, body: '{}' };
  }

  readonly #calls: Record<string, (query: Query) => unknown> = {
    'experiments/get-by-name': ({ params }) => this.#experiment(params.get('experiment_name')!),
    'experiments/get': ({ params }) => this.#experiment(params.get('experiment_id')!),
    'experiments/search': () => ({
      experiments: [...this.#experiments].map((name) => ({ experiment_id: name, name })),
    }),
    'experiments/create': ({ json }) => {
      const { name } = json as unknown as { name: string };
      if (this.#experiments.has(name)) throw new Refusal('RESOURCE_ALREADY_EXISTS');
      this.#experiments.add(name);
      return { experiment_id: name };
    },
    'runs/create': async ({ json }) => {
      const { experiment_id, run_name, start_time, tags } = json as unknown as CreateRun;
      const id = newId();
      const run = {
        id,
        experiment: experiment_id,
        name: run_name,
        startTime: start_time,
        tags: entries(tags),
      };
      await this.#store.createRun(run);
      return { run: message((await this.#store.run(id))!) };
    },
    'runs/get': async ({ params }) => ({ run: message(await this.#run(params.get('run_id')!)) }),
    'runs/search': async ({ json }) => {
      const { experiment_ids, filter, max_results } = json as unknown as SearchRuns;
      const [, key, value] = /^tags\."(.*)" = '(.*)'$/.exec(filter) ?? [];
      const runs = await this.#store.runs({ limit: 1000 });
      const found = runs.filter(
        ({ experiment, tags }) =>
          experiment_ids.includes(experiment) && (key === undefined || tags[key] === value),
      );
      return { runs: found.slice(0, max_results).map(message) };
    },
    'runs/update': async ({ json }) => {
      const { run_id, status, end_time } = json as unknown as {
        run_id: string;
        status: RunStatus;
        end_time?: number;
      };
      await this.#store.updateRun(run_id, status, end_time ?? null);
      return {};
    },
    'runs/log-batch': async ({ json }) => {
      const { run_id, params, metrics, tags } = json as unknown as LogBatch;
      if (
        metrics.length > LIMITS.metricsPerBatch ||
        Math.max(params.length, tags.length) > LIMITS.paramsPerBatch
      )
        throw new Refusal('INVALID_PARAMETER_VALUE');
      const batch = { params: entries(params), tags: entries(tags), metrics: metrics.map(readMetric) };
      await this.#store.logBatch(run_id, batch);
      return {};
    },
    'runs/log-inputs': async ({ json }) => {
      const { run_id, datasets } = json as unknown as LogInputs;
      for (const { dataset, tags } of datasets) {
        const source = (JSON.parse(dataset.source) as { uri: string }).uri;
        const profile = JSON.parse(dataset.profile) as Record<string, unknown>;
        const context = entries(tags)['mlflow.data.context'] ?? '';
        await this.#store.logDataset(run_id, { ...dataset, source, profile, context });
      }
      return {};
    },
    'metrics/get-history': async ({ params }) => {
      const points = await this.#store.history(params.get('run_id')!, params.get('metric_key')!);
      return {
        metrics: points.map(({ key, value, step, time }) => ({
          key,
          value: spell(value),
          step,
          timestamp: time,
        })),
      };
    },
    'artifacts/list': ({ params }) => {
      const names = filesUnder(join(this.#artifacts, 'x', params.get('run_id')!));
      return { files: names.map((path) => ({ path, is_dir: false })) };
    },
  };

  #experiment(name: string): unknown {
    if (!this.#experiments.has(name)) throw new Refusal('RESOURCE_DOES_NOT_EXIST', 404);
    return { experiment: { experiment_id: name, name, lifecycle_stage: 'active' } };
  }

  async #run(id: string): Promise<RunRecord> {
    const run = await this.#store.run(id);
    if (run === undefined) throw new Refusal('RESOURCE_DOES_NOT_EXIST', 404);
    return run;
  }
}

interface CreateRun {
  readonly experiment_id: string;
  readonly run_name: string;
  readonly start_time: number;
  readonly tags: KeyValue[];
}
interface SearchRuns {
  readonly experiment_ids: string[];
  readonly filter: string;
  readonly max_results: number;
}
interface LogBatch {
  readonly run_id: string;
  readonly params: KeyValue[];
  readonly metrics: MetricMessage[];
  readonly tags: KeyValue[];
}
interface LogInputs {
  readonly run_id: string;
  readonly datasets: {
    dataset: { name: string; digest: string; source: string; profile: string };
    tags: KeyValue[];
  }[];
}

const entries = (pairs: readonly KeyValue[]) =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
const pairs = (record: Readonly<Record<string, string>>) =>
  Object.entries(record).map(([key, value]) => ({ key, value }));
const spell = (value: number) => (Number.isFinite(value) ? value : String(value));

function message({
  id,
  experiment,
  name,
  status,
  startTime,
  endTime,
  params,
  tags,
  metrics,
  datasets,
}: RunRecord) {
  return {
    info: {
      ...{ run_id: id, experiment_id: experiment, run_name: name, status, start_time: startTime },
      ...(endTime === null ? {} : { end_time: endTime }),
      artifact_uri: `mlflow-artifacts:/x/${id}`,
    },
    data: {
      ...{ params: pairs(params), tags: pairs(tags) },
      metrics: Object.values(metrics).map(({ key, value, step, time }) => ({
        key,
        value: spell(value),
        step,
        timestamp: time,
      })),
    },
    inputs: {
      dataset_inputs: datasets.map(({ context, ...dataset }) => ({
        dataset,
        tags: pairs({ 'mlflow.data.context': context }),
      })),
    },
  };
}

function asRefusal(error: unknown): { status: number; body: string } {
  const [status, error_code] =
    error instanceof Refusal ? [error.status, error.reason] : [400, 'INVALID_PARAMETER_VALUE'];
  return { status, body: JSON.stringify({ error_code, message: String(error) }) };
}

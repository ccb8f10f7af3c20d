// The server back-end: MLflow's REST interface. Runs keep spatter's id as a tag, so what was interrupted can be found and done again.
import { SpatterError } from '../../util/errors.ts';
import { fitBatch, piecesOf } from '../limits.ts';
import type {
  Batch,
  DatasetInput,
  MetricPoint,
  NewRun,
  RunQuery,
  RunRecord,
  RunStatus,
  TrackingStore,
} from '../store.ts';
import { getArtifact, listArtifacts, putArtifact } from './artifacts.ts';
import { MlflowConnection, MlflowRefusal, type ServerAccess } from './connection.ts';
import { Experiments } from './experiments.ts';
import {
  batchMessage,
  entriesOf,
  inputsMessage,
  pairsOf,
  readDatasets,
  readMetric,
  type MetricMessage,
  type RunMessage,
} from './messages.ts';

/** The tag that holds the id that spatter gave a run. */
const OWN_ID = 'spatter.run_id';

/** Most runs or points of one answer. */
const PAGE = 1000;

interface Page {
  readonly next_page_token?: string;
}

/** A store on the server at `address`; nothing is sent before it is used. */
export function openMlflowStore(address: string, access: ServerAccess = {}): TrackingStore {
  return new MlflowStore(new MlflowConnection(address, access));
}

class MlflowStore implements TrackingStore {
  readonly address: string;
  readonly #connection: MlflowConnection;
  readonly #experiments: Experiments;
  /** Runs by spatter's id. */
  readonly #runs = new Map<string, RunMessage['info']>();

  constructor(connection: MlflowConnection) {
    this.address = connection.address;
    this.#connection = connection;
    this.#experiments = new Experiments(connection);
  }

  /** Asks for the run before making it, also after a lost answer: making one is the only request that must not be repeated. */
  async createRun(run: NewRun): Promise<void> {
    const experiment = await this.#experiments.idOf(run.experiment);
    const parent = run.parent === undefined ? {} : { 'mlflow.parentRunId': await this.#parent(run.parent) };
    const { tags } = fitBatch({
      tags: { ...run.tags, ...parent, 'mlflow.runName': run.name, [OWN_ID]: run.id },
    });
    const message = {
      experiment_id: experiment,
      run_name: run.name,
      start_time: run.startTime,
      tags: pairsOf(tags),
    };
    for (let attempt = 0; ; attempt++) {
      const [found] = await this.#search([experiment], `tags."${OWN_ID}" = '${run.id}'`, 1);
      if (found !== undefined) return;
      try {
        const made = await this.#connection.call<{ run: RunMessage }>('POST', 'runs/create', message, false);
        this.#runs.set(run.id, made.run.info);
        return;
      } catch (error) {
        if (attempt === 3 || error instanceof MlflowRefusal) throw error;
      }
    }
  }

  /** Another process may still be sending the parent, so its absence is no refusal. */
  async #parent(id: string): Promise<string> {
    const found = await this.#find(id);
    if (found !== undefined) return found.run_id;
    const message = `${this.address} does not have the run ${id} yet, which another is a part of`;
    throw new SpatterError('TRACKING_UNREACHABLE', message, 'send that run first');
  }

  async logBatch(run: string, batch: Batch): Promise<void> {
    const { run_id } = await this.#require(run);
    for (const piece of piecesOf(fitBatch(batch)))
      await this.#connection.call('POST', 'runs/log-batch', batchMessage(run_id, piece));
  }

  async logDataset(run: string, dataset: DatasetInput): Promise<void> {
    const { run_id } = await this.#require(run);
    await this.#connection.call('POST', 'runs/log-inputs', inputsMessage(run_id, dataset));
  }

  async logArtifact(run: string, path: string, name: string): Promise<void> {
    await putArtifact(this.#connection, (await this.#require(run)).artifact_uri, path, name);
  }

  async updateRun(run: string, status: RunStatus, endTime: number | null): Promise<void> {
    const { run_id } = await this.#require(run);
    const end = endTime === null ? {} : { end_time: endTime };
    await this.#connection.call('POST', 'runs/update', { run_id, status, ...end });
  }

  async run(id: string): Promise<RunRecord | undefined> {
    const info = await this.#find(id);
    if (info === undefined) return undefined;
    return this.#record((await this.#get(info.run_id))!);
  }

  async runs({ experiment, parent, limit }: RunQuery): Promise<RunRecord[]> {
    const ids = await this.#experiments.ids(experiment);
    const parentId = parent === undefined ? undefined : (await this.#require(parent)).run_id;
    const filter = parentId === undefined ? '' : `tags."mlflow.parentRunId" = '${parentId}'`;
    const found = ids.length === 0 ? [] : await this.#search(ids, filter, limit);
    return Promise.all(found.map((run) => this.#record(run)));
  }

  async history(run: string, key: string): Promise<MetricPoint[]> {
    const { run_id } = await this.#require(run);
    const points: MetricPoint[] = [];
    for (let token: string | undefined = ''; token !== undefined;) {
      const query = new URLSearchParams({ run_id, metric_key: key, max_results: '25000', page_token: token });
      const page: Page & { metrics?: MetricMessage[] } = await this.#connection.call(
        'GET',
        `metrics/get-history?${query.toString()}`,
      );
      points.push(...(page.metrics ?? []).map(readMetric));
      token = page.next_page_token === '' ? undefined : page.next_page_token;
    }
    return points.sort((a, b) => a.step - b.step || a.time - b.time || a.value - b.value);
  }

  async artifacts(run: string): Promise<string[]> {
    return listArtifacts(this.#connection, (await this.#require(run)).run_id);
  }

  async readArtifact(run: string, name: string): Promise<Buffer> {
    return getArtifact(this.#connection, (await this.#require(run)).artifact_uri, name);
  }

  close(): Promise<void> {
    this.#connection.close();
    return Promise.resolve();
  }

  /** The run of spatter's id, or of the server's. */
  async #find(id: string): Promise<RunMessage['info'] | undefined> {
    const known = this.#runs.get(id);
    if (known !== undefined) return known;
    const direct = await this.#get(id);
    const ids = direct === undefined ? await this.#experiments.ids() : [];
    const found =
      direct ?? (ids.length === 0 ? [] : await this.#search(ids, `tags."${OWN_ID}" = '${id}'`, 1))[0];
    return found?.info;
  }

  async #require(id: string): Promise<RunMessage['info']> {
    const found = await this.#find(id);
    if (found === undefined)
      throw new SpatterError(
        'TRACKING_REFUSED',
        `the run ${id} is not on ${this.address}`,
        'check tracking.uri',
      );
    this.#runs.set(id, found);
    return found;
  }

  async #get(runId: string): Promise<RunMessage | undefined> {
    try {
      return (
        await this.#connection.call<{ run: RunMessage }>(
          'GET',
          `runs/get?run_id=${encodeURIComponent(runId)}`,
        )
      ).run;
    } catch (error) {
      if (error instanceof MlflowRefusal && error.reason === 'RESOURCE_DOES_NOT_EXIST') return undefined;
      throw error;
    }
  }

  /** At most `limit` runs, the last started first. */
  async #search(experiment_ids: readonly string[], filter: string, limit: number): Promise<RunMessage[]> {
    const runs: RunMessage[] = [];
    for (let token: string | undefined = ''; token !== undefined && runs.length < limit;) {
      const order_by = ['attributes.start_time DESC'];
      const max_results = Math.min(PAGE, limit - runs.length);
      const query = {
        experiment_ids,
        filter,
        order_by,
        max_results,
        ...(token === '' ? {} : { page_token: token }),
      };
      const page: Page & { runs?: RunMessage[] } = await this.#connection.call('POST', 'runs/search', query);
      runs.push(...(page.runs ?? []));
      token = page.next_page_token === '' ? undefined : page.next_page_token;
    }
    for (const run of runs) this.#runs.set(ownId(run), run.info);
    return runs;
  }

  async #record(run: RunMessage): Promise<RunRecord> {
    const { info, data } = run;
    const tags = entriesOf(data.tags);
    const parent = tags['mlflow.parentRunId'];
    return {
      id: ownId(run),
      experiment: await this.#experiments.nameOf(info.experiment_id),
      name: info.run_name ?? tags['mlflow.runName'] ?? '',
      status: info.status,
      startTime: Number(info.start_time),
      endTime: info.end_time === undefined ? null : Number(info.end_time),
      parent: parent === undefined ? null : await this.#ownIdOf(parent),
      params: entriesOf(data.params),
      tags,
      metrics: Object.fromEntries((data.metrics ?? []).map(readMetric).map((point) => [point.key, point])),
      datasets: readDatasets(run),
    };
  }

  async #ownIdOf(runId: string): Promise<string> {
    for (const [own, info] of this.#runs) if (info.run_id === runId) return own;
    const run = await this.#get(runId);
    return run === undefined ? runId : ownId(run);
  }
}

function ownId({ info, data }: RunMessage): string {
  return entriesOf(data.tags)[OWN_ID] ?? info.run_id;
}

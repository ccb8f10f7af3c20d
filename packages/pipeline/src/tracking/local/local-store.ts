// The local back-end: a SQLite file with MLflow's tables and a folder of artifacts, which MLflow itself opens and continues.
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SpatterError } from '../../util/errors.ts';
import { fitBatch } from '../limits.ts';
import { newId } from '../run-id.ts';
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
import { filesUnder, localFolder, placeFile } from './artifact-folder.ts';
import { TrackingDatabase } from './database.ts';
import { readMetric, readRun, readRuns } from './read-runs.ts';
import { insertMetrics, insertParams, insertTags } from './write-batch.ts';

/** Opens the database at `path`, making it when missing; new experiments keep their artifacts in `mlruns` beside it. */
export async function openLocalStore(path: string, now: number): Promise<TrackingStore> {
  const file = resolve(path);
  const artifacts = join(dirname(file), 'mlruns');
  return new LocalStore(await TrackingDatabase.open(file, artifacts, now), artifacts);
}

class LocalStore implements TrackingStore {
  readonly address: string;
  readonly #database: TrackingDatabase;
  readonly #artifacts: string;

  constructor(database: TrackingDatabase, artifacts: string) {
    this.#database = database;
    this.#artifacts = artifacts;
    this.address = `sqlite:///${database.path}`;
  }

  async createRun({ id, experiment, name, startTime, tags, parent }: NewRun): Promise<void> {
    const parentTag: Record<string, string> = parent === undefined ? {} : { 'mlflow.parentRunId': parent };
    const all = fitBatch({ tags: { ...tags, 'mlflow.runName': name, ...parentTag } }).tags;
    await this.#database.write(() => {
      if (this.#database.first('SELECT 1 FROM runs WHERE run_uuid = ?', id) !== undefined) return;
      const { experimentId, location } = this.#experiment(experiment, startTime);
      const columns =
        'run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, source_version, lifecycle_stage, artifact_uri, experiment_id';
      this.#database.run(
        `INSERT INTO runs (${columns}) VALUES (?, ?, 'UNKNOWN', '', '', ?, 'RUNNING', ?, '', 'active', ?, ?)`,
        ...[id, name, tags['mlflow.user'] ?? '', startTime, `${location}/${id}/artifacts`, experimentId],
      );
      insertTags(this.#database, id, all);
    });
  }

  /** Selects before inserting: newer MLflow adds a workspace to the key, so a conflict on the name cannot be relied on. */
  #experiment(name: string, now: number): { experimentId: number; location: string } {
    const found = this.#database.first('SELECT * FROM experiments WHERE name = ?', name);
    if (found?.['lifecycle_stage'] === 'deleted') {
      const message = `the experiment ${name} was deleted in ${this.address}`;
      throw new SpatterError(
        'TRACKING_REFUSED',
        message,
        'restore it in MLflow, or set tracking.experiment to another name',
      );
    }
    if (found !== undefined) {
      return { experimentId: Number(found['experiment_id']), location: String(found['artifact_location']) };
    }
    const next = this.#database.first('SELECT max(experiment_id) + 1 AS id FROM experiments');
    const experimentId = Math.max(1, Number(next?.['id'] ?? 1));
    const location = join(this.#artifacts, String(experimentId));
    this.#database.run(
      `INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
       VALUES (?, ?, ?, 'active', ?, ?)`,
      ...[experimentId, name, location, now, now],
    );
    return { experimentId, location };
  }

  async logBatch(run: string, batch: Batch): Promise<void> {
    const { params, metrics, tags } = fitBatch(batch);
    await this.#database.write(() => {
      this.#require(run);
      insertParams(this.#database, run, params);
      insertMetrics(this.#database, run, metrics);
      insertTags(this.#database, run, tags);
      const name = tags['mlflow.runName'];
      if (name !== undefined) this.#database.run('UPDATE runs SET name = ? WHERE run_uuid = ?', name, run);
    });
  }

  async logDataset(run: string, dataset: DatasetInput): Promise<void> {
    await this.#database.write(() => {
      const experiment = Number(this.#require(run)['experiment_id']);
      const source = this.#dataset(experiment, dataset);
      const known = this.#database.first(
        `SELECT 1 FROM inputs WHERE source_type = 'DATASET' AND source_id = ? AND destination_type = 'RUN' AND destination_id = ?`,
        ...[source, run],
      );
      if (known !== undefined) return;
      const input = newId();
      this.#database.run(
        `INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step) VALUES (?, 'DATASET', ?, 'RUN', ?, 0)`,
        ...[input, source, run],
      );
      const tags = { 'mlflow.data.context': dataset.context, ...dataset.tags };
      for (const [name, value] of Object.entries(tags))
        this.#database.run(
          'INSERT INTO input_tags (input_uuid, name, value) VALUES (?, ?, ?)',
          input,
          name,
          value.slice(0, 500),
        );
    });
  }

  #dataset(experiment: number, { name, digest, source, profile }: DatasetInput): string {
    const known = this.#database.first(
      'SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?',
      ...[experiment, name, digest],
    );
    if (known !== undefined) return String(known['dataset_uuid']);
    const id = newId();
    this.#database.run(
      `INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source, dataset_profile)
       VALUES (?, ?, ?, ?, 'local', ?, ?)`,
      ...[id, experiment, name, digest, JSON.stringify({ uri: source }), JSON.stringify(profile)],
    );
    return id;
  }

  logArtifact(run: string, path: string, name: string): Promise<void> {
    return Promise.resolve().then(() => placeFile(path, join(this.#folder(run), name)));
  }

  async updateRun(run: string, status: RunStatus, endTime: number | null): Promise<void> {
    await this.#database.write(() => {
      this.#require(run);
      this.#database.run('UPDATE runs SET status = ?, end_time = ? WHERE run_uuid = ?', status, endTime, run);
    });
  }

  run(id: string): Promise<RunRecord | undefined> {
    return Promise.resolve().then(() => readRun(this.#database, id));
  }

  runs(query: RunQuery): Promise<RunRecord[]> {
    return Promise.resolve().then(() => readRuns(this.#database, query));
  }

  history(run: string, key: string): Promise<MetricPoint[]> {
    const sql = 'SELECT * FROM metrics WHERE run_uuid = ? AND key = ? ORDER BY step, timestamp, value';
    return Promise.resolve().then(() => this.#database.all(sql, run, key).map(readMetric));
  }

  artifacts(run: string): Promise<string[]> {
    return Promise.resolve().then(() => filesUnder(this.#folder(run)));
  }

  readArtifact(run: string, name: string): Promise<Buffer> {
    return Promise.resolve().then(() => readFile(join(this.#folder(run), name)));
  }

  close(): Promise<void> {
    return Promise.resolve().then(() => this.#database.close());
  }

  #folder(run: string): string {
    return localFolder(String(this.#require(run)['artifact_uri']));
  }

  #require(run: string) {
    const row = this.#database.first('SELECT * FROM runs WHERE run_uuid = ?', run);
    if (row?.['lifecycle_stage'] === 'active') return row;
    const message = `the run ${run} ${row === undefined ? 'is not' : 'was deleted'} in ${this.address}`;
    throw new SpatterError('TRACKING_REFUSED', message, 'check tracking.uri');
  }
}

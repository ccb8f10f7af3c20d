// Runs read back from MLflow's tables.
import type { MetricPoint, RunQuery, RunRecord, RunStatus } from '../store.ts';
import type { SqlRow, TrackingDatabase } from './database.ts';

/** A row of `metrics` or `latest_metrics`. */
export function readMetric(row: SqlRow): MetricPoint {
  const value = Number(row['value']);
  const infinite = Math.abs(value) === Number.MAX_VALUE ? value * Infinity : value;
  return {
    key: String(row['key']),
    value: Number(row['is_nan']) === 1 ? NaN : infinite,
    step: Number(row['step']),
    time: Number(row['timestamp']),
  };
}

const RUNS = `SELECT runs.*, experiments.name AS experiment FROM runs JOIN experiments USING (experiment_id)
  WHERE runs.lifecycle_stage = 'active'`;

export function readRun(database: TrackingDatabase, id: string): RunRecord | undefined {
  const row = database.first(`${RUNS} AND run_uuid = ?`, id);
  return row === undefined ? undefined : recordOf(database, row);
}

export function readRuns(database: TrackingDatabase, { experiment, parent, limit }: RunQuery): RunRecord[] {
  const filters = [
    ...(experiment === undefined ? [] : [['experiments.name = ?', experiment] as const]),
    ...(parent === undefined
      ? []
      : [
          [
            `run_uuid IN (SELECT run_uuid FROM tags WHERE key = 'mlflow.parentRunId' AND value = ?)`,
            parent,
          ] as const,
        ]),
  ];
  const where = filters.map(([sql]) => ` AND ${sql}`).join('');
  const sql = `${RUNS}${where} ORDER BY start_time DESC, run_uuid LIMIT ?`;
  return database.all(sql, ...filters.map(([, value]) => value), limit).map((row) => recordOf(database, row));
}

const DATASETS = `SELECT datasets.name, digest, input_tags.value AS context FROM inputs
  JOIN datasets ON dataset_uuid = source_id
  LEFT JOIN input_tags ON input_tags.input_uuid = inputs.input_uuid AND input_tags.name = 'mlflow.data.context'
  WHERE source_type = 'DATASET' AND destination_type = 'RUN' AND destination_id = ? ORDER BY datasets.name, digest`;

function readDatasets(database: TrackingDatabase, run: string): RunRecord['datasets'] {
  return database.all(DATASETS, run).map(({ name, digest, context }) => ({
    name: String(name),
    digest: String(digest),
    context: String(context ?? ''),
  }));
}

function recordOf(database: TrackingDatabase, row: SqlRow): RunRecord {
  const id = String(row['run_uuid']);
  const rows = (table: string) => database.all(`SELECT * FROM ${table} WHERE run_uuid = ? ORDER BY key`, id);
  const pairs = (table: string) =>
    Object.fromEntries(rows(table).map(({ key, value }) => [String(key), String(value)]));
  const tags = pairs('tags');
  return {
    id,
    experiment: String(row['experiment']),
    name: String(row['name']),
    status: row['status'] as RunStatus,
    startTime: Number(row['start_time']),
    endTime: row['end_time'] === null ? null : Number(row['end_time']),
    parent: tags['mlflow.parentRunId'] ?? null,
    params: pairs('params'),
    tags,
    metrics: Object.fromEntries(
      rows('latest_metrics')
        .map(readMetric)
        .map((point) => [point.key, point]),
    ),
    datasets: readDatasets(database, id),
  };
}

// Params, metrics and tags into MLflow's tables, inside a transaction of the caller.
import { SpatterError } from '../../util/errors.ts';
import { isLater } from '../limits.ts';
import type { MetricPoint } from '../store.ts';
import type { TrackingDatabase } from './database.ts';
import { readMetric } from './read-runs.ts';

/** @throws {SpatterError} TRACKING_REFUSED for a param that already has another value. */
export function insertParams(
  database: TrackingDatabase,
  run: string,
  params: Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(params)) {
    const known = database.first('SELECT value FROM params WHERE run_uuid = ? AND key = ?', run, key)?.[
      'value'
    ];
    if (known === undefined)
      database.run('INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)', key, value, run);
    else if (known !== value) {
      const message = `the param ${key} of run ${run} already is ${JSON.stringify(known)}, not ${JSON.stringify(value)}`;
      throw new SpatterError('TRACKING_REFUSED', message, 'start a new run');
    }
  }
}

export function insertTags(
  database: TrackingDatabase,
  run: string,
  tags: Readonly<Record<string, string>>,
): void {
  for (const [key, value] of Object.entries(tags))
    database.run('INSERT OR REPLACE INTO tags (key, value, run_uuid) VALUES (?, ?, ?)', key, value, run);
}

/** Infinities become the largest numbers; NaN becomes 0 and is marked, as MLflow stores them. */
function stored(value: number): { value: number; isNan: number } {
  if (Number.isNaN(value)) return { value: 0, isNan: 1 };
  return { value: Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value)), isNan: 0 };
}

/** Adds the points that are not there yet and moves the latest one of each key on. */
export function insertMetrics(database: TrackingDatabase, run: string, points: readonly MetricPoint[]): void {
  const latest = new Map<string, MetricPoint>();
  for (const point of points) {
    const { value, isNan } = stored(point.value);
    database.run(
      'INSERT OR IGNORE INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)',
      ...[point.key, value, point.time, run, point.step, isNan],
    );
    const known = latest.get(point.key);
    if (known === undefined || !isLater(known, point)) latest.set(point.key, point);
  }
  for (const point of latest.values()) moveLatest(database, run, point);
}

function moveLatest(database: TrackingDatabase, run: string, point: MetricPoint): void {
  const row = database.first('SELECT * FROM latest_metrics WHERE run_uuid = ? AND key = ?', run, point.key);
  if (row !== undefined && isLater(readMetric(row), point)) return;
  const { value, isNan } = stored(point.value);
  database.run(
    'INSERT OR REPLACE INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)',
    ...[point.key, value, point.time, point.step, isNan, run],
  );
}

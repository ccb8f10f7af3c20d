// Between Optuna's rows and our records.
import { distributionFromJson, toExternal, type Distribution } from '../../distributions.ts';
import { parsePythonJson, type Json } from '../../python-json.ts';
import type { Direction, FrozenTrial, TrialState } from '../../trial-record.ts';
import type { SqlRow, SqlValue } from './database.ts';

/** `YYYY-MM-DD HH:MM:SS.ffffff`, UTC, as Optuna 5 stores it. */
export function toSqlTime(date: Date): string {
  return `${date.toISOString().slice(0, -1).replace('T', ' ')}000`;
}

export function fromSqlTime(value: SqlValue): Date | undefined {
  return value === null ? undefined : new Date(`${String(value).replace(' ', 'T').slice(0, 23)}Z`);
}

export function toSqlDirection(direction: Direction): string {
  return direction.toUpperCase();
}

export function fromSqlDirection(value: SqlValue): Direction {
  return value === 'MAXIMIZE' ? 'maximize' : 'minimize';
}

const KINDS: Readonly<Record<string, number>> = { INF_POS: Infinity, INF_NEG: -Infinity, NAN: NaN };

/** A number as its column and its kind: only finite numbers are stored as such. */
export function toSqlNumber(value: number): [number | null, string] {
  if (Number.isFinite(value)) return [value, 'FINITE'];
  return [null, Number.isNaN(value) ? 'NAN' : value > 0 ? 'INF_POS' : 'INF_NEG'];
}

function fromSqlNumber(value: SqlValue, kind: SqlValue): number {
  return KINDS[String(kind)] ?? Number(value);
}

/** A trial's rows in every table. */
export interface TrialRows {
  readonly trial: SqlRow;
  readonly params: SqlRow[];
  readonly values: SqlRow[];
  readonly intermediate: SqlRow[];
  readonly user: SqlRow[];
  readonly system: SqlRow[];
}

export function trialFromRows({ trial, params, values, intermediate, user, system }: TrialRows): FrozenTrial {
  const searched = params.map((row) => {
    const distribution = distributionFromJson(String(row['distribution_json']));
    return {
      name: String(row['param_name']),
      distribution,
      value: toExternal(distribution, Number(row['param_value'])),
    };
  });
  values.sort((a, b) => Number(a['objective']) - Number(b['objective']));
  return {
    id: Number(trial['trial_id']),
    number: Number(trial['number']),
    state: trial['state'] as TrialState,
    values:
      values.length === 0 ? undefined : values.map((row) => fromSqlNumber(row['value']!, row['value_type']!)),
    startedAt: fromSqlTime(trial['datetime_start']!),
    completedAt: fromSqlTime(trial['datetime_complete']!),
    params: Object.fromEntries(searched.map(({ name, value }) => [name, value])),
    distributions: distributionsOf(params),
    userAttrs: attributesFromRows(user),
    systemAttrs: attributesFromRows(system),
    intermediateValues: new Map(
      intermediate.map((row) => [
        Number(row['step']),
        fromSqlNumber(row['intermediate_value']!, row['intermediate_value_type']!),
      ]),
    ),
  };
}

/** Trials that searched the same space share one object: samplers then compare addresses. */
function distributionsOf(params: readonly SqlRow[]): Readonly<Record<string, Distribution>> {
  const key = params
    .map((row) => `${String(row['param_name'])}\0${String(row['distribution_json'])}`)
    .join('\0');
  const known = SPACES.get(key);
  if (known !== undefined) return known;
  const space = Object.fromEntries(
    params.map((row) => [String(row['param_name']), distributionFromJson(String(row['distribution_json']))]),
  );
  if (SPACES.size < MAX_SPACES) SPACES.set(key, space);
  return space;
}

const SPACES = new Map<string, Readonly<Record<string, Distribution>>>();
const MAX_SPACES = 1000;

export function attributesFromRows(rows: readonly SqlRow[]): Record<string, Json> {
  return Object.fromEntries(
    rows.map((row) => [String(row['key']), parsePythonJson(String(row['value_json']))]),
  );
}

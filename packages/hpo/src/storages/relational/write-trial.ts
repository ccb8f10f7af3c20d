// Statements that store a trial and its parts.
import { distributionToJson, toInternal } from '../../distributions.ts';
import { toPythonJson, type Json } from '../../python-json.ts';
import { isFinished, type FrozenTrial, type TrialTemplate } from '../../trial-record.ts';
import { newTrial } from '../apply.ts';
import type { StoredParam, TrialUpdate } from '../storage.ts';
import type { SqlSession, SqlValue } from './database.ts';
import { toSqlNumber, toSqlTime } from './rows.ts';

/** Inserts a trial and gives its id. The caller holds the study's lock, so counting smaller ids numbers trials without gaps. */
export async function insertTrial(
  session: SqlSession,
  studyId: number,
  template?: TrialTemplate,
): Promise<number> {
  const {
    state = 'RUNNING',
    startedAt,
    completedAt,
    params = {},
    distributions = {},
  } = template ?? { startedAt: new Date() };
  const [row] = await session.all(
    'INSERT INTO trials (study_id, state, datetime_start, datetime_complete) VALUES (?, ?, ?, ?) RETURNING trial_id',
    [studyId, state, startedAt ? toSqlTime(startedAt) : null, completedAt ? toSqlTime(completedAt) : null],
  );
  const id = Number(row!['trial_id']);
  await session.all(
    'UPDATE trials SET number = (SELECT COUNT(*) FROM trials o WHERE o.study_id = ? AND o.trial_id < ?) WHERE trial_id = ?',
    [studyId, id, id],
  );
  const stored = Object.entries(distributions).map(([name, distribution]) => {
    return [name, { distribution, internal: toInternal(distribution, params[name]!) }] as const;
  });
  const { values, userAttrs, systemAttrs, intermediateValues } = template ?? {};
  await writeParts(session, id, {
    params: Object.fromEntries(stored),
    ...(values && { values }),
    ...(userAttrs && { userAttrs }),
    ...(systemAttrs && { systemAttrs }),
    ...(intermediateValues && { intermediateValues }),
  });
  return id;
}

/** Inserts a trial that runs from now. The caller holds the study's lock, and has counted its trials. */
export async function insertRunning(
  session: SqlSession,
  studyId: number,
  number: number,
): Promise<FrozenTrial> {
  const now = new Date();
  const [row] = await session.all(
    "INSERT INTO trials (study_id, number, state, datetime_start) VALUES (?, ?, 'RUNNING', ?) RETURNING trial_id",
    [studyId, number, toSqlTime(now)],
  );
  return newTrial(Number(row!['trial_id']), number, undefined, now);
}

/** Stores an update of a trial that the caller has found to be unfinished. */
export async function writeUpdate(session: SqlSession, id: number, update: TrialUpdate): Promise<void> {
  await writeParts(session, id, update);
  if (update.state === undefined) return;
  const ended = isFinished(update.state) ? toSqlTime(update.completedAt ?? new Date()) : null;
  await session.all('UPDATE trials SET state = ?, datetime_complete = ? WHERE trial_id = ?', [
    update.state,
    ended,
    id,
  ]);
}

async function writeParts(session: SqlSession, id: number, update: TrialUpdate): Promise<void> {
  const each = async <T>(
    entries: Iterable<T>,
    table: string,
    columns: readonly string[],
    row: (entry: T) => SqlValue[],
  ) => {
    for (const entry of entries) await upsert(session, table, ['trial_id', ...columns], [id, ...row(entry)]);
  };
  const attribute = ([key, value]: [string, Json]): SqlValue[] => [key, toPythonJson(value)];
  const param = ([name, p]: [string, StoredParam]): SqlValue[] => [
    name,
    p.internal,
    distributionToJson(p.distribution),
  ];
  const [params, user, system] = [update.params, update.userAttrs, update.systemAttrs].map(
    (part) => part ?? {},
  );
  await each(
    Object.entries(params as Record<string, StoredParam>),
    'trial_params',
    ['param_name', 'param_value', 'distribution_json'],
    param,
  );
  await each(
    Object.entries(user as Record<string, Json>),
    'trial_user_attributes',
    ['"key"', 'value_json'],
    attribute,
  );
  await each(
    Object.entries(system as Record<string, Json>),
    'trial_system_attributes',
    ['"key"', 'value_json'],
    attribute,
  );
  const reported = ['step', 'intermediate_value', 'intermediate_value_type'];
  await each(update.intermediateValues ?? [], 'trial_intermediate_values', reported, ([step, value]) => [
    step,
    ...toSqlNumber(value),
  ]);
  const told = (update.values ?? []).entries();
  await each(told, 'trial_values', ['objective', 'value', 'value_type'], ([objective, value]) => [
    objective,
    ...toSqlNumber(value),
  ]);
}

/** Inserts a row, or replaces what follows its first two columns, which must be its key. */
export async function upsert(
  session: SqlSession,
  table: string,
  columns: readonly string[],
  row: readonly SqlValue[],
): Promise<void> {
  const replaced = columns.slice(2).map((column) => `${column} = excluded.${column}`);
  await session.all(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ` +
      `ON CONFLICT (${columns.slice(0, 2).join(', ')}) DO UPDATE SET ${replaced.join(', ')}`,
    row,
  );
}

// Reads a study's trials, remembering those that have ended: they never change.
import { isFinished, type FrozenTrial } from '../../trial-record.ts';
import type { SqlRow, SqlSession, SqlValue } from './database.ts';
import { trialFromRows, type TrialRows } from './rows.ts';

/** Above this many ids, one range of ids is read instead. */
const MAX_LISTED = 500;

/** The trials of one study as they were last read. */
export class TrialCache {
  readonly #studyId: number;
  readonly #trials: FrozenTrial[] = [];
  /** Ids of trials that had not ended → their place. */
  readonly #open = new Map<number, number>();
  #lastId = -1;

  constructor(studyId: number) {
    this.#studyId = studyId;
  }

  /** All trials now. Only new ones, and those that had not ended, are read. */
  async refresh(session: SqlSession): Promise<readonly FrozenTrial[]> {
    for (const trial of await this.#readChanged(session)) {
      const place = this.#open.get(trial.id) ?? this.#trials.length;
      this.#trials[place] = trial;
      if (isFinished(trial.state)) this.#open.delete(trial.id);
      else this.#open.set(trial.id, place);
      this.#lastId = Math.max(this.#lastId, trial.id);
    }
    return this.#trials.slice();
  }

  async #readChanged(session: SqlSession): Promise<FrozenTrial[]> {
    const open = [...this.#open.keys()];
    const after = open.length > MAX_LISTED ? Math.min(...open) - 1 : this.#lastId;
    const since = await session.all(`${TRIALS} WHERE study_id = ? AND trial_id > ? ORDER BY trial_id`, [
      this.#studyId,
      after,
    ]);
    if (since.length > MAX_LISTED) return withParts(session, since, [SINCE, this.#studyId, after]);
    const listed = open.filter((id) => id <= after);
    return [...(await readTrials(session, listed)), ...(await withParts(session, since))];
  }
}

/** Reads trials by their ids, at most 500. */
export async function readTrials(session: SqlSession, ids: readonly number[]): Promise<FrozenTrial[]> {
  if (ids.length === 0) return [];
  const rows = await session.all(`${TRIALS} WHERE trial_id IN (${marks(ids)}) ORDER BY trial_id`, ids);
  return withParts(session, rows);
}

const SINCE = 'JOIN trials t ON t.trial_id = p.trial_id WHERE t.study_id = ? AND t.trial_id > ?';

/** Reads what belongs to some rows of trials, by their ids unless a condition finds it in one range. */
async function withParts(
  session: SqlSession,
  trials: readonly SqlRow[],
  [condition, ...params]: readonly [string, ...number[]] = listing(trials),
): Promise<FrozenTrial[]> {
  if (trials.length === 0) return [];
  const rows = new Map<SqlValue, TrialRows>();
  for (const trial of trials) {
    rows.set(trial['trial_id']!, { trial, params: [], values: [], intermediate: [], user: [], system: [] });
  }
  for (const [part, table, columns, order] of PARTS) {
    const sql = `SELECT p.trial_id, ${columns} FROM ${table} p ${condition} ORDER BY p.${order}`;
    for (const row of await session.all(sql, params)) rows.get(row['trial_id']!)?.[part].push(row);
  }
  return Array.from(rows.values(), trialFromRows);
}

function listing(trials: readonly SqlRow[]): [string, ...number[]] {
  const ids = trials.map((trial) => Number(trial['trial_id']));
  return [`WHERE p.trial_id IN (${marks(ids)})`, ...ids];
}

function marks(ids: readonly number[]): string {
  return ids.map(() => '?').join(', ');
}

/** PostgreSQL's client would read a time without a zone as one of this machine's zone: it is read as text. */
const TRIALS =
  'SELECT trial_id, number, state, CAST(datetime_start AS TEXT) AS datetime_start, ' +
  'CAST(datetime_complete AS TEXT) AS datetime_complete FROM trials';

type Part = Exclude<keyof TrialRows, 'trial'>;

const PARTS: readonly (readonly [Part, string, string, string])[] = [
  ['params', 'trial_params', 'p.param_name, p.param_value, p.distribution_json', 'param_id'],
  ['values', 'trial_values', 'p.objective, p.value, p.value_type', 'trial_value_id'],
  [
    'intermediate',
    'trial_intermediate_values',
    'p.step, p.intermediate_value, p.intermediate_value_type',
    'step',
  ],
  ['user', 'trial_user_attributes', 'p."key", p.value_json', 'trial_user_attribute_id'],
  ['system', 'trial_system_attributes', 'p."key", p.value_json', 'trial_system_attribute_id'],
];

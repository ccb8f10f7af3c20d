// Reads a study's trials, remembering those that have ended: they never change.
import { isFinished, type FrozenTrial } from '../../trial-record.ts';
import type { SqlSession, SqlValue } from './database.ts';
import { trialFromRows, type TrialRows } from './rows.ts';

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
    for (const trial of await readTrials(session, ...this.#changed())) {
      const place = this.#open.get(trial.id) ?? this.#trials.length;
      this.#trials[place] = trial;
      if (isFinished(trial.state)) this.#open.delete(trial.id);
      else this.#open.set(trial.id, place);
      this.#lastId = Math.max(this.#lastId, trial.id);
    }
    return this.#trials.slice();
  }

  /** Which trials may differ from what is remembered. Many open ones are better read as one range. */
  #changed(): [string, number[]] {
    const open = [...this.#open.keys()];
    if (open.length > 500) return ['t.study_id = ? AND t.trial_id >= ?', [this.#studyId, Math.min(...open)]];
    if (open.length === 0) return ['t.study_id = ? AND t.trial_id > ?', [this.#studyId, this.#lastId]];
    const marks = open.map(() => '?').join(', ');
    return [
      `t.study_id = ? AND (t.trial_id > ? OR t.trial_id IN (${marks}))`,
      [this.#studyId, this.#lastId, ...open],
    ];
  }
}

/** Reads the trials `t` that meet a condition, with all their parts. */
export async function readTrials(
  session: SqlSession,
  condition: string,
  params: readonly number[],
): Promise<FrozenTrial[]> {
  const trials = await session.all(
    `SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials t WHERE ${condition} ORDER BY trial_id`,
    params,
  );
  if (trials.length === 0) return [];
  const rows = new Map<SqlValue, TrialRows>();
  for (const trial of trials) {
    rows.set(trial['trial_id']!, { trial, params: [], values: [], intermediate: [], user: [], system: [] });
  }
  for (const [part, table, columns, order] of PARTS) {
    const sql = `SELECT p.trial_id, ${columns} FROM ${table} p JOIN trials t ON t.trial_id = p.trial_id WHERE ${condition} ORDER BY p.${order}`;
    for (const row of await session.all(sql, params)) rows.get(row['trial_id']!)?.[part].push(row);
  }
  return Array.from(rows.values(), trialFromRows);
}

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

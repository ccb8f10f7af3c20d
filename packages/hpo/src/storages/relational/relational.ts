// A storage in a relational database on Optuna's own schema: Optuna opens it, and opens with what Optuna wrote.
import { HpoError } from '../../errors.ts';
import { toPythonJson, type Json } from '../../python-json.ts';
import { isFinished } from '../../trial-record.ts';
import type { Direction, FrozenStudy, FrozenTrial, TrialState, TrialTemplate } from '../../trial-record.ts';
import { isFull, requireUnfinished, studyExists, studyNotFound, trialNotFound } from '../storage.ts';
import type { Heartbeats, StartedTrial, StartOptions, Storage, TrialUpdate } from '../storage.ts';
import type { SqlDatabase, SqlRow, SqlSession } from './database.ts';
import { attributesFromRows, fromSqlDirection, toSqlDirection, toSqlTime } from './rows.ts';
import { LIBRARY_VERSION, REVISION, SCHEMA_VERSION } from './schema.ts';
import { readTrials, TrialCache } from './trial-cache.ts';
import { insertRunning, insertTrial, upsert, writeUpdate } from './write-trial.ts';

/** Studies in a database. Trials are numbered, and taken from the queue, under the study's lock. */
export class RelationalStorage implements Storage {
  readonly heartbeats: Heartbeats;
  readonly #database: SqlDatabase;
  readonly #caches = new Map<number, TrialCache>();

  private constructor(database: SqlDatabase) {
    this.#database = database;
    this.heartbeats = heartbeatsIn(database);
  }

  /** Creates the tables that are missing. Throws STORAGE_SCHEMA when they are of another revision. */
  static async open(database: SqlDatabase): Promise<RelationalStorage> {
    await prepareSchema(database);
    return new RelationalStorage(database);
  }

  createStudy(name: string, directions: readonly Direction[]): Promise<number> {
    return this.#database.write(async (session) => {
      const [row] = await session.all(
        'INSERT INTO studies (study_name) VALUES (?) ON CONFLICT (study_name) DO NOTHING RETURNING study_id',
        [name],
      );
      if (row === undefined) throw studyExists(name);
      const id = Number(row['study_id']);
      for (const [objective, direction] of directions.entries()) {
        const columns = ['study_id', 'objective', 'direction'];
        await upsert(session, 'study_directions', columns, [id, objective, toSqlDirection(direction)]);
      }
      return id;
    });
  }

  async deleteStudy(studyId: number): Promise<void> {
    await this.#database.write(async (session) => {
      await lockStudy(session, studyId, this.#database.dialect.lock);
      for (const table of OF_TRIAL) {
        await session.all(
          `DELETE FROM ${table} WHERE trial_id IN (SELECT trial_id FROM trials WHERE study_id = ?)`,
          [studyId],
        );
      }
      for (const table of OF_STUDY) await session.all(`DELETE FROM ${table} WHERE study_id = ?`, [studyId]);
    });
    this.#caches.delete(studyId);
  }

  studies(): Promise<readonly FrozenStudy[]> {
    return this.#database.read((session) => readStudies(session, 'true', []));
  }

  async findStudy(name: string): Promise<FrozenStudy | undefined> {
    const found = await this.#database.read((session) => readStudies(session, 's.study_name = ?', [name]));
    return found[0];
  }

  setStudyAttr(studyId: number, kind: 'user' | 'system', key: string, value: Json): Promise<void> {
    return this.#database.write(async (session) => {
      await lockStudy(session, studyId, this.#database.dialect.lock);
      await upsert(
        session,
        `study_${kind}_attributes`,
        ['study_id', '"key"', 'value_json'],
        [studyId, key, toPythonJson(value)],
      );
    });
  }

  createTrial(studyId: number, template?: TrialTemplate): Promise<FrozenTrial> {
    return this.#database.write(async (session) => {
      await lockStudy(session, studyId, this.#database.dialect.lock);
      return readTrial(session, await insertTrial(session, studyId, template));
    });
  }

  async startTrial(studyId: number, options: StartOptions = {}): Promise<FrozenTrial> {
    return (await this.startTrialWithin(studyId, Infinity, options))!.trial;
  }

  startTrialWithin(
    studyId: number,
    limit: number,
    { sign = false }: StartOptions = {},
  ): Promise<StartedTrial | undefined> {
    const { lock, lockFree, now } = this.#database.dialect;
    return this.#database.write(async (session) => {
      await lockStudy(session, studyId, lock);
      // Under the lock these are all trials there are. What is not committed yet must not enter the cache.
      const before = await this.#cacheOf(studyId).refresh(session);
      const waits = before.some(({ state }) => state === 'WAITING');
      const waiting = waits ? await startWaiting(session, studyId, lockFree) : undefined;
      if (waiting === undefined && isFull(before, limit)) return undefined;
      const trial = waiting ?? (await insertRunning(session, studyId, before.length));
      if (sign) await signHeartbeat(session, trial.id, now);
      return { trial, trials: before.toSpliced(trial.number, 1, trial) };
    });
  }

  updateTrial(trialId: number, update: TrialUpdate): Promise<void> {
    return this.#database.write(async (session) => {
      const sql = `SELECT state FROM trials WHERE trial_id = ?${this.#database.dialect.lock}`;
      const [row] = await session.all(sql, [trialId]);
      if (row === undefined) throw trialNotFound(trialId);
      requireUnfinished(trialId, row['state'] as TrialState);
      await writeUpdate(session, trialId, update);
    });
  }

  failTrial(trialId: number, replacement?: TrialTemplate): Promise<boolean> {
    const { lock } = this.#database.dialect;
    return this.#database.write(async (session) => {
      const [trial] = await session.all('SELECT study_id FROM trials WHERE trial_id = ?', [trialId]);
      if (trial === undefined) throw trialNotFound(trialId);
      const study = Number(trial['study_id']);
      await lockStudy(session, study, lock);
      const [row] = await session.all(`SELECT state FROM trials WHERE trial_id = ?${lock}`, [trialId]);
      if (isFinished(row!['state'] as TrialState)) return false;
      await writeUpdate(session, trialId, { state: 'FAIL' });
      if (replacement !== undefined) await insertTrial(session, study, replacement);
      return true;
    });
  }

  trials(studyId: number): Promise<readonly FrozenTrial[]> {
    return this.#database.read(async (session) => {
      const [study] = await session.all('SELECT study_id FROM studies WHERE study_id = ?', [studyId]);
      if (study === undefined) throw studyNotFound(studyId);
      return this.#cacheOf(studyId).refresh(session);
    });
  }

  #cacheOf(studyId: number): TrialCache {
    const cache = this.#caches.get(studyId) ?? new TrialCache(studyId);
    this.#caches.set(studyId, cache);
    return cache;
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

const OF_TRIAL = [
  'trial_params',
  'trial_values',
  'trial_intermediate_values',
  'trial_user_attributes',
  'trial_system_attributes',
  'trial_heartbeats',
];
const OF_STUDY = [
  'trials',
  'study_directions',
  'study_user_attributes',
  'study_system_attributes',
  'studies',
];

/** Starts the oldest waiting trial, unless another worker is at it. */
async function startWaiting(
  session: SqlSession,
  studyId: number,
  lockFree: string,
): Promise<FrozenTrial | undefined> {
  const [waiting] = await session.all(
    `SELECT trial_id FROM trials WHERE study_id = ? AND state = 'WAITING' ORDER BY trial_id LIMIT 1${lockFree}`,
    [studyId],
  );
  if (waiting === undefined) return undefined;
  const id = Number(waiting['trial_id']);
  await session.all("UPDATE trials SET state = 'RUNNING', datetime_start = ? WHERE trial_id = ?", [
    toSqlTime(new Date()),
    id,
  ]);
  return readTrial(session, id);
}

async function signHeartbeat(session: SqlSession, trialId: number, now: string): Promise<void> {
  await session.all(
    `INSERT INTO trial_heartbeats (trial_id, heartbeat) VALUES (?, ${now}) ON CONFLICT (trial_id) DO UPDATE SET heartbeat = ${now}`,
    [trialId],
  );
}

async function readTrial(session: SqlSession, trialId: number): Promise<FrozenTrial> {
  const [trial] = await readTrials(session, [trialId]);
  return trial!;
}

async function lockStudy(session: SqlSession, studyId: number, lock: string): Promise<void> {
  const rows = await session.all(`SELECT study_id FROM studies WHERE study_id = ?${lock}`, [studyId]);
  if (rows.length === 0) throw studyNotFound(studyId);
}

async function readStudies(
  session: SqlSession,
  condition: string,
  params: readonly string[],
): Promise<FrozenStudy[]> {
  const part = (columns: string, table: string, order: string) =>
    session.all(
      `SELECT p.study_id, ${columns} FROM ${table} p JOIN studies s ON s.study_id = p.study_id WHERE ${condition} ORDER BY p.${order}`,
      params,
    );
  const studies = await session.all(
    `SELECT study_id, study_name FROM studies s WHERE ${condition} ORDER BY study_id`,
    params,
  );
  const directions = await part('p.direction', 'study_directions', 'objective');
  const user = await part('p."key", p.value_json', 'study_user_attributes', 'study_user_attribute_id');
  const system = await part('p."key", p.value_json', 'study_system_attributes', 'study_system_attribute_id');
  return studies.map((study) => {
    const own = (rows: readonly SqlRow[]) => rows.filter((row) => row['study_id'] === study['study_id']);
    return {
      id: Number(study['study_id']),
      name: String(study['study_name']),
      directions: own(directions).map((row) => fromSqlDirection(row['direction']!)),
      userAttrs: attributesFromRows(own(user)),
      systemAttrs: attributesFromRows(own(system)),
    };
  });
}

function heartbeatsIn(database: SqlDatabase): Heartbeats {
  const { now, age } = database.dialect;
  const ageOfStart = database.dialect.ageUtc('t.datetime_start');
  return {
    record: (trialId) => database.write((session) => signHeartbeat(session, trialId, now)),
    stale: (studyId, graceSeconds, unsignedSeconds) =>
      database.read(async (session) => {
        const silent = `${age('h.heartbeat')} > ?`;
        const unsigned = `(h.heartbeat IS NULL AND ${ageOfStart} > ?)`;
        const rows = await session.all(
          `SELECT t.trial_id FROM trials t LEFT JOIN trial_heartbeats h ON h.trial_id = t.trial_id WHERE t.study_id = ? ` +
            `AND t.state = 'RUNNING' AND (${unsignedSeconds === undefined ? silent : `${silent} OR ${unsigned}`}) ORDER BY t.trial_id`,
          [studyId, graceSeconds, ...(unsignedSeconds === undefined ? [] : [unsignedSeconds])],
        );
        return rows.map((row) => Number(row['trial_id']));
      }),
  };
}

async function prepareSchema(database: SqlDatabase): Promise<void> {
  const found = await database.write(async (session) => {
    for (const statement of database.dialect.schema) await session.all(statement);
    const version = [SCHEMA_VERSION, LIBRARY_VERSION];
    await session.all(
      'INSERT INTO version_info (version_info_id, schema_version, library_version) VALUES (1, ?, ?) ON CONFLICT DO NOTHING',
      version,
    );
    const [revision] = await session.all('SELECT version_num FROM alembic_version');
    if (revision !== undefined) return revision['version_num'];
    await session.all('INSERT INTO alembic_version (version_num) VALUES (?)', [REVISION]);
    return REVISION;
  });
  if (found === REVISION) return;
  throw new HpoError(
    'STORAGE_SCHEMA',
    `the storage must have schema revision ${REVISION}, but has ${String(found)}`,
    'run `optuna storage upgrade` on it, or update this package',
  );
}

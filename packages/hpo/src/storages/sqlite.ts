// SQLite files as study storages.
import Database from 'libsql';
import { HpoError } from '../errors.ts';
import type { SqlDatabase, SqlDialect, SqlRow, SqlSession, SqlValue } from './relational/database.ts';
import { RelationalStorage } from './relational/relational.ts';
import { createStatements, ENUMERATIONS } from './relational/schema.ts';

export interface SqliteOptions {
  /** How long to wait for other processes before STORAGE_BUSY. Default 60. */
  readonly waitSeconds?: number;
}

/** Opens a study storage in a SQLite file (`:memory:` for none), creating it when it is missing. */
export function openSqlite(
  path: string,
  { waitSeconds = 60 }: SqliteOptions = {},
): Promise<RelationalStorage> {
  return RelationalStorage.open(new SqliteDatabase(path, waitSeconds));
}

const longest = (names: readonly string[]): number => Math.max(...names.map((name) => name.length));

function secondsSince(column: string): string {
  return `(julianday('now') - julianday(${column})) * 86400.0`;
}

const DIALECT: SqlDialect = {
  schema: createStatements({
    id: 'INTEGER NOT NULL PRIMARY KEY',
    float: 'FLOAT',
    datetime: 'DATETIME',
    oneOf: (enumeration) => `VARCHAR(${longest(ENUMERATIONS[enumeration])})`,
  }),
  // A writing transaction locks the whole file.
  lock: '',
  lockFree: '',
  now: 'CURRENT_TIMESTAMP',
  age: secondsSince,
  ageUtc: secondsSince,
};

/** One connection. Its transactions run one after another; other processes are waited for without blocking this one's timers. */
class SqliteDatabase implements SqlDatabase {
  readonly dialect = DIALECT;
  readonly #connection: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  readonly #waitSeconds: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, waitSeconds: number) {
    this.#connection = new Database(path);
    this.#connection.exec('PRAGMA busy_timeout = 50');
    preferWriteAheadLog(this.#connection);
    this.#waitSeconds = waitSeconds;
  }

  read<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#inTurn(() => this.#transaction('BEGIN', work));
  }

  write<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#inTurn(() => this.#transaction('BEGIN IMMEDIATE', work));
  }

  close(): Promise<void> {
    return this.#inTurn(() => {
      this.#statements.clear();
      this.#connection.close();
      return Promise.resolve();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #transaction<T>(begin: string, work: (session: SqlSession) => Promise<T>): Promise<T> {
    const end = performance.now() + this.#waitSeconds * 1000;
    for (let attempt = 0; ; attempt++) {
      try {
        this.#connection.exec(begin);
        const result = await work({ all: (sql, params = []) => this.#all(sql, params) });
        this.#connection.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#connection.inTransaction) this.#connection.exec('ROLLBACK');
        if (!isBusy(error)) throw error;
        if (performance.now() > end) throw tooBusy(this.#waitSeconds, error);
        await pause(Math.min(100, 2 ** attempt) * (0.5 + Math.random()));
      }
    }
  }

  #all(sql: string, params: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    const statement = this.#statements.get(sql) ?? this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    if (statement.reader) return Promise.resolve(statement.all(...params) as SqlRow[]);
    statement.run(...params);
    return Promise.resolve([]);
  }
}

/**
 * New files get a write-ahead log: readers and the writer do not wait for each other, and a commit need not wait for the
 * disk. What a killed process committed is kept; a power cut may take the last commits, but never breaks the file. Files
 * that exist keep the journal they have.
 */
function preferWriteAheadLog(connection: Database.Database): void {
  try {
    const isNew = connection.prepare('SELECT name FROM sqlite_master LIMIT 1').all().length === 0;
    const pragma = isNew ? 'PRAGMA journal_mode = WAL' : 'PRAGMA journal_mode';
    const [row] = connection.prepare(pragma).all() as { journal_mode: string }[];
    if (row?.journal_mode === 'wal') connection.exec('PRAGMA synchronous = NORMAL');
  } catch (error) {
    // Another process is creating the file at this moment and chooses its journal.
    if (!isBusy(error)) throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^SQLITE_(BUSY|LOCKED)/.test(String(error.code));
}

function tooBusy(seconds: number, cause: unknown): HpoError {
  return new HpoError(
    'STORAGE_BUSY',
    `the database was locked for more than ${seconds} s`,
    'use PostgreSQL for many workers',
    { cause },
  );
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

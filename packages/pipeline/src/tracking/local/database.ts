// The SQLite file under a local store: opened or made, and transactions that wait for other processes without blocking this one.
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { SpatterError, fromSystemError } from '../../util/errors.ts';
import { SCHEMA } from './schema.ts';
import { makeFolder } from '../../util/make-folder.ts';

export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** How long to wait for other processes, in milliseconds. */
const PATIENCE = 20_000;

/** One connection. */
export class TrackingDatabase {
  readonly path: string;
  readonly #connection: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();

  private constructor(path: string, connection: Database.Database) {
    this.path = path;
    this.#connection = connection;
  }

  /**
   * Opens `path`; makes it, with MLflow's tables and its experiment `Default`, when it is missing.
   * @throws {SpatterError} TRACKING_REFUSED for a file that is no tracking database.
   */
  static async open(path: string, artifactRoot: string, now: number): Promise<TrackingDatabase> {
    const database = new TrackingDatabase(path, connect(path));
    try {
      database.#connection.exec('PRAGMA busy_timeout = 50');
      await database.#prepare(`${artifactRoot}/0`, now);
      return database;
    } catch (error) {
      database.close();
      throw database.#explained(error);
    }
  }

  async #prepare(artifacts: string, now: number): Promise<void> {
    if (this.#tables().length > 0) {
      this.#requireRuns();
      return;
    }
    // Readers, such as the MLflow page, and the writer do not wait for each other.
    this.#connection.exec('PRAGMA journal_mode = WAL');
    await this.write(() => {
      if (this.#tables().length > 0) return;
      for (const statement of SCHEMA) this.#connection.exec(statement);
      const columns =
        'experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time';
      this.run(
        `INSERT INTO experiments (${columns}) VALUES (0, 'Default', ?, 'active', ?, ?)`,
        artifacts,
        now,
        now,
      );
    });
  }

  #tables(): string[] {
    return this.all(`SELECT name FROM sqlite_master WHERE type = 'table'`).map((row) => String(row['name']));
  }

  #requireRuns(): void {
    if (this.#tables().includes('runs') && this.#tables().includes('latest_metrics')) return;
    const message = `${this.path} must be an MLflow database, but has no tables of runs`;
    throw new SpatterError('TRACKING_REFUSED', message, 'name another file in tracking.uri');
  }

  /** Runs `work` in one writing transaction; again from its beginning while another process holds the file. */
  async write<T>(work: () => T): Promise<T> {
    const end = performance.now() + PATIENCE;
    for (let pause = 1; ; pause = Math.min(100, 2 * pause)) {
      try {
        this.#connection.exec('BEGIN IMMEDIATE');
        const result = work();
        this.#connection.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#connection.inTransaction) this.#connection.exec('ROLLBACK');
        if (!isBusy(error) || performance.now() > end) throw this.#explained(error);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  all(sql: string, ...params: SqlValue[]): SqlRow[] {
    return this.#statement(sql).all(...params) as SqlRow[];
  }

  first(sql: string, ...params: SqlValue[]): SqlRow | undefined {
    return this.all(sql, ...params)[0];
  }

  run(sql: string, ...params: SqlValue[]): void {
    this.#statement(sql).run(...params);
  }

  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }

  #statement(sql: string): Database.Statement {
    const known = this.#statements.get(sql) ?? this.#connection.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }

  #explained(error: unknown): unknown {
    if (error instanceof SpatterError || !(error instanceof Error)) return error;
    const code = isBusy(error) ? 'TRACKING_UNREACHABLE' : 'TRACKING_REFUSED';
    return new SpatterError(code, `${this.path}: ${error.message}`, 'check the file in tracking.uri', {
      cause: error,
    });
  }
}

function connect(path: string): Database.Database {
  try {
    makeFolder(dirname(path));
    return new Database(path);
  } catch (error) {
    const known = fromSystemError(error, path);
    if (known instanceof SpatterError) throw known;
    const what = existsSync(dirname(path)) ? 'cannot be opened' : 'has no folder';
    throw new SpatterError('TRACKING_REFUSED', `${path} ${what}: ${String(error)}`, 'check tracking.uri', {
      cause: error,
    });
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^SQLITE_(BUSY|LOCKED)/.test(String(error.code));
}
